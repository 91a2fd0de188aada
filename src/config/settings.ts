import { z } from 'zod';
import {
  CONFLICT_STRATEGIES,
  DIRTY_POLICIES,
  REGISTER_MODES,
  type RegisterMode,
  SYNC_MODES,
  type SyncMode,
  TIERS,
  type Tier,
} from '../contract/vocabulary.ts';
import { Failure } from '../core/failure.ts';
import type { Configuration, InboxRule, PushGuard, Sourced } from './configuration.ts';
import { candidates, type Layers } from './layers.ts';
import { type ServerSetting, serverSetting } from './server.ts';
import { databaseName, flag, hosts, patterns, text, word } from './value-schemas.ts';
import { field, plain } from './yaml/tree.ts';

type Settings = Pick<
  Configuration,
  | 'syncMode'
  | 'sovereignty'
  | 'remote'
  | 'strategy'
  | 'dirty'
  | 'database'
  | 'allowedRemotePatterns'
  | 'register'
  | 'town'
  | 'inbox'
  | 'plainHosts'
  | 'server'
>;

/** Beads and its documentation write `""` for "no remote". */
const remote = z
  .union([z.null(), z.literal(''), text], { error: 'must be an endpoint' })
  .transform((written) => written || null);

const inbox = z.union([z.boolean(), z.array(databaseName)], { error: 'must be true, false or a list of names' });

/**
 * Every setting except the peers, from default, file, environment and input. An invalid value is reported, and the next
 * lower layer replaces it only so that parsing can continue; the caller throws later.
 * @param defaults the defaults of `sync.mode` and `federation.register`
 */
export function readSettings(
  layers: Layers,
  defaults: { readonly mode: SyncMode; readonly register: RegisterMode },
): Settings {
  checkExcludedTypes(layers);
  const sovereignty = candidates<Tier>(layers, {
    key: ['federation', 'sovereignty'],
    schema: word(TIERS),
    fallback: 'T1',
    variable: 'BD_FEDERATION_SOVEREIGNTY',
    input: ['--sovereignty', layers.overrides.sovereignty],
  });
  return {
    syncMode: last(
      candidates<SyncMode>(layers, {
        key: ['sync', 'mode'],
        schema: word(SYNC_MODES),
        fallback: defaults.mode,
        variable: 'BD_SYNC_MODE',
        input: ['--sync-mode', layers.overrides.syncMode],
      }),
    ),
    sovereignty: strictest(sovereignty),
    remote: last(
      candidates<string | null>(layers, {
        key: ['federation', 'remote'],
        schema: remote,
        fallback: null,
        variable: 'BD_FEDERATION_REMOTE',
        input: ['--remote', layers.overrides.remote],
      }),
    ),
    strategy: last(
      candidates(layers, {
        key: ['conflict', 'strategy'],
        schema: word(CONFLICT_STRATEGIES),
        fallback: 'newest',
        variable: 'BD_CONFLICT_STRATEGY',
        input: ['--conflict-strategy', layers.overrides.conflictStrategy],
      }),
    ),
    dirty: last(
      candidates(layers, {
        key: ['federation', 'dirty'],
        schema: word(DIRTY_POLICIES),
        fallback: 'allow',
        variable: null,
        input: ['--dirty', layers.overrides.dirty],
      }),
    ),
    database: last(
      candidates<string | null>(layers, {
        key: ['federation', 'database'],
        schema: text,
        fallback: null,
        variable: 'DOLT_FEDERATION_DATABASE',
        input: null,
      }),
    ),
    allowedRemotePatterns: last(
      candidates<readonly string[]>(layers, {
        key: ['federation', 'allowed-remote-patterns'],
        schema: patterns,
        fallback: [],
        variable: 'BD_FEDERATION_ALLOWED_REMOTE_PATTERNS',
        input: null,
      }),
    ),
    register: last(
      candidates<RegisterMode>(layers, {
        key: ['federation', 'register'],
        schema: word(REGISTER_MODES),
        fallback: defaults.register,
        variable: null,
        input: null,
      }),
    ),
    town: last(
      candidates<string | null>(layers, {
        key: ['federation', 'town'],
        schema: databaseName,
        fallback: null,
        variable: 'BD_FEDERATION_TOWN',
        input: null,
      }),
    ),
    inbox: last(
      candidates<InboxRule>(layers, {
        key: ['federation', 'inbox'],
        schema: inbox,
        fallback: false,
        variable: null,
        input: null,
      }),
    ),
    server: last(
      candidates<ServerSetting | null>(layers, {
        key: ['federation', 'server'],
        schema: serverSetting,
        fallback: null,
        variable: null,
        input: null,
      }),
    ),
    plainHosts: last(
      candidates<readonly string[]>(layers, {
        key: ['federation', 'plain-hosts'],
        schema: hosts,
        fallback: [],
        variable: null,
        input: null,
      }),
    ),
  };
}

/**
 * Whether pushing is allowed. `federation.push` decides if it is set; else a guard of beads forbids it.
 * @param guard of beads, if any
 */
export function readPush(layers: Layers, guard: PushGuard | null): Configuration['push'] {
  const own = last(
    candidates<boolean | null>(layers, {
      key: ['federation', 'push'],
      schema: flag,
      fallback: null,
      variable: 'BD_FEDERATION_PUSH',
      input: null,
    }),
  );
  if (own.value === false) {
    return { value: false, origin: own.origin, guard: { key: 'federation.push', origin: own.origin } };
  }
  if (own.value === true || guard === null) return { value: true, origin: own.origin, guard: null };
  return { value: false, origin: guard.origin, guard };
}

type Layered<T> = readonly [Sourced<T>, ...Sourced<T>[]];

function last<T>(layered: Layered<T>): Sourced<T> {
  return layered.at(-1) ?? layered[0];
}

/** A higher layer can only make the tier stricter. */
function strictest(layered: Layered<Tier>): Sourced<Tier> {
  return layered.reduce((strict, one) => (one.value >= strict.value ? one : strict));
}

/** Beads' own default for hidden types is stored in ignored tables and has no effect here. */
function checkExcludedTypes({ tree, problems }: Layers): void {
  const excluded = field(field(tree, 'federation')?.value, 'exclude_types');
  if (excluded === undefined) return;
  const isHarmless = ['[]', '["wisp"]', 'null', '"wisp"', '""'].includes(JSON.stringify(plain(excluded.value)));
  if (isHarmless) return;
  problems.add(
    new Failure('not-supported', 'federation.exclude_types other than [wisp] is not supported by this version', {
      location: excluded.keyAt,
    }),
  );
}
