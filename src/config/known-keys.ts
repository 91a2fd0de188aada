import { isScalar } from 'yaml';
import { PEER_SETTINGS } from '../contract/peer-options.ts';
import { Failure, type Location } from '../core/failure.ts';
import { type Aliases, suggestion } from '../core/suggestion.ts';
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

/** Keys of our sections that are no settings. */
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

/** The allowed keys of a section. */
export function sectionKeys(section: Section): KnownKeys {
  const settings = Object.values(SETTINGS).map(({ key }) => key.split('.'));
  const own = settings.flatMap(([first, key = '']) => (first === section ? [[key, 'read'] as const] : []));
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
    const problem = keyProblem(key, known, keyAt);
    if (problem !== null) problems.add(problem);
  }
}

/** What other tools call the keys of a peer. */
const KEY_ALIASES: Aliases = {
  url: 'endpoint',
  uri: 'endpoint',
  address: 'endpoint',
  username: 'user',
  strategy: 'conflict',
};

/** Keys that people try for a secret. */
const SECRET_KEY = /password|passwd|secret|token|credential|private|access[-_]?key/i;

/** Why a key is not allowed; null if it is. */
export function keyProblem(
  key: string,
  known: { readonly keys: KnownKeys; readonly prefix: string },
  location?: Location,
): Failure | null {
  const status = Object.hasOwn(known.keys, key) ? known.keys[key] : undefined;
  const name = `${known.prefix}${key}`;
  if (status === undefined) {
    const glued = /^[\w-]+:(?=.)/.test(key) ? 'Put a space after the colon.' : null;
    const near = suggestion(key, Object.keys(known.keys), KEY_ALIASES);
    const start =
      near === null ? `Known keys: ${Object.keys(known.keys).join(', ')}.` : `Did you mean \`${known.prefix}${near}\`?`;
    const hint = SECRET_KEY.test(key)
      ? 'A configuration file is not a safe place for secrets. Give them with `--credentials` (docs/credentials.md).'
      : (glued ?? `${start} Correct the spelling or remove the key.`);
    return new Failure('config-unknown-key', `unknown key ${JSON.stringify(name)}`, { hint, location });
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
  let tree: ConfigMapping = { kind: 'mapping', fields: new Map(), at: yaml.place(yaml.root) };
  for (const { key, value } of yaml.root?.items ?? []) {
    if (!isScalar(key) || typeof key.value !== 'string') continue;
    const path = key.value.split('.');
    if (!SECTIONS.some((section) => section === path[0])) continue;
    const keyAt = yaml.place(key);
    problems.attempt(() => {
      tree = merge(tree, nest(path, { keyAt, value: toConfigValue(yaml, value, keyAt) }), '');
    });
  }
  return tree;
}

function nest(path: readonly string[], field: ConfigField): ConfigMapping {
  const [key = '', ...rest] = path;
  const inner = rest.length === 0 ? field : { keyAt: field.keyAt, value: nest(rest, field) };
  return { kind: 'mapping', fields: new Map([[key, inner]]), at: field.keyAt };
}

function merge(first: ConfigMapping, second: ConfigMapping, prefix: string): ConfigMapping {
  const fields = new Map(first.fields);
  for (const [key, added] of second.fields) {
    const present = fields.get(key);
    fields.set(key, present === undefined ? added : mergeField(present, added, `${prefix}${key}`));
  }
  return { ...first, fields };
}

function mergeField(present: ConfigField, added: ConfigField, key: string): ConfigField {
  const [one, other] = [asMapping(present.value), asMapping(added.value)];
  if (one !== null && other !== null) return { ...present, value: merge(one, other, `${key}.`) };
  if (JSON.stringify(plain(present.value)) === JSON.stringify(plain(added.value))) return present;
  throw new Failure(
    'config-ambiguous',
    `${key} appears twice with different values, here and at line ${present.keyAt.line}`,
    { location: added.keyAt },
  );
}
