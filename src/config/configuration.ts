import type {
  Accept,
  ConflictStrategy,
  DirtyPolicy,
  RegisterMode,
  Role,
  SyncMode,
  Tier,
} from '../contract/vocabulary.ts';
import type { Location } from '../core/failure.ts';

/** Which layer set a value, low to high: default, file, environment, input (an Action input or a CLI flag). */
export type Origin =
  | { readonly layer: 'default' }
  | { readonly layer: 'file'; readonly location: Location }
  | { readonly layer: 'environment'; readonly variable: string }
  | { readonly layer: 'input'; readonly name: string };

/** A value and where it came from. */
export interface Sourced<T> {
  readonly value: T;
  readonly origin: Origin;
}

/** What forbids pushing: a key of beads in the same file or its variable, or `federation.push: false`. */
export interface PushGuard {
  /** `readonly` forbids every write, as it does in bd. */
  readonly key: 'no-push' | 'dolt.local-only' | 'readonly' | 'federation.push';
  readonly origin: Origin;
}

/** An endpoint that passed the grammar. */
export interface Endpoint {
  /** As the user wrote it. */
  readonly written: string;
  /** Lower-case scheme and host, no default port; what patterns are matched against. */
  readonly canonical: string;
  /** What `dolt remote add` is given. */
  readonly dolt: string;
  readonly kind: 'file' | 'http' | 'dolthub' | 'gs' | 's3' | 'aws' | 'ssh' | 'git' | 'az' | 'oci';
  /** Absolute folder of a `file` endpoint, percent-decoded; null for all others. */
  readonly folder: string | null;
}

/** How an S3-compatible service is addressed, from a peer's `aws` and the query of its endpoint; null: not said. */
export interface AwsSettings {
  readonly region: string | null;
  /** Profile of the user's AWS configuration. */
  readonly profile: string | null;
  /** `https://host` or `http://host`, without a path. */
  readonly endpoint: string | null;
  readonly pathStyle: boolean | null;
  /** Table that holds the manifest where Dolt has no `s3://`; see `doltUrl`. */
  readonly dynamodbTable: string | null;
}

export interface Peer {
  /** `origin` for the primary that `federation.remote` names. */
  readonly name: string;
  readonly endpoint: Endpoint;
  readonly role: Role;
  /** The strictest of the peer's own tier and the federation's, unless the peer says `lower-tier: true`. */
  readonly tier: Tier;
  /** null: the town's branch. */
  readonly branch: string | null;
  /** How conflicts with this peer are settled: its own strategy, else the one of the run. */
  readonly strategy: ConflictStrategy;
  /** What the screen before a merge lets pass from this peer. */
  readonly accept: readonly Accept[];
  /** Full name of the git ref that holds the data; null: Dolt's own, `refs/dolt/data`. Git remotes only. */
  readonly ref: string | null;
  /** Name to give to the peer's server. Remotes over https only. */
  readonly user: string | null;
  /**
   * `true`: the remote is a running database, and a push goes to an inbox branch there · `false`: a remote that no
   * program works in · null: the configuration does not say, and the kind of remote does not either.
   */
  readonly live: boolean | null;
  /** null for other remotes than `s3` and `aws`, and where nothing is said. */
  readonly aws: AwsSettings | null;
  /** Hosts that its server may name besides its own: lower case, with a port where only that one is meant. */
  readonly allowedHosts: readonly string[];
  /** How long it may take for one fetch or push, in milliseconds; null: as long as the run says. */
  readonly timeout: number | null;
  readonly origin: Origin;
}

/** Whose `inbox/*` branches of our own database are merged: all, those of the databases named, or none. */
export type InboxRule = boolean | readonly string[];

/** The effective configuration of one run: every value parsed, checked, and with its origin. */
export interface Configuration {
  /** Absolute path of the file that was read; null where there is none. */
  readonly file: string | null;
  /** Absolute path of the `.beads` folder the run belongs to; null outside a beads workspace. */
  readonly workspace: string | null;
  readonly syncMode: Sourced<SyncMode>;
  readonly sovereignty: Sourced<Tier>;
  readonly remote: Sourced<string | null>;
  readonly strategy: Sourced<ConflictStrategy>;
  readonly dirty: Sourced<DirtyPolicy>;
  /** Folder of the database as it is written: relative to the file that names it, or to the working directory. */
  readonly database: Sourced<string | null>;
  readonly allowedRemotePatterns: Sourced<readonly string[]>;
  /** The name of this database among its peers; null: none is set. */
  readonly town: Sourced<string | null>;
  /** Whose deliveries are merged: those of all, or of these names. */
  readonly inbox: Sourced<InboxRule>;
  /** Hosts of plain remote servers, lower case, with a port where one is written. */
  readonly plainHosts: Sourced<readonly string[]>;
  readonly register: Sourced<RegisterMode>;
  /** Whether anything may be pushed; where not, `guard` says what forbids it. */
  readonly push: Sourced<boolean> & { readonly guard: PushGuard | null };
  /** Primary first, then by name. */
  readonly peers: readonly Peer[];
}

/** Values that a flag or an input sets above file and environment; undefined where the user said nothing. */
export interface ConfigOverrides {
  /** Path of the configuration file, relative to the working directory. */
  readonly config?: string | undefined;
  /** YAML text of further peers (Action input `peers`). */
  readonly peers?: string | undefined;
  readonly syncMode?: SyncMode | undefined;
  readonly remote?: string | undefined;
  readonly sovereignty?: Tier | undefined;
  readonly conflictStrategy?: ConflictStrategy | undefined;
  readonly dirty?: DirtyPolicy | undefined;
  /** Plain http beyond loopback. */
  readonly allowInsecure?: boolean | undefined;
  readonly dolthubHost?: string | undefined;
}
