import type { ConfigOverrides } from '../config/configuration.ts';
import { DEFAULT_DOLT_VERSION } from '../contract/dolt-options.ts';
import type { FailOn, ReportValues, Role, Visibility } from '../contract/vocabulary.ts';
import type { GivenCredentials } from '../credentials/load.ts';
import type { DoltRequest } from '../install/dolt-request.ts';
import { parseAskedVersion } from '../install/version.ts';
import type { Committing } from '../jsonl/git.ts';
import type { SyncCommand } from '../sync/peer-actions.ts';
import type { Shard } from './fan-out/shard.ts';

/** The options of a user for the JSONL file. */
export interface JsonlRequest {
  /** Its path, relative to the working directory; absent: where the workspace keeps it. */
  readonly path?: string | undefined;
  /** Whether it may be replaced although it has records that the database does not have. */
  readonly allowFewer: boolean;
  /** The action in git; absent: none. */
  readonly commit?: JsonlCommit | undefined;
}

/** The commit of the JSONL file, without the credential. */
export type JsonlCommit = Pick<Committing, 'mode' | 'branch' | 'author' | 'message'>;

/** The options for rewritten histories, with the expected head of each peer. */
export interface RewriteRequest {
  /** Peers whose head becomes the head of our branch. */
  readonly adopt: ReadonlyMap<string, string>;
  /** Local commits that this may discard. */
  readonly discardLocal: readonly string[];
  /** Peers to merge regardless. */
  readonly merge: ReadonlyMap<string, string>;
}

export const NO_REWRITES: RewriteRequest = { adopt: new Map(), discardLocal: [], merge: new Map() };

export interface SyncRequest {
  readonly command: SyncCommand;
  /** Peer names; empty = all. */
  readonly only: readonly string[];
  /** Roles of peers; empty = all. */
  readonly onlyRoles: readonly Role[];
  /** The part of them to work on; absent: all. */
  readonly shard?: Shard | undefined;
  /** The expected head of each peer whose branch is to be replaced by ours, by name. */
  readonly leases: ReadonlyMap<string, string>;
  readonly rewrites: RewriteRequest;
  readonly dryRun: boolean;
  /** Whether remotes that dolt-federation did not add may be repointed to the peers of the same name. */
  readonly fixRemotes?: boolean | undefined;
  /** Whether bd stops its server if that holds the database; absent: the run works through it. */
  readonly stopBd?: boolean | undefined;
  readonly failOn: FailOn;
  /** How long a peer may lack commits of ours or be out of reach, in milliseconds; absent: not judged. */
  readonly staleAfter?: number | undefined;
  /** How often a lost push race is retried, after another fetch and merge. */
  readonly retries: number;
  /** Time limit of one remote operation, in milliseconds, unless the peer sets its own. */
  readonly timeout: number;
  /** How long peers that have answered wait for the others, in milliseconds. */
  readonly fetchWait: number;
  /** Time limit of one check or merge of a peer's head, in milliseconds. */
  readonly mergeTimeout: number;
  /** Absent: read from the environment. */
  readonly credentials?: GivenCredentials | undefined;
  /** Peers worked on at the same time. */
  readonly parallel: number;
  /** Name of the peer to clone from when there is no database. */
  readonly bootstrap?: string | undefined;
  /** Percentage of a table's rows that a peer may delete at once, 0 to 100. */
  readonly maxDelete: number;
  /** Whether an empty remote may get its first push. */
  readonly initEmpty: boolean;
  /** Folder of the database (the one that holds `.dolt`), relative to the working directory. */
  readonly database?: string | undefined;
  /** Whether `database` is written to the configuration. */
  readonly save?: boolean | undefined;
  readonly branch?: string | undefined;
  /** The file that the mode belt-and-suspenders writes. */
  readonly jsonl: JsonlRequest;
  readonly reportValues: ReportValues;
  /** Do not open `file://`, loopback and link-local endpoints, and write nothing (events that may not write). */
  readonly untrusted: boolean;
  /** Whether a run without any configured peer is only a warning; absent: yes. */
  readonly allowNoPeers?: boolean | undefined;
  /** Whether a clone is kept in the Actions cache, if that may be; absent: no. */
  readonly cacheDatabase?: { readonly visibility: Visibility } | undefined;
  readonly overrides: ConfigOverrides;
  readonly dolt: DoltRequest;
}

/** `sync` with the default of every option. The Action makes the same request, except for `allowNoPeers`. */
export const DEFAULT_SYNC_REQUEST: SyncRequest = {
  command: 'sync',
  only: [],
  onlyRoles: [],
  leases: new Map(),
  rewrites: NO_REWRITES,
  dryRun: false,
  fixRemotes: false,
  stopBd: false,
  failOn: 'any',
  retries: 3,
  timeout: 600_000,
  fetchWait: 60_000,
  mergeTimeout: 120_000,
  parallel: 8,
  initEmpty: true,
  maxDelete: 50,
  jsonl: { allowFewer: false },
  reportValues: 'keys',
  untrusted: false,
  save: false,
  allowNoPeers: true,
  overrides: { allowInsecure: false },
  dolt: { version: parseAskedVersion(DEFAULT_DOLT_VERSION), source: 'release' },
};

/** Whether the run may change our database and the peers. */
export function mayWrite({ command, dryRun }: Pick<SyncRequest, 'command' | 'dryRun'>): boolean {
  return command !== 'status' && !dryRun;
}

/** Whether the command only sends: it merges nothing, so nothing can be in conflict. */
export function sendsOnly({ command }: Pick<SyncRequest, 'command'>): boolean {
  return command === 'push' || command === 'backup';
}
