import type { ConfigOverrides } from '../config/configuration.ts';
import type { ConflictStrategy, FailOn, ReportValues, Role, Tier } from '../contract/vocabulary.ts';
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

export interface AddPeerRequest {
  readonly command: 'add-peer';
  readonly name: string;
  readonly endpoint: string;
  readonly role?: Role | undefined;
  readonly tier?: Tier | undefined;
  readonly branch?: string | undefined;
  readonly conflict?: ConflictStrategy | undefined;
  readonly user?: string | undefined;
  readonly ref?: string | undefined;
  /** As it is written, such as `90s`. */
  readonly timeout?: string | undefined;
  /** Whether the remote is a running database. */
  readonly live?: boolean | undefined;
  /** Whether the database keeps the peer as a remote, whatever `federation.register` says. */
  readonly register?: boolean | undefined;
  readonly database?: string | undefined;
  readonly overrides: ConfigOverrides;
  readonly dolt: DoltRequest;
}

export interface RemovePeerRequest {
  readonly command: 'remove-peer';
  readonly name: string;
  readonly database?: string | undefined;
  readonly overrides: ConfigOverrides;
  readonly dolt: DoltRequest;
}

export interface ResolveRequest {
  readonly command: 'resolve';
  /** The conflicts file, relative to the working directory; absent: ask. */
  readonly file?: string | undefined;
  /** Percent of a table's rows that a peer may delete at once. */
  readonly maxDelete: number;
  /** How long one check or merge may take, in milliseconds. */
  readonly mergeTimeout: number;
  readonly database?: string | undefined;
  readonly overrides: ConfigOverrides;
  readonly dolt: DoltRequest;
}

export interface ListPeersRequest {
  readonly command: 'list-peers';
  readonly overrides: ConfigOverrides;
}

export interface ConfigRequest {
  readonly command: 'config';
  /** One key, or null for all. */
  readonly key: string | null;
  readonly overrides: ConfigOverrides;
}

export interface DoctorRequest {
  readonly command: 'doctor';
  /** Peer names; empty = all. */
  readonly only: readonly string[];
  readonly database: string | undefined;
  readonly branch: string | undefined;
  /** Absent: those of the environment. */
  readonly credentials?: GivenCredentials | undefined;
  /** Folders of `file://` peers are not looked at. */
  readonly untrusted: boolean;
  readonly overrides: ConfigOverrides;
  readonly dolt: DoltRequest;
}

export interface InstallRequest {
  readonly command: 'install';
  readonly dolt: DoltRequest;
}

export interface DemoRequest {
  readonly command: 'demo';
  readonly dolt: DoltRequest;
}

/** One thing a user asked for, whichever face it came through. */
export type Request =
  | SyncRequest
  | AddPeerRequest
  | RemovePeerRequest
  | ResolveRequest
  | ListPeersRequest
  | ConfigRequest
  | DoctorRequest
  | InstallRequest
  | DemoRequest;
