import type { Accept, ConflictStrategy, Role, Tier } from '../contract/vocabulary.ts';
import type { Env } from '../core/env.ts';
import type { Location } from '../core/failure.ts';
import type { SettingOverrides, Settings } from './settings.ts';
import type { Redirect } from './workspace/redirect.ts';

/** The layer that set a value, low to high: default, file, environment, input (an Action input or a CLI flag). */
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

/** The setting that forbids pushing: a key of beads in the same file or its variable, or `federation.push: false`. */
export interface PushGuard {
  /** `readonly` forbids every write, as it does in bd. */
  readonly key: 'no-push' | 'dolt.local-only' | 'readonly' | 'federation.push';
  readonly origin: Origin;
}

/** An endpoint that passed the grammar. */
export interface Endpoint {
  /** As the user wrote it. */
  readonly written: string;
  /** Lower-case scheme and host, no default port; compared with patterns. */
  readonly canonical: string;
  /** The URL for `dolt remote add`. */
  readonly dolt: string;
  readonly kind: 'file' | 'http' | 'dolthub' | 'gs' | 's3' | 'aws' | 'ssh' | 'git' | 'az' | 'oci';
  /** Absolute, percent-decoded folder of a `file` endpoint; null for all others. */
  readonly folder: string | null;
}

/** Address of an S3-compatible service, from a peer's `aws` and the query of its endpoint; null: not set. */
export interface AwsSettings {
  readonly region: string | null;
  /** Profile of the user's AWS configuration. */
  readonly profile: string | null;
  /** `https://host` or `http://host`, without a path. */
  readonly endpoint: string | null;
  readonly pathStyle: boolean | null;
  /** Table that holds the manifest if Dolt has no `s3://`; see `doltUrl`. */
  readonly dynamodbTable: string | null;
}

export interface Peer {
  /** `origin` for the primary of `federation.remote`. */
  readonly name: string;
  readonly endpoint: Endpoint;
  /** The same for the same place only, also where two services have places of that name; see `dataPlaceOf`. */
  readonly dataPlace: string;
  readonly role: Role;
  /** The strictest of the peer's own tier and the federation's, unless the peer has `lower-tier: true`. */
  readonly tier: Tier;
  /** null: the branch of the run. */
  readonly branch: string | null;
  /** How conflicts with this peer are resolved: its own strategy, else the one of the run. */
  readonly strategy: ConflictStrategy;
  /** The changes of this peer that the check before a merge accepts. */
  readonly accept: readonly Accept[];
  /** Patterns of the systems whose rows the peer may add, change and delete; null: it may change everything. */
  readonly trust: readonly string[] | null;
  /** Full name of the git ref that holds the data; null: Dolt's default, `refs/dolt/data`. Git remotes only. */
  readonly ref: string | null;
  /** User name for the peer's server. Remotes over https only. */
  readonly user: string | null;
  /**
   * `true`: the remote is a running database, and a push goes to an inbox branch there · `false`: a remote that no
   * program works in · null: unknown from configuration and kind of remote.
   */
  readonly live: boolean | null;
  /** null for remotes other than `s3` and `aws`, and if nothing is set. */
  readonly aws: AwsSettings | null;
  /** More hosts that its server may name: lower case, with a port if only that one is allowed. */
  readonly allowedHosts: readonly string[];
  /** Time limit of one fetch or push, in milliseconds; null: the run's. */
  readonly timeout: number | null;
  readonly origin: Origin;
}

/** Which `inbox/*` branches of our own database are merged: all, those of the named databases, or none. */
export type InboxRule = boolean | readonly string[];

/** The effective configuration of one run: every value parsed and validated, with its origin. */
export interface Configuration extends Omit<Settings, 'push'> {
  /** Absolute path of the file; null if there is none. */
  readonly file: string | null;
  /** Absolute path of the `.beads` folder of the run; null outside a beads workspace. */
  readonly workspace: string | null;
  /** The redirect that led to the workspace, or that bd ignores there; null: none. */
  readonly redirect: Redirect | null;
  /** The variables in the `.env` of the workspace, which bd reads beneath its own environment. */
  readonly bdEnv: Env;
  /** Whether pushing is allowed; if not, `guard` says what forbids it. */
  readonly push: Sourced<boolean> & { readonly guard: PushGuard | null };
  /** Primary first, then by name. */
  readonly peers: readonly Peer[];
}

/** Values that a flag or an input sets; they override file and environment. Undefined if not given. */
export interface ConfigOverrides extends SettingOverrides {
  /** Path of the configuration file, relative to the working directory. */
  readonly config?: string | undefined;
  /** YAML text of further peers (Action input `peers`). */
  readonly peers?: string | undefined;
  /** Plain http beyond loopback. */
  readonly allowInsecure?: boolean | undefined;
  readonly dolthubHost?: string | undefined;
}
