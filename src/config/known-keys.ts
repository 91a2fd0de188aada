import { isScalar } from 'yaml';
import { PEER_SETTINGS } from '../contract/peer-options.ts';
import { Failure, type Location } from '../core/failure.ts';
import { type Aliases, suggestion } from '../core/suggestion.ts';
import { shownValue } from '../core/text.ts';
import type { Problems } from './problems.ts';
import { SETTINGS } from './settings.ts';
import type { YamlText } from './yaml/parse.ts';
import { asMapping, type ConfigField, type ConfigMapping, plain, toConfigValue } from './yaml/tree.ts';

/**
 * `read`: has an effect · `ignored`: belongs to another program or has no effect · `later`: refused by this version.
 */
type KeyStatus = 'read' | 'ignored' | 'later';
type KnownKeys = Readonly<Record<string, KeyStatus>>;

/** Our top-level keys; all others belong to beads. */
export const SECTIONS = ['sync', 'federation', 'conflict'] as const;
export type Section = (typeof SECTIONS)[number];

/** Whether a top-level key is one of our sections, or a flat dotted key in one. */
export function isOurKey(key: string): boolean {
  const [first] = key.split('.');
  return SECTIONS.some((section) => section === first);
}

/** Keys of our sections that are not settings. */
const OTHER_KEYS: Readonly<Record<Section, KnownKeys>> = {
  sync: {
    export_on: 'ignored',
    import_on: 'ignored',
    remote: 'ignored',
    'git-remote': 'ignored',
    branch: 'ignored',
    require_confirmation_on_mass_delete: 'ignored',
  },
  federation: {
    peers: 'read',
    exclude_types: 'read',
    remotes: 'ignored',
    privacy: 'later',
    organizations: 'later',
  },
  conflict: { fields: 'ignored' },
};

const SETTING_PATHS = Object.values(SETTINGS).map(({ key }) => key.split('.'));

/** The allowed keys of a section. */
export function sectionKeys(section: Section): KnownKeys {
  const own = SETTING_PATHS.flatMap(([first, key = '']) => (first === section ? [[key, 'read'] as const] : []));
  return { ...Object.fromEntries(own), ...OTHER_KEYS[section] };
}

const PEER_PATHS = Object.values(PEER_SETTINGS).map(({ path }): readonly string[] => path);

/** The allowed keys of a peer's mapping. */
export const PEER_KEYS: KnownKeys = {
  endpoint: 'read',
  ...Object.fromEntries(PEER_PATHS.map(([key = '']) => [key, 'read'] as const)),
  filter: 'later',
  erasure: 'later',
};

/** The allowed keys of a peer's `aws`. */
export const AWS_KEYS: KnownKeys = Object.fromEntries(
  PEER_PATHS.flatMap(([key, inner]) => (key === 'aws' && inner !== undefined ? [[inner, 'read'] as const] : [])),
);

/** After so many problems, the nearest known key is not searched: that takes seconds for tens of thousands of keys. */
const MAX_GUESSED = 1_000;

/**
 * Reports every key of a mapping that is not allowed: `config-unknown-key` with the nearest allowed key, or
 * `not-supported`.
 */
export function checkKeys(
  mapping: ConfigMapping,
  known: { readonly keys: KnownKeys; readonly prefix: string },
  problems: Problems,
): void {
  for (const [key, { keyAt }] of mapping.fields) {
    const problem = keyProblem(key, known, keyAt, problems.size < MAX_GUESSED);
    if (problem !== null) problems.add(problem);
  }
}

/** The names that other tools use for the keys of a peer. */
const KEY_ALIASES: Aliases = {
  url: 'endpoint',
  uri: 'endpoint',
  address: 'endpoint',
  username: 'user',
  strategy: 'conflict',
};

/** Keys that people try for a secret. */
const SECRET_KEY = /password|passwd|secret|token|credential|private|access[-_]?key/i;

/**
 * Why a key is not allowed; null if it is.
 * @param guesses whether the nearest known key is searched
 */
export function keyProblem(
  key: string,
  known: { readonly keys: KnownKeys; readonly prefix: string },
  location?: Location,
  guesses = true,
): Failure | null {
  const status = Object.hasOwn(known.keys, key) ? known.keys[key] : undefined;
  const name = `${known.prefix}${key}`;
  if (status === undefined) {
    const glued = /^[\w-]+:(?=.)/.test(key) ? 'Put a space after the colon.' : null;
    const near = guesses ? suggestion(key, Object.keys(known.keys), KEY_ALIASES) : null;
    const start =
      near === null ? `Known keys: ${Object.keys(known.keys).join(', ')}.` : `Did you mean \`${known.prefix}${near}\`?`;
    const hint = SECRET_KEY.test(key)
      ? 'A configuration file is not a safe place for secrets. Give them with `--credentials` (`dolt-federation help credentials`).'
      : (glued ?? `${start} Correct the spelling or remove the key.`);
    return new Failure('config-unknown-key', `unknown key ${shownValue(name)}`, { hint, location });
  }
  if (status !== 'later') return null;
  return new Failure('not-supported', `${name} is not supported by this version of dolt-federation`, { location });
}

/**
 * Our sections of a file as one tree. Flat dotted keys at the top level, as `bd config set` writes them, are read as
 * the nested key; a key in both spellings must have one value.
 * @param problems receives `config-ambiguous` and values of unknown kinds
 */
export function readSections(yaml: YamlText, problems: Problems): ConfigMapping {
  const fields = new Map<string, ConfigField>();
  const merging: Merging = { problems, copies: new Map() };
  for (const { key, value } of yaml.root?.items ?? []) {
    if (!isScalar(key) || typeof key.value !== 'string') continue;
    if (!isOurKey(key.value)) continue;
    const path = key.value.split('.');
    const keyAt = yaml.place(key);
    problems.attempt(() => {
      const nested = nest(path, { keyAt, value: toConfigValue(yaml, value, keyAt, problems) });
      merge(fields, nested, '', merging);
    });
  }
  return { kind: 'mapping', fields, at: yaml.place(yaml.root) };
}

function nest(path: readonly string[], field: ConfigField): ConfigMapping {
  const [key = '', ...rest] = path;
  const inner = rest.length === 0 ? field : { keyAt: field.keyAt, value: nest(rest, field) };
  return { kind: 'mapping', fields: new Map([[key, inner]]), at: field.keyAt };
}

type Fields = ReadonlyMap<string, ConfigField>;

interface Merging {
  readonly problems: Problems;
  /**
   * Fields that were copied to be changed, by themselves. A long file of dotted keys adds to the same mapping again and
   * again, and a copy for each would take quadratic time.
   */
  readonly copies: Map<Fields, Map<string, ConfigField>>;
}

/** Adds fields to others in place. A key that has two values keeps the first, and is reported. */
function merge(into: Map<string, ConfigField>, added: ConfigMapping, prefix: string, merging: Merging): void {
  for (const [key, field] of added.fields) {
    const present = into.get(key);
    into.set(key, present === undefined ? field : mergeField(present, field, { key: `${prefix}${key}`, merging }));
  }
}

function mergeField(
  present: ConfigField,
  added: ConfigField,
  { key, merging }: { readonly key: string; readonly merging: Merging },
): ConfigField {
  const [one, other] = [asMapping(present.value), asMapping(added.value)];
  if (one !== null && other !== null) {
    const fields = merging.copies.get(one.fields) ?? new Map(one.fields);
    merging.copies.set(fields, fields);
    merge(fields, other, `${key}.`, merging);
    return { ...present, value: { ...one, fields } };
  }
  if (JSON.stringify(plain(present.value)) !== JSON.stringify(plain(added.value))) {
    const message = `${key} appears twice with different values, here and at line ${present.keyAt.line}`;
    merging.problems.add(new Failure('config-ambiguous', message, { location: added.keyAt }));
  }
  return present;
}
