import { z } from 'zod';
import {
  ATTRIBUTIONS,
  type AttributionMode,
  CONFLICT_STRATEGIES,
  type ConflictStrategy,
  DIRTY_POLICIES,
  type DirtyPolicy,
  REGISTER_MODES,
  type RegisterMode,
  SYNC_MODES,
  type SyncMode,
  TIERS,
  type Tier,
} from '../contract/vocabulary.ts';
import { Failure } from '../core/failure.ts';
import type { Configuration, InboxRule, PushGuard, Sourced } from './configuration.ts';
import { effectiveValue, type Layers, type Setting } from './layers.ts';
import { type ServerSetting, serverSetting, serverText } from './server.ts';
import { databaseName, flag, hosts, patterns, text, word } from './value-schemas.ts';
import { field, plain } from './yaml/tree.ts';

/** Beads and its documentation write `""` for "no remote". */
const remote = z
  .union([z.null(), z.literal(''), text], { error: 'must be an endpoint' })
  .transform((written) => written || null);

const inbox = z.union([z.boolean(), z.array(databaseName)], { error: 'must be true, false or a list of names' });

/** Lets TypeScript compare the parts of a row with one type. */
const setting = <T>(row: Setting<T>): Setting<T> => row;

/** Every setting besides the peers, in the order of `config list`. A row is all that a setting needs. */
export const SETTINGS = {
  syncMode: setting<SyncMode>({
    key: 'sync.mode',
    schema: word(SYNC_MODES),
    // A workspace without federation settings belongs to a beads that syncs through git; federation must be enabled
    // there.
    fallback: ({ workspace }) => (workspace === null ? 'dolt-native' : 'git-portable'),
    variable: 'BD_SYNC_MODE',
    option: 'sync-mode',
  }),
  remote: setting<string | null>({
    key: 'federation.remote',
    schema: remote,
    fallback: () => null,
    variable: 'BD_FEDERATION_REMOTE',
    option: 'remote',
  }),
  sovereignty: setting<Tier>({
    key: 'federation.sovereignty',
    schema: word(TIERS),
    fallback: () => 'T1',
    variable: 'BD_FEDERATION_SOVEREIGNTY',
    option: 'sovereignty',
    // A higher layer can only make the tier stricter.
    overrides: (higher, lower) => higher >= lower,
  }),
  allowedRemotePatterns: setting<readonly string[]>({
    key: 'federation.allowed-remote-patterns',
    schema: patterns,
    form: 'list',
    fallback: () => [],
    variable: 'BD_FEDERATION_ALLOWED_REMOTE_PATTERNS',
  }),
  dirty: setting<DirtyPolicy>({
    key: 'federation.dirty',
    schema: word(DIRTY_POLICIES),
    fallback: () => 'allow',
    option: 'dirty',
  }),
  /** The name of this database among its peers; null: not set. */
  town: setting<string | null>({
    key: 'federation.town',
    schema: databaseName,
    fallback: () => null,
    variable: 'BD_FEDERATION_TOWN',
  }),
  /** The senders whose deliveries are merged: all, or these names. */
  inbox: setting<InboxRule>({
    key: 'federation.inbox',
    schema: inbox,
    form: 'boolean-or-list',
    fallback: () => false,
  }),
  /** Hosts of plain remote servers, lower case, with a port where one is written. */
  plainHosts: setting<readonly string[]>({
    key: 'federation.plain-hosts',
    schema: hosts,
    form: 'list',
    fallback: () => [],
  }),
  /** Folder of the database as written: relative to the file that names it, or to the working directory. */
  database: setting<string | null>({
    key: 'federation.database',
    schema: text,
    fallback: () => null,
    variable: 'DOLT_FEDERATION_DATABASE',
  }),
  /** The running server that holds the database; null: none is configured. */
  server: setting<ServerSetting | null>({
    key: 'federation.server',
    schema: serverSetting,
    fallback: () => null,
    shown: (server) => (server === null ? '' : serverText(server)),
  }),
  /** null: the guards of beads decide. */
  push: setting<boolean | null>({
    key: 'federation.push',
    schema: flag,
    form: 'boolean',
    fallback: () => null,
    variable: 'BD_FEDERATION_PUSH',
  }),
  register: setting<RegisterMode>({
    key: 'federation.register',
    schema: word(REGISTER_MODES),
    // bd refuses to upgrade a database that has remotes, and its own federation pushes full history to each (bd 1.3.0).
    fallback: ({ workspace, isBeads = true }) => (workspace === null || !isBeads ? 'keep' : 'run'),
  }),
  /** Whether what comes in is counted by its source system, and whether our own rows get one. */
  attribution: setting<AttributionMode>({
    key: 'federation.attribution',
    schema: word(ATTRIBUTIONS),
    fallback: () => 'report',
  }),
  strategy: setting<ConflictStrategy>({
    key: 'conflict.strategy',
    schema: word(CONFLICT_STRATEGIES),
    fallback: () => 'newest',
    variable: 'BD_CONFLICT_STRATEGY',
    option: 'conflict-strategy',
  }),
};

type SettingName = keyof typeof SETTINGS;

export const SETTING_NAMES = Object.keys(SETTINGS) as readonly SettingName[];

/** The value and the origin of every setting. */
export type Settings = {
  readonly [N in SettingName]: (typeof SETTINGS)[N] extends Setting<infer T> ? Sourced<T> : never;
};

/** Settings that a flag or an input gives, as text; their schema checks them like those of every other layer. */
export type SettingOverrides = { readonly [N in SettingName]?: string | undefined };

/**
 * Every setting, from default, file, environment and input. An invalid value is reported, and the next lower layer
 * replaces it only so that parsing can continue; the caller throws later.
 */
export function readSettings(layers: Layers): Settings {
  checkExcludedTypes(layers);
  const read = SETTING_NAMES.map((name) => [name, effectiveValue<unknown>(layers, SETTINGS[name], name)]);
  // TypeScript does not know that entries made from the rows have the types of the rows.
  return Object.fromEntries(read) as Settings;
}

/** A value of a setting as `config list` prints it. */
export function settingText(name: SettingName, value: unknown): string {
  const row: Setting<unknown> = SETTINGS[name];
  if (row.shown !== undefined) return row.shown(value);
  return Array.isArray(value) ? value.join(', ') : String(value ?? '');
}

/** The words that a setting can have; none: it has other values. */
export function settingWords(name: SettingName): readonly string[] {
  const { form, schema }: Setting<unknown> = SETTINGS[name];
  if (form === 'boolean' || form === 'boolean-or-list') return ['true', 'false'];
  const [written] = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }).anyOf ?? [];
  const words = typeof written === 'object' ? (written.enum ?? []) : [];
  return words.flatMap((word) =>
    typeof word === 'string' && word !== '' && schema.safeParse(word).success ? [word] : [],
  );
}

/**
 * Whether pushing is allowed. `federation.push: true` overrides the guards of beads. `false` is a guard itself, and lifts none
 * that is stricter.
 * @param guard of beads, if any
 */
export function pushOf({ push }: Settings, guard: PushGuard | null): Configuration['push'] {
  const { value, origin } = push;
  if (value === true) return { value, origin, guard: null };
  const stricter = strictest(value === false ? { key: 'federation.push', origin } : null, guard);
  if (stricter === null) return { value: true, origin, guard: null };
  return { value: false, origin: stricter.origin, guard: stricter };
}

/** The stricter of two guards, else the first: only `readonly` also forbids what a pull writes. */
export function strictest(one: PushGuard | null, other: PushGuard | null): PushGuard | null {
  return one === null || (other?.key === 'readonly' && one.key !== 'readonly') ? other : one;
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
