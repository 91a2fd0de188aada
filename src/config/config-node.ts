import { isAlias, isMap, isScalar, isSeq, type YAMLMap } from 'yaml';
import { Failure, type Location } from '../core/failure.ts';
import type { ConfigField, ConfigMapping, ConfigValue } from './config-tree.ts';
import type { YamlText } from './yaml-text.ts';

/**
 * A YAML node as a value with its place. An alias may stand for a single value only, so nothing is ever expanded.
 * @param fallback the place of a node that has none, as where nothing follows a key
 * @throws Failure `config-invalid`
 */
export function toConfigValue(yaml: YamlText, node: unknown, fallback: Location): ConfigValue {
  const at = node === null || node === undefined ? fallback : yaml.place(node);
  if (node === null || node === undefined) return { kind: 'scalar', value: null, at };
  const target = isAlias(node) ? node.resolve(yaml.document) : node;
  if (isScalar(target)) return { kind: 'scalar', value: scalar(target.value, { tag: target.tag, at }), at };
  if (isMap(node)) return toConfigMapping(yaml, node);
  if (isSeq(node)) return { kind: 'list', items: node.items.map((one) => toConfigValue(yaml, one, at)), at };
  throw new Failure('config-invalid', 'an alias may stand for a single value only', { location: at });
}

/**
 * A YAML mapping whose keys are text.
 * @throws Failure `config-invalid`
 */
export function toConfigMapping(yaml: YamlText, node: YAMLMap): ConfigMapping {
  const fields = new Map<string, ConfigField>();
  for (const { key, value } of node.items) {
    const keyAt = yaml.place(key);
    if (!isScalar(key) || typeof key.value !== 'string') {
      throw new Failure('config-invalid', 'a key is not text: write it in quotes', { location: keyAt });
    }
    fields.set(key.value, { keyAt, value: toConfigValue(yaml, value, keyAt) });
  }
  return { kind: 'mapping', fields, at: yaml.place(node) };
}

function scalar(value: unknown, source: { tag: string | undefined; at: Location }): string | number | boolean | null {
  const isKnown = source.tag === undefined || source.tag.startsWith('tag:yaml.org,2002:');
  const isText = typeof value === 'string';
  if (isKnown && (value === null || isText || typeof value === 'number' || typeof value === 'boolean')) return value;
  throw new Failure('config-invalid', `a value of the kind ${source.tag ?? typeof value} is not known here`, {
    location: source.at,
  });
}
