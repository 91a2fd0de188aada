import { closest } from 'fastest-levenshtein';
import { Failure } from '../core/failure.ts';
import type { ConfigMapping } from './config-tree.ts';
import type { Problems } from './problems.ts';
import type { Section } from './sections.ts';

/** `read`: it has an effect · `left`: another program's, or without effect · `later`: refused by this version. */
type Standing = 'read' | 'left' | 'later';
export type KnownKeys = Readonly<Record<string, Standing>>;

/** The keys that may stand in our sections. */
export const SECTION_KEYS: Readonly<Record<Section, KnownKeys>> = {
  sync: {
    mode: 'read',
    export_on: 'left',
    import_on: 'left',
    remote: 'left',
    'git-remote': 'left',
    branch: 'left',
    require_confirmation_on_mass_delete: 'left',
  },
  federation: {
    remote: 'read',
    sovereignty: 'read',
    peers: 'read',
    'allowed-remote-patterns': 'read',
    dirty: 'read',
    database: 'read',
    push: 'read',
    register: 'read',
    exclude_types: 'read',
    remotes: 'left',
    town: 'read',
    inbox: 'read',
    'plain-hosts': 'read',
    attribution: 'later',
    privacy: 'later',
    organizations: 'later',
  },
  conflict: { strategy: 'read', fields: 'left' },
};

/** The keys that may stand in a peer's mapping. */
export const PEER_KEYS: KnownKeys = {
  endpoint: 'read',
  role: 'read',
  tier: 'read',
  'lower-tier': 'read',
  branch: 'read',
  conflict: 'read',
  timeout: 'read',
  ref: 'read',
  user: 'read',
  live: 'read',
  trust: 'later',
  accept: 'read',
  filter: 'later',
  erasure: 'later',
  aws: 'read',
  'allowed-hosts': 'read',
};

/** The keys that may stand in a peer's `aws`. */
export const AWS_KEYS: KnownKeys = {
  region: 'read',
  profile: 'read',
  endpoint: 'read',
  'path-style': 'read',
  'dynamodb-table': 'read',
};

/**
 * Reports every key of a mapping that may not stand there: `config-unknown-key` with the nearest one that may, or
 * `not-supported`.
 */
export function checkKeys(
  mapping: ConfigMapping,
  known: { readonly keys: KnownKeys; readonly prefix: string },
  problems: Problems,
): void {
  for (const [key, { keyAt }] of mapping.fields) {
    const standing = Object.hasOwn(known.keys, key) ? known.keys[key] : undefined;
    const name = `${known.prefix}${key}`;
    if (standing === undefined) {
      const nearest = `${known.prefix}${closest(key, Object.keys(known.keys))}`;
      problems.add(
        new Failure('config-unknown-key', `unknown key ${JSON.stringify(name)}`, {
          hint: `Did you mean \`${nearest}\`? Correct the spelling or remove the key.`,
          location: keyAt,
        }),
      );
    } else if (standing === 'later') {
      problems.add(
        new Failure('not-supported', `${name} is not supported by this version of dolt-federation`, {
          location: keyAt,
        }),
      );
    }
  }
}
