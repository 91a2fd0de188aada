/** The closed sets of words that the configuration, the JSON and the reports share. */

export const ROLES = ['primary', 'peer', 'upstream', 'backup', 'archive'] as const;
export type Role = (typeof ROLES)[number];

/** Which way commits may go between us and a peer of a role, whatever the command. */
export interface RoleRights {
  readonly pull: boolean;
  readonly push: boolean;
  readonly inSync: boolean;
  /** Whether `backup` pushes to it without being given its name. */
  readonly inBackup: boolean;
}

export const ROLE_RIGHTS: Readonly<Record<Role, RoleRights>> = {
  primary: { pull: true, push: true, inSync: true, inBackup: false },
  peer: { pull: true, push: true, inSync: true, inBackup: false },
  upstream: { pull: true, push: false, inSync: true, inBackup: false },
  backup: { pull: false, push: true, inSync: true, inBackup: true },
  archive: { pull: false, push: true, inSync: false, inBackup: true },
};

export const TIERS = ['T1', 'T2', 'T3', 'T4'] as const;
export type Tier = (typeof TIERS)[number];

export const SYNC_MODES = ['git-portable', 'realtime', 'dolt-native', 'belt-and-suspenders'] as const;
export type SyncMode = (typeof SYNC_MODES)[number];

/** Who can read the log, the summary and the cache of a job. */
export type Visibility = 'public' | 'private' | 'unknown';

/** `keep`: remotes of peers stay in the database · `run`: they are there during a run only. */
export const REGISTER_MODES = ['keep', 'run'] as const;
export type RegisterMode = (typeof REGISTER_MODES)[number];

export const DIRTY_POLICIES = ['allow', 'fail', 'commit'] as const;
export type DirtyPolicy = (typeof DIRTY_POLICIES)[number];

/** `report`: what comes in is counted by source system. `stamp`: rows of this database also get one. */
export const ATTRIBUTIONS = ['off', 'report', 'stamp'] as const;
export type AttributionMode = (typeof ATTRIBUTIONS)[number];

/** The action for the JSONL file in git. */
export const JSONL_COMMITS = ['off', 'commit', 'push', 'pull-request'] as const;

export const FAIL_ON = ['any', 'primary', 'none'] as const;
export type FailOn = (typeof FAIL_ON)[number];

export const CONFLICT_STRATEGIES = ['newest', 'ours', 'theirs', 'manual'] as const;
export type ConflictStrategy = (typeof CONFLICT_STRATEGIES)[number];

export const CONFLICT_KINDS = [
  'changed',
  'deleted',
  'id-collision',
  'restored',
  'duplicate',
  'keyless',
  'unique-conflict',
  'dependant',
  'reference',
  'renamed',
] as const;
/**
 * The kinds of conflicts between two heads. `changed`: the same cells on both sides · `deleted`: deleted on one,
 * changed on the other · `id-collision`: added on both under one key · `restored`: came back with a row it belongs to ·
 * `duplicate`: an added row whose unique value another row has · `keyless`: rows of a table without a primary key ·
 * `unique-conflict`: a row that got its former value of a unique key back · `dependant`: an added row that refers to a
 * row that was removed, also if another such row keeps its key · `reference`: an older row that referred to a row that
 * was removed, or whose key another row has now · `renamed`: one side gave the row another key, the other side changed
 * it under the old one.
 */
export type ConflictKind = (typeof CONFLICT_KINDS)[number];

/** Incoming changes that block a peer unless its configuration accepts them. */
export const ACCEPTS = [
  'triggers',
  'procedures',
  'events',
  'ignore',
  'deletion',
  'future',
  'recreated',
  'expressions',
  'ignored-tables',
  'peers',
] as const;
export type Accept = (typeof ACCEPTS)[number];

/**
 * How much of a backup is restored and compared. `full`: every row of every table · `head`: only the hash of the
 * database · `rotate`: as `full`, for one peer a day · `off`: nothing.
 */
export const DRILLS = ['full', 'head', 'off', 'rotate'] as const;
export type DrillMode = (typeof DRILLS)[number];

/** The finding of a drill; `skipped`: the run did not restore this backup. */
export const DRILL_KINDS = ['proven', 'differs', 'unproven', 'skipped'] as const;
export type DrillKind = (typeof DRILL_KINDS)[number];

export const REPORT_VALUES = ['none', 'keys', 'full'] as const;
export type ReportValues = (typeof REPORT_VALUES)[number];

/** Forms of the report of `validate`. */
export const REPORT_FORMATS = ['text', 'json', 'github', 'sarif'] as const;
export type ReportFormat = (typeof REPORT_FORMATS)[number];

export const DOLT_SOURCES = ['release', 'build', 'auto'] as const;
export type DoltSource = (typeof DOLT_SOURCES)[number];

export const PEER_STATES = [
  'up-to-date',
  'ahead',
  'behind',
  'diverged',
  'delivered',
  'rewritten',
  'unrelated',
  'remote-empty',
  'branch-missing',
  'unreachable',
  'unknown',
] as const;
/**
 * How a peer's branch relates to ours. `ahead`: we have commits the peer lacks. `delivered`: our commits wait in the
 * peer's inbox. `rewritten`: one side no longer contains a commit that both had.
 */
export type PeerState = (typeof PEER_STATES)[number];

/**
 * Why a peer is stale. `unsent`: it lacks an old commit of ours. `delivered`: an old commit of ours waits in its inbox.
 * `unread`: it could not be read or failed afterwards, and was last verified long ago. `never-verified`: this
 * machine does not know when.
 */
export const STALE_REASONS = ['unsent', 'delivered', 'unread', 'never-verified'] as const;

/** A branch for deliveries: `inbox/<sender>-<8 digits>`. No peer has such a name. */
export const INBOX_BRANCH = /^inbox\/(.+)-[0-9a-f]{8}$/;

export const PEER_STATUSES = ['unchanged', 'pulled', 'pushed', 'synced', 'conflict', 'failed', 'skipped'] as const;
export type PeerStatus = (typeof PEER_STATUSES)[number];

export const RUN_STATUSES = ['unchanged', 'success', 'partial', 'conflict', 'failed', 'skipped'] as const;
export type RunStatus = (typeof RUN_STATUSES)[number];

interface ChangeEntry {
  /** The meaning, for messages and for docs/pull-requests.md. */
  readonly meaning: string;
  /** Whether more hosts receive data, or more data can enter the database. */
  readonly dangerous: boolean;
}

/** The kinds of changes to a configuration, the most dangerous first. */
export const CONFIG_CHANGES = {
  'sovereignty-lowered': { meaning: 'the tier of the federation is lowered', dangerous: true },
  'tier-lowered': { meaning: 'the tier of a peer is lowered', dangerous: true },
  'new-host': { meaning: 'data would reach a host, or an owner there, that received none before', dangerous: true },
  'patterns-widened': { meaning: 'more endpoints are allowed', dangerous: true },
  'accept-widened': { meaning: 'more of what others send would be merged', dangerous: true },
  'push-enabled': { meaning: 'a key or a file that prevented pushing is gone or overridden', dangerous: true },
  'role-widened': { meaning: 'a peer would receive or send more', dangerous: true },
  'peer-moved': { meaning: 'a peer has another address, branch or ref', dangerous: true },
  'peer-added': { meaning: 'a peer is new', dangerous: true },
  'strategy-changed': { meaning: 'conflicts are resolved in another way', dangerous: false },
  'peer-removed': { meaning: 'a peer is gone', dangerous: false },
  'role-changed': { meaning: 'a peer would receive or send less', dangerous: false },
  'setting-changed': { meaning: 'another setting has a new value', dangerous: false },
} as const satisfies Readonly<Record<string, ChangeEntry>>;

export type ConfigChangeKind = keyof typeof CONFIG_CHANGES;

/** All kinds, the most dangerous first. */
export const CHANGE_KINDS = Object.keys(CONFIG_CHANGES) as [ConfigChangeKind, ...ConfigChangeKind[]];

/** When a pull request gets a comment. */
export const COMMENT_MODES = ['never', 'changes', 'always'] as const;
export type CommentMode = (typeof COMMENT_MODES)[number];

/** Labels of a pull request for its result; their names begin with `federation: `. */
export const PULL_REQUEST_LABELS = ['no change', 'change', 'dangerous change', 'conflict', 'failed'] as const;
export type PullRequestLabel = (typeof PULL_REQUEST_LABELS)[number];

/** Shells that completions are written for. */
export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];
