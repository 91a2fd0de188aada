import { isAlias, isMap, isScalar, isSeq, type YAMLMap } from 'yaml';
import { Failure, type Location } from '../../core/failure.ts';
import type { YamlText } from './parse.ts';

interface ConfigScalar {
  readonly kind: 'scalar';
  readonly value: string | number | boolean | null;
  readonly at: Location;
}

interface ConfigList {
  readonly kind: 'list';
  readonly items: readonly ConfigValue[];
  readonly at: Location;
}

export interface ConfigMapping {
  readonly kind: 'mapping';
  readonly fields: ReadonlyMap<string, ConfigField>;
  readonly at: Location;
}

/** A value of a configuration and where it stands. */
export type ConfigValue = ConfigScalar | ConfigList | ConfigMapping;

export interface ConfigField {
  readonly value: ConfigValue;
  /** Where the key stands. */
  readonly keyAt: Location;
}

/** A value without its places, as a schema takes it. */
export function plain(value: ConfigValue): unknown {
  switch (value.kind) {
    case 'scalar':
      return value.value;
    case 'list':
      return value.items.map(plain);
    case 'mapping':
      return Object.fromEntries([...value.fields].map(([key, field]) => [key, plain(field.value)]));
  }
}

/** The place of the value that a path of keys and indexes leads to, or of the last one on the way that exists. */
export function locate(value: ConfigValue, path: readonly PropertyKey[]): Location {
  const [step, ...rest] = path;
  const next = typeof step === 'number' ? item(value, step) : field(value, String(step ?? ''))?.value;
  return next === undefined ? value.at : locate(next, rest);
}

/** The field of a mapping; undefined for other values too. */
export function field(value: ConfigValue | undefined, key: string): ConfigField | undefined {
  return value?.kind === 'mapping' ? value.fields.get(key) : undefined;
}

/** A mapping as it is, and a key with nothing after it as an empty one; null for anything else. */
export function asMapping(value: ConfigValue): ConfigMapping | null {
  if (value.kind === 'mapping') return value;
  return value.kind === 'scalar' && value.value === null ? { kind: 'mapping', fields: new Map(), at: value.at } : null;
}

function item(value: ConfigValue, index: number): ConfigValue | undefined {
  return value.kind === 'list' ? value.items[index] : undefined;
}

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
