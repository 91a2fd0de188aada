import type { Location } from '../core/failure.ts';

export interface ConfigScalar {
  readonly kind: 'scalar';
  readonly value: string | number | boolean | null;
  readonly at: Location;
}

export interface ConfigList {
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
