import { z } from 'zod';
import { doctorCheckSchema } from './doctor-result.ts';
import { ERROR_CODES } from './error-codes.ts';
import { HASH } from './hash.ts';
import {
  CHANGE_KINDS,
  CONFLICT_KINDS,
  DRILL_KINDS,
  DRILLS,
  PEER_STATES,
  PEER_STATUSES,
  ROLES,
  RUN_STATUSES,
  SHELLS,
  STALE_REASONS,
  TIERS,
} from './vocabulary.ts';

/** A commit hash as Dolt prints it: 32 characters of base 32. */
const hash = z.string().regex(HASH);
/** A configured peer, `origin`, or the branch of a delivery (sync/inbox.ts). Workflows print such names unescaped. */
const peerName = z.string().regex(/^(?:[A-Za-z][\w-]{0,63}|inbox\/[\w.-]{1,64}-[0-9a-f]{8})$/);
const count = z.int().nonnegative();
const errorCode = z.enum(ERROR_CODES);

/** Why a peer failed: a stable code, what happened, and what to do next. */
const peerErrorSchema = z.strictObject({
  code: errorCode,
  message: z.string(),
  hint: z.string(),
  retryable: z.boolean(),
});

/**
 * One row that two heads changed differently, as seen from the local database. `key` maps key columns to their values
 * as text. A value is text, NULL is null, bytes are hexadecimal after `0x`; a side without the row is null.
 */
export const conflictSchema = z.strictObject({
  kind: z.enum(CONFLICT_KINDS),
  table: z.string(),
  key: z.record(z.string(), z.string().nullable()),
  columns: z.array(z.string()),
  base: z.record(z.string(), z.string().nullable()).nullable(),
  ours: z.record(z.string(), z.string().nullable()).nullable(),
  theirs: z.record(z.string(), z.string().nullable()).nullable(),
  /** The winner and the reason, in words; `undone` if the merge was undone, `audit` if only audit columns differ. */
  resolution: z.string(),
  /**
   * Keys of JSON documents that both sides changed, if any: `path` as in JSON_EXTRACT, values as JSON text.
   * A side without the key is null.
   */
  paths: z
    .array(
      z.strictObject({
        column: z.string(),
        path: z.string(),
        base: z.string().nullable(),
        ours: z.string().nullable(),
        theirs: z.string().nullable(),
        resolution: z.string(),
      }),
    )
    .optional(),
  /**
   * Whether a person must decide: its merge was undone, or two things had one key and one of them was moved to another.
   */
  left: z.boolean(),
  heads: z.strictObject({ ours: hash, theirs: hash }),
  /** Names of the peers whose value `ours` is, if it is not the local database's own. */
  between: z.array(peerName),
  /** `dependant` and `reference`: the row that lost its key, and to which this row leads. */
  with: z.strictObject({ table: z.string(), key: z.record(z.string(), z.string().nullable()) }).optional(),
  /** `renamed`: the key that one side gave the row. */
  otherKey: z.record(z.string(), z.string().nullable()).optional(),
  /**
   * If the merge lacks a version of the row that a person needs: the commit that has it, and a statement that adds it
   * again under another key. `sql` is null if there is none, or if it may not be shown.
   */
  lost: z.strictObject({ commit: hash, sql: z.string().nullable() }).optional(),
  /** Another database made the merge, and this run received it. */
  elsewhere: z.boolean().optional(),
});
export type Conflict = z.infer<typeof conflictSchema>;

/** One row that blocks a peer; `key` as in a conflict, `column` and `value` if one cell is the cause. */
export const blockedRowSchema = z.strictObject({
  table: z.string(),
  key: z.record(z.string(), z.string().nullable()),
  column: z.string().nullable(),
  value: z.string().nullable(),
});
export type BlockedRow = z.infer<typeof blockedRowSchema>;

/** How the rows of a table would change; null if they cannot be compared, because its primary key changes. */
const rowChangesSchema = z.strictObject({ added: count, changed: count, removed: count }).nullable();

/**
 * The changes that one side would get from the other: the number of commits, the first lines of the newest, and the
 * tables that differ, in the order of their names. `moreTables` counts those that are not listed.
 */
export const plannedChangesSchema = z.strictObject({
  commits: count,
  subjects: z.array(z.string()),
  tables: z.array(
    z.strictObject({
      table: z.string(),
      change: z.enum(['added', 'dropped', 'renamed', 'changed']),
      /** Its name before, if it is renamed. */
      from: z.string().optional(),
      /** Whether its name, columns, keys or other parts of its definition change. */
      definition: z.boolean(),
      rows: rowChangesSchema,
    }),
  ),
  moreTables: count,
});
export type PlannedChanges = z.infer<typeof plannedChangesSchema>;

/**
 * The changes that a real run would make for this peer, as a dry run found them; `head` is the commit that the peer
 * would have then. The tables of `incoming` are those that a merge with this peer alone changes here. `incoming` and
 * `outgoing` are absent if nothing would move that way, or if reading it took too long.
 */
export const planSchema = z.strictObject({
  pull: z.enum(['nothing', 'fast-forward', 'merge', 'adopt']),
  push: z.enum(['nothing', 'fast-forward', 'first-push', 'replace', 'deliver']),
  pullCommits: count,
  pushCommits: count,
  head: hash.nullable(),
  incoming: plannedChangesSchema.optional(),
  outgoing: plannedChangesSchema.optional(),
});
export type Plan = z.infer<typeof planSchema>;

/**
 * The merges behind a run's head. `deterministic`: every database that merges the same heads makes the same commits.
 */
export const mergeSchema = z.strictObject({
  protocol: z.literal(2),
  deterministic: z.boolean(),
  /**
   * Why not: a peer with a strategy of its own, a Dolt that cannot set the committer, or a head that was left out
   * because it exceeded a limit of time or memory on this machine.
   */
  because: z.enum(['strategy', 'committer', 'limit']).nullable(),
  /** Merge commits that this run made. */
  commits: count,
});
export type MergeReport = z.infer<typeof mergeSchema>;

/** A head that was replaced by force, and the tag that keeps it: here, and at the peer if possible. */
export const replacedSchema = z.strictObject({ head: hash, tag: z.string(), atPeer: z.boolean() });
export type Replaced = z.infer<typeof replacedSchema>;

/** Our own head that the peer's replaced, and the local tag that keeps it. */
export const adoptedSchema = z.strictObject({ head: hash, tag: z.string() });
export type Adopted = z.infer<typeof adoptedSchema>;

/** The side whose history no longer contains a commit that both had, and that commit if it is recorded. */
const rewrittenSchema = z.strictObject({
  side: z.enum(['ours', 'theirs', 'both', 'suspected']),
  last: hash.nullable(),
});

/** Issues that a peer's head adds, changes or deletes, by source system and creator; the first of the sources. */
const attributionSchema = z.strictObject({
  table: z.string(),
  rows: count,
  /** Absent if reports show no keys. */
  sources: z.array(z.strictObject({ system: z.string(), creator: z.string(), rows: count })).optional(),
});
export type Attribution = z.infer<typeof attributionSchema>;

/** Why a run on an event that may not write did not contact a peer. */
const notContactedSchema = z.strictObject({
  /**
   * `new`: the default branch, or the base of the change, has no such peer · `changed`: `settings` differ ·
   * `workflow`: an input or a variable sets it, which the change may have set · `local`: it is on this machine ·
   * `credential`: its credential is missing or malformed · `unread`: there was nothing to compare it with ·
   * `no-database`: the primary, whose clone would be compared with it, could not be used
   */
  reason: z.enum(['new', 'changed', 'workflow', 'local', 'credential', 'unread', 'no-database']),
  settings: z.array(z.string()),
});
export type NotContacted = z.infer<typeof notContactedSchema>;

/** A moment in UTC, `YYYY-MM-DDTHH:MM:SS.mmmZ`; a pattern, since not every validator knows the format `date-time`. */
const moment = z.string().regex(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/);

const tables = z.array(z.strictObject({ name: z.string(), rows: count }));

/** The backup at one peer, as the run left it. */
const drillSchema = z.strictObject({
  /** The finding of the drill. */
  kind: z.enum(DRILL_KINDS),
  /** Whether the peer had the tag, or this run pushed it; null: there is none, or it did not get there. */
  tag: z.enum(['present', 'pushed']).nullable(),
  /** Hash of the database at the commit, read in a fresh clone; null if nothing was proven. */
  databaseHash: hash.nullable(),
  /** Rows of each table, counted in a fresh clone; null if they were not counted. */
  tables: tables.nullable(),
  /** Size of the backup; null: unknown. */
  bytes: count.nullable(),
  /** How much it grew since the last known run; null: none is known. */
  growth: z.int().nullable(),
  /** How long the drill took; null: there was none. */
  durationMs: count.nullable(),
  /** When a drill last proved the backup; null: unknown. */
  lastProvenAt: moment.nullable(),
});
export type Drill = Readonly<z.infer<typeof drillSchema>>;
/** Only with `stale-after`: since when, and why. `since` is null if this machine never verified the peer. */
const staleSchema = z.strictObject({ since: moment.nullable(), because: z.enum(STALE_REASONS) });
export type Stale = Readonly<z.infer<typeof staleSchema>>;

export const peerResultSchema = z.strictObject({
  name: peerName,
  endpoint: z.string(),
  role: z.enum(ROLES),
  tier: z.enum(TIERS),
  state: z.enum(PEER_STATES),
  status: z.enum(PEER_STATUSES),
  ahead: count.nullable(),
  behind: count.nullable(),
  pulledCommits: count,
  pushedCommits: count,
  remoteHead: hash.nullable(),
  verified: z.boolean(),
  /** When a run last read the peer and found what it expected there, as recorded on this machine. */
  lastVerifiedAt: moment.nullable(),
  /** The oldest commit that one side should get from the other and lacks; null if there is none, or it is unknown. */
  oldestUnsyncedAt: moment.nullable(),
  conflicts: z.array(conflictSchema),
  /** The first of the rows that the check before a merge found; absent if there are none. */
  held: z.array(blockedRowSchema).optional(),
  error: peerErrorSchema.nullable(),
  attempts: count,
  durationMs: count,
  plan: planSchema.optional(),
  replaced: replacedSchema.optional(),
  adopted: adoptedSchema.optional(),
  rewritten: rewrittenSchema.optional(),
  stale: staleSchema.optional(),
  /** The incoming issues by source; only if `federation.attribution` is not `off`. */
  attribution: attributionSchema.optional(),
  /** Only of `backup`. */
  drill: drillSchema.optional(),
  /** Present on an event that may not write, if the peer was not contacted. */
  notContacted: notContactedSchema.optional(),
  /**
   * `none`: no head of this peer was recorded, so a rewritten history is only suspected; `restored`: the head came from
   * the Actions cache.
   */
  memory: z.enum(['none', 'restored']).optional(),
});
/**
 * The outcome of one peer. `ahead` and `behind` are as first compared; null if there is no common commit to count from.
 */
export type PeerResult = z.infer<typeof peerResultSchema>;

export const problemSchema = z.strictObject({
  severity: z.enum(['error', 'warning', 'notice']),
  code: errorCode,
  message: z.string(),
  hint: z.string(),
  peer: peerName.nullable(),
  file: z.string().nullable(),
  line: z.int().positive().nullable(),
  column: z.int().positive().nullable(),
});
/** Information that is not one peer's failure; with a location if a configuration file is the cause. */
export type Problem = z.infer<typeof problemSchema>;

/** The JSONL file in git. `unchanged`: the branch has the same file. */
const jsonlCommitSchema = z.strictObject({
  /** `proposed`: `branch` has the file, and a pull request proposes it. */
  status: z.enum(['committed', 'pushed', 'proposed', 'unchanged']),
  branch: z.string(),
  commit: z.string().nullable(),
  /** The address of the pull request. */
  pullRequest: z.string().optional(),
});

/** The commit of a backup, and how many peers have it. */
const backupSchema = z.strictObject({
  tag: z.string().nullable(),
  /** The commit that was backed up; null if the run ended before it was known. */
  commit: hash.nullable(),
  drill: z.enum(DRILLS),
  /** Peers that have the proven commit; without a drill, those whose push was verified. */
  copies: count,
  /** How many must have it; null: every peer. */
  required: count.nullable(),
  /** The file with the proof; null: no backup was proven, or no file was asked for. */
  proof: z.string().nullable(),
  /** Only of a dry run: names of the peers that would get the tag. */
  wouldTag: z.array(peerName).optional(),
});
/** A leg of a fan-out and the number of all legs, such as `1/3`. */
const shard = z.string().regex(/^[1-9]\d{0,2}\/[1-9]\d{0,2}$/);

export const runResultSchema = z.strictObject({
  version: z.literal(1),
  command: z.enum(['sync', 'pull', 'push', 'backup', 'status', 'plan']),
  status: z.enum(RUN_STATUSES),
  database: z.string().nullable(),
  /** Only in a step: the folder of the database in the workspace of the job, which is the same on another runner. */
  folder: z.string().optional(),
  /** null if none was named and no database was opened. */
  branch: z.string().nullable(),
  head: hash.nullable(),
  doltVersion: z.string().nullable(),
  durationMs: count,
  /** null if the command merges nothing. */
  merge: mergeSchema.nullable(),
  peers: z.array(peerResultSchema),
  problems: z.array(problemSchema),
  /** The leg of a fan-out that this run was: it worked on a part of the peers only. */
  shard: shard.optional(),
  /**
   * Only with `shard`: a digest of the peers of all legs and of the branch that was asked for, the same in each leg.
   */
  selection: z
    .string()
    .regex(/^[0-9a-f]{12}$/)
    .optional(),
  /** `only` or `only-role` selected the peers, so others may be configured. */
  filtered: z.literal(true).optional(),
  /** The run was a dry run: it changed nothing, and each peer's `plan` is what a real run would do. */
  dryRun: z.literal(true).optional(),
  /** Our branch moved, also if its new commits reached no peer. */
  moved: z.literal(true).optional(),
  /** There was no database, and this run cloned it. */
  cloned: z.literal(true).optional(),
  /** The limit of `stale-after`, if it was set: failures that may pass count only for stale peers. */
  staleAfterMs: count.optional(),
  /** Commits that no peer has; only if the database was cloned on a runner and is lost with it. */
  unsaved: count.optional(),
  /** The conflicts file, if a person must decide anything. */
  conflictsPath: z.string().optional(),
  /** Rows in the conflicts file that are not decided yet, those of earlier runs included; absent if there are none. */
  open: count.optional(),
  /**
   * The JSONL file of the mode belt-and-suspenders, and the issues in it. `file` is null if its path is not allowed.
   */
  export: z
    .strictObject({
      status: z.enum(['written', 'unchanged', 'failed']),
      file: z.string().nullable(),
      issues: count.nullable(),
      /** Absent if the file was not to be committed, or could not be. */
      commit: jsonlCommitSchema.optional(),
    })
    .optional(),
  /** Only of `backup`. */
  backup: backupSchema.optional(),
  /** Only in the Action's output `result`, if the whole did not fit; the file at `result-path` is complete. */
  truncated: z.literal(true).optional(),
});
/** The JSON of `sync`, `pull`, `push`, `backup`, `status` and `plan`. */
export type RunResult = z.infer<typeof runResultSchema>;

/** The proof: the data that fresh clones of the backups of one commit have. */
export const proofSchema = z.strictObject({
  version: z.literal(1),
  /** The program that made it. */
  madeBy: z.string(),
  date: z.string(),
  /** Name of the database. */
  database: z.string(),
  branch: z.string(),
  tag: z.string().nullable(),
  commit: hash,
  /** `dolt_hashof_db` at the commit, in our database. */
  databaseHash: hash,
  doltVersion: z.string(),
  copies: count,
  required: count.nullable(),
  peers: z.array(
    z.strictObject({
      name: z.string(),
      endpoint: z.string(),
      role: z.enum(ROLES),
      kind: z.enum(DRILL_KINDS),
      /** The head of the branch there. */
      head: hash.nullable(),
      databaseHash: hash.nullable(),
      tables: tables.nullable(),
      bytes: count.nullable(),
      durationMs: count.nullable(),
    }),
  ),
});
export type Proof = Readonly<z.infer<typeof proofSchema>>;

const stopSchema = z.strictObject({
  code: errorCode,
  message: z.string(),
  hint: z.string(),
  file: z.string().nullable(),
  line: z.int().positive().nullable(),
  column: z.int().positive().nullable(),
});
/** One reason why a command could not start; with a location if a file is the cause. */
export type Stop = z.infer<typeof stopSchema>;

/** The JSON of a command that could not start. */
export const errorResultSchema = z.strictObject({
  error: stopSchema,
  /** All reasons, the first included; only if there are several. */
  problems: z.array(stopSchema).optional(),
  /** Only in the Action's output `result`, if the whole did not fit; the file at `result-path` is complete. */
  truncated: z.literal(true).optional(),
});
export type ErrorResult = z.infer<typeof errorResultSchema>;

export const initResultSchema = z.strictObject({
  status: z.literal('created'),
  /** The configuration file. */
  file: z.string(),
  /** The folder of the database. */
  database: z.string(),
  /** Whether there is no database yet, and a run clones one into that folder. */
  toClone: z.boolean(),
  /** The primary: its name and its endpoint. */
  peer: z.string(),
  endpoint: z.string(),
  /** The name of this database among its peers; null: none was set. */
  town: z.string().nullable(),
  /** A missing requirement of a run, or an unexpected effect. */
  checks: z.array(doctorCheckSchema),
  /** Further actions that were done or are to be done. */
  notes: z.array(z.string()),
  /** The workflow to copy into the repository, and the secrets to set for it. */
  workflow: z.strictObject({
    path: z.string(),
    text: z.string(),
    secrets: z.array(z.strictObject({ name: z.string(), value: z.string() })),
  }),
});
export type InitResult = Readonly<z.infer<typeof initResultSchema>>;

export const addPeerResultSchema = z.strictObject({
  name: z.string(),
  endpoint: z.string(),
  status: z.literal('added'),
});
export type AddPeerResult = z.infer<typeof addPeerResultSchema>;

export const removePeerResultSchema = z.strictObject({ name: z.string(), status: z.literal('removed') });
export type RemovePeerResult = z.infer<typeof removePeerResultSchema>;

export const setPeerResultSchema = z.strictObject({
  name: z.string(),
  status: z.enum(['changed', 'unchanged']),
  /** The configuration file. */
  file: z.string(),
});
export type SetPeerResult = z.infer<typeof setPeerResultSchema>;

/** `config set` and `config unset`. */
export const configEditResultSchema = z.strictObject({
  key: z.string(),
  /** The value that was asked for; null: the key is removed. */
  value: z.string().nullable(),
  status: z.enum(['changed', 'unchanged']),
  /** The configuration file; null if there is none. */
  file: z.string().nullable(),
});
export type ConfigEditResult = z.infer<typeof configEditResultSchema>;

export const resolveResultSchema = z.strictObject({
  /** `stopped`: rows in conflict are undecided, so nothing was changed; the decisions are kept in the file. */
  status: z.enum(['unchanged', 'success', 'stopped']),
  database: z.string(),
  /** null if there was no conflicts file. */
  branch: z.string().nullable(),
  /** The head of the branch after the command; null if nothing was changed. */
  head: hash.nullable(),
  /** Names of the peers whose heads were merged. */
  peers: z.array(z.string()),
  /** Rows in conflict that were resolved by a person's choice; if the command stopped, those decided so far. */
  rows: count,
  /** Lost rows that were written again, and those that stay out by choice. */
  restored: count,
  dropped: count,
  /** Lost rows that were to be restored and had the chosen values already, if any. Nothing was written for them. */
  alreadyThere: count.optional(),
  /** Rows that are undecided, and the file with them. */
  open: count,
  conflictsPath: z.string().optional(),
});
export type ResolveResult = z.infer<typeof resolveResultSchema>;

export const exportResultSchema = z.strictObject({
  version: z.literal(1),
  command: z.literal('export'),
  /** `same` and `differs`: the file was only compared. `skipped`: the event may not write. */
  status: z.enum(['written', 'unchanged', 'same', 'differs', 'skipped']),
  database: z.string().nullable(),
  branch: z.string().nullable(),
  /** The head of the branch; uncommitted changes are part of the export. */
  head: hash.nullable(),
  /** The JSONL file. */
  file: z.string(),
  /** Issues in the database that an export writes. */
  issues: count.nullable(),
  commit: jsonlCommitSchema.optional(),
  /** Issues that only the database has, that only the file has, and that differ. */
  difference: z
    .strictObject({
      missing: count,
      extra: count,
      changed: count,
      /** Only the order of the lines differs. */
      reordered: z.boolean(),
      /** The first ids of each kind; absent if reports show no keys. */
      ids: z
        .strictObject({ missing: z.array(z.string()), extra: z.array(z.string()), changed: z.array(z.string()) })
        .optional(),
    })
    .optional(),
});
/** The JSON of `export`. */
export type ExportResult = Readonly<z.infer<typeof exportResultSchema>>;

/**
 * One difference in meaning between two configurations, where the new one sets it; `before`, `after` null: not there.
 */
const configChangeSchema = z.strictObject({
  kind: z.enum(CHANGE_KINDS),
  /** null: a setting of the whole federation. */
  peer: z.string().nullable(),
  setting: z.string(),
  before: z.string().nullable(),
  after: z.string().nullable(),
  file: z.string().nullable(),
  line: z.int().positive().nullable(),
  column: z.int().positive().nullable(),
});
export type ChangeResult = z.infer<typeof configChangeSchema>;

/**
 * Legs of a fan-out, in the form of `strategy.matrix` of a workflow: the names of the peers of each, except the
 * primary.
 */
const matrixSchema = z.strictObject({ include: z.array(z.strictObject({ shard, peers: z.string() })) });
export type Matrix = z.infer<typeof matrixSchema>;

export const validateResultSchema = z.strictObject({
  version: z.literal(1),
  command: z.literal('validate'),
  /**
   * `invalid`: a run would refuse the configuration or one of its peers, or `fail-on-change` names one of the changes.
   * Warnings and notices do not count.
   */
  status: z.enum(['valid', 'invalid']),
  /** The configuration file; null: none was found. */
  file: z.string().nullable(),
  /** Number of configured peers that could be read. */
  peers: z.int().nonnegative(),
  /** By position. */
  problems: z.array(problemSchema).readonly(),
  /** Differences from the other configuration, the most dangerous first; absent: there was no comparison. */
  changes: z.array(configChangeSchema).readonly().optional(),
  /** With `shards`, if the configuration is valid. */
  matrix: matrixSchema.optional(),
  /** The commit with the other configuration, and how many commits of its branch the proposed one lacks. */
  base: z.strictObject({ commit: z.string(), behind: count }).optional(),
  /** Only in the Action's output `result`, if the whole did not fit; the file at `result-path` is complete. */
  truncated: z.literal(true).optional(),
});
/** The JSON of `validate`. */
export type ValidateResult = Readonly<z.infer<typeof validateResultSchema>>;

export const listPeersResultSchema = z.array(
  z.strictObject({ name: z.string(), endpoint: z.string(), role: z.enum(ROLES), tier: z.enum(TIERS) }),
);
export type ListPeersResult = z.infer<typeof listPeersResultSchema>;

/** `list-peers --unregistered`: what only the database knows. */
export const databasePeersResultSchema = z.array(
  z.strictObject({
    name: z.string(),
    /** Without secrets. */
    endpoint: z.string(),
    foundIn: z.array(z.enum(['remote', 'federation_peers'])).readonly(),
    /** The user and the tier, copied from `federation_peers`. */
    user: z.string().nullable(),
    tier: z.string().nullable(),
    /** The git ref that holds the data; null: Dolt's default. */
    ref: z.string().nullable(),
  }),
);
export type DatabasePeer = Readonly<z.infer<typeof databasePeersResultSchema>[number]>;

export const configEntrySchema = z.strictObject({
  key: z.string(),
  value: z.string(),
  origin: z.string(),
});
/** `config list` (all) and `config get` (one): the effective value as text and where it came from. */
export type ConfigEntry = z.infer<typeof configEntrySchema>;
export const configListResultSchema = z.array(configEntrySchema);

export const installResultSchema = z.strictObject({
  version: z.string(),
  path: z.string(),
  source: z.enum(['path', 'tool-cache', 'actions-cache', 'release', 'build']),
});
export type InstallResult = z.infer<typeof installResultSchema>;

export const completionResultSchema = z.strictObject({ shell: z.enum(SHELLS), script: z.string() });

export const versionResultSchema = z.strictObject({
  version: z.string(),
  /** The commit that it was built from; null if that is unknown. */
  commit: z.string().nullable(),
  node: z.string(),
  /** The Dolt that a run would use; null if this machine has none that fits. */
  dolt: z.strictObject({ version: z.string(), path: z.string() }).nullable(),
  /** Why there is no Dolt. */
  missing: z.string().nullable(),
});
export type VersionResult = z.infer<typeof versionResultSchema>;

/** One result that a report combines. */
const reportedLegSchema = z.strictObject({
  /** null: the run was not a leg of a fan-out. */
  shard: shard.nullable(),
  file: z.string(),
  status: z.enum(RUN_STATUSES),
  head: hash.nullable(),
  durationMs: count,
  /** The conflicts file, on the machine of the leg. */
  conflictsPath: z.string().optional(),
});
export type ReportedLeg = z.infer<typeof reportedLegSchema>;

export const reportResultSchema = z.strictObject({
  version: z.literal(1),
  command: z.literal('report'),
  /** As if everything was one run. A missing leg, and a run that could not start, count as failed peers. */
  status: z.enum(RUN_STATUSES),
  /** One for each command and database. */
  runs: z.array(
    z.strictObject({
      /**
       * As if the legs were one run. `head` is null if they ended at different heads, and the duration is the longest.
       * A peer of several legs has its worst status, the sum of the pushed commits, and the largest number of pulled
       * ones.
       */
      result: runResultSchema,
      legs: z.array(reportedLegSchema),
      /** Legs that have no result. */
      missing: z.array(shard),
    }),
  ),
  /** Problems of the files, and runs that could not start. */
  problems: z.array(problemSchema),
  /** The HTML page, if one was written. */
  html: z.string().optional(),
  /** Only in the Action's output `result`, if the whole did not fit; the file at `result-path` is complete. */
  truncated: z.literal(true).optional(),
});
/** The JSON of `report`. */
export type ReportResult = z.infer<typeof reportResultSchema>;

/** `demo`: the last sync of each of its databases. */
export const demoResultSchema = z.strictObject({
  towns: z.array(z.strictObject({ name: z.string(), result: runResultSchema })),
});
