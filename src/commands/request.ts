import type { ConfigOverrides } from '../config/configuration.ts';
import type { FailOn, ReportValues, Role } from '../contract/vocabulary.ts';
import type { GivenCredentials } from '../credentials/load.ts';
import type { DoltRequest } from '../install/dolt-request.ts';

export type { ConfigOverrides, DoltRequest, GivenCredentials };

/** What is done about histories that were rewritten; every peer is named with the head that it is expected to have. */
export interface RewriteRequest {
  /** Peers whose head our branch becomes. */
  readonly adopt: ReadonlyMap<string, string>;
  /** Commits of ours that may be lost by it. */
  readonly discardLocal: readonly string[];
  /** Peers that are merged all the same. */
  readonly merge: ReadonlyMap<string, string>;
}

export const NO_REWRITES: RewriteRequest = { adopt: new Map(), discardLocal: [], merge: new Map() };

export interface SyncRequest {
  readonly command: 'sync' | 'pull' | 'push' | 'status';
  /** Peer names; empty = all. */
  readonly only: readonly string[];
  /** Roles of peers; empty = all. */
  readonly onlyRoles: readonly Role[];
  /** The head that is expected at each peer whose branch is to be replaced by ours, by name. */
  readonly leases: ReadonlyMap<string, string>;
  readonly rewrites: RewriteRequest;
  readonly dryRun: boolean;
  /** Whether remotes of the database that dolt-federation did not add may be repointed to the peers of their name. */
  readonly fixRemotes?: boolean | undefined;
  readonly failOn: FailOn;
  /** How often a push that lost a race is tried again, after fetching and merging anew. */
  readonly retries: number;
  /** How long a verb of a peer may take, in milliseconds, where the peer does not say. */
  readonly timeout: number;
  /** How long one check or merge of a peer's head may take, in milliseconds. */
  readonly mergeTimeout: number;
  /** Absent: those of the environment. */
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
  readonly branch?: string | undefined;
  readonly reportValues: ReportValues;
  /** `file://`, loopback and link-local endpoints are not opened, and nothing is written (events that may not write). */
  readonly untrusted: boolean;
  readonly overrides: ConfigOverrides;
  readonly dolt: DoltRequest;
}
