import { isAlias, isMap, isNode, isScalar, isSeq, type YAMLMap } from 'yaml';
import { Failure, type Location } from '../../core/failure.ts';
import type { Problems } from '../problems.ts';
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

/** Only in a tree of text: a key without a value, or a value that is neither text nor null. */
interface NoText {
  readonly kind: 'nothing' | 'unreadable';
  readonly at: Location;
}

/** A value of a file with its position. */
export type ConfigValue = ConfigScalar | ConfigList | ConfigMapping | NoText;

export interface ConfigField {
  readonly value: ConfigValue;
  /** Position of the key. */
  readonly keyAt: Location;
}

/** The result of `plain` for an absent value in a tree of text; differs from a written null. */
export const NOTHING = Symbol('nothing');
const UNREADABLE = Symbol('unreadable');

/** A value without positions, for a schema. */
export function plain(value: ConfigValue): unknown {
  switch (value.kind) {
    case 'scalar':
      return value.value;
    case 'list':
      return value.items.map(plain);
    case 'nothing':
      return NOTHING;
    case 'unreadable':
      return UNREADABLE;
    case 'mapping':
      return Object.fromEntries([...value.fields].map(([key, field]) => [key, plain(field.value)]));
  }
}

/** The position of the value at a path of keys and indexes, or of its last existing ancestor. */
export function locate(value: ConfigValue, path: readonly PropertyKey[]): Location {
  return walk(value, path).at;
}

/** The position of a key of the mapping at a path. */
export function locateKey(value: ConfigValue, path: readonly PropertyKey[], key: string): Location {
  const last = walk(value, path);
  return field(last, key)?.keyAt ?? last.at;
}

function walk(value: ConfigValue, path: readonly PropertyKey[]): ConfigValue {
  let last = value;
  for (const key of path) {
    const next = step(last, key);
    if (next === undefined) break;
    last = next;
  }
  return last;
}

function step(value: ConfigValue | undefined, key: PropertyKey): ConfigValue | undefined {
  if (value?.kind === 'list') return typeof key === 'number' ? value.items[key] : undefined;
  return field(value, String(key))?.value;
}

/** The field of a mapping; undefined also for other values. */
export function field(value: ConfigValue | undefined, key: string): ConfigField | undefined {
  return value?.kind === 'mapping' ? value.fields.get(key) : undefined;
}

/** A mapping, or an empty one for a key without a value; null for anything else. */
export function asMapping(value: ConfigValue): ConfigMapping | null {
  if (value.kind === 'mapping') return value;
  return value.kind === 'scalar' && value.value === null ? { kind: 'mapping', fields: new Map(), at: value.at } : null;
}

/**
 * A YAML node as a value with its position. An alias may only refer to a single value, so nothing is expanded.
 * @param fallback the position of a node without one, such as a missing value
 * @param problems receives what is wrong inside of mappings, instead of a throw; the rest of each mapping is read
 * @throws Failure `config-invalid`
 */
export function toConfigValue(yaml: YamlText, node: unknown, fallback: Location, problems?: Problems): ConfigValue {
  const at = node === null || node === undefined ? fallback : yaml.place(node);
  if (node === null || node === undefined) return { kind: 'scalar', value: null, at };
  const target = isAlias(node) ? node.resolve(yaml.document) : node;
  if (isScalar(target)) return { kind: 'scalar', value: scalar(target.value, { tag: target.tag, at }), at };
  if (isMap(node)) return toConfigMapping(yaml, node, problems);
  if (isSeq(node)) return { kind: 'list', items: node.items.map((one) => toConfigValue(yaml, one, at)), at };
  throw new Failure('config-invalid', 'an alias may only refer to a single value', { location: at });
}

/**
 * A YAML mapping whose keys are text.
 * @param problems as for `toConfigValue`
 * @throws Failure `config-invalid`
 */
export function toConfigMapping(yaml: YamlText, node: YAMLMap, problems?: Problems): ConfigMapping {
  const fields = new Map<string, ConfigField>();
  for (const { key, value } of node.items) {
    const keyAt = yaml.place(key);
    const read = (): void => {
      if (!isScalar(key) || typeof key.value !== 'string') {
        throw new Failure('config-invalid', 'a key is not text: write it in quotes', { location: keyAt });
      }
      fields.set(key.value, { keyAt, value: toConfigValue(yaml, value, keyAt, problems) });
    };
    if (problems === undefined) read();
    else problems.attempt(read);
  }
  return { kind: 'mapping', fields, at: yaml.place(node) };
}

const KNOWN_TAG = /^tag:yaml\.org,2002:(?:str|int|float|bool|null)$/;

/** Whether a scalar with this tag has the value that it shows. */
export function isKnownTag(tag: string | undefined): boolean {
  return tag === undefined || KNOWN_TAG.test(tag);
}

/**
 * A YAML node as a tree of text: numbers, true and false as written, so that no digit is lost; also as keys. Aliases
 * and other values are not text.
 * @throws Failure `config-invalid` for a key that is a list, a mapping, or null
 */
export function toTextTree(yaml: YamlText, node: unknown, fallback: Location): ConfigValue {
  const at = isNode(node) ? yaml.place(node) : fallback;
  if (isMap(node)) {
    const fields = node.items.map(({ key, value }) => {
      const keyAt = yaml.place(key);
      return [keyText(key, keyAt), { keyAt, value: toTextTree(yaml, value, keyAt) }] as const;
    });
    return { kind: 'mapping', fields: new Map(fields), at };
  }
  if (isSeq(node)) return { kind: 'list', items: node.items.map((one) => toTextTree(yaml, one, at)), at };
  if (node === null || node === undefined) return { kind: 'nothing', at };
  if (!isScalar(node) || !isKnownTag(node.tag)) return { kind: 'unreadable', at };
  if (typeof node.value === 'string') return { kind: 'scalar', value: node.value, at };
  if (node.value === null) return node.source === '' ? { kind: 'nothing', at } : { kind: 'scalar', value: null, at };
  return { kind: 'scalar', value: node.source ?? String(node.value), at };
}

function keyText(key: unknown, keyAt: Location): string {
  const isText = isScalar(key) && isKnownTag(key.tag) && key.value !== null;
  const text = !isText ? undefined : typeof key.value === 'string' ? key.value : key.source;
  if (text === undefined)
    throw new Failure('config-invalid', 'a key is not text: write it in quotes', { location: keyAt });
  return text;
}

function scalar(value: unknown, source: { tag: string | undefined; at: Location }): string | number | boolean | null {
  const isKnown = source.tag === undefined || source.tag.startsWith('tag:yaml.org,2002:');
  const isText = typeof value === 'string';
  if (isKnown && (value === null || isText || typeof value === 'number' || typeof value === 'boolean')) return value;
  throw new Failure('config-invalid', `a value of the type ${source.tag ?? typeof value} is not supported here`, {
    location: source.at,
  });
}
