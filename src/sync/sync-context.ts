import type { AttributionMode } from '../contract/vocabulary.ts';
import type { Diagnostic } from '../core/diagnostic.ts';
import type { Env } from '../core/env.ts';
import type { ProgressEvent } from '../core/logger.ts';
import type { Engines } from '../dolt/server/engines.ts';
import type { DatabaseRules } from '../rows/table-policy.ts';
import type { TakenBack } from './history/begun-pushes.ts';
import type { StatePlace } from './history/last-verified.ts';
import type { MergeLimits } from './merge/limits.ts';
import type { ServedDatabase } from './served/served-database.ts';

/** Everything that is fixed for one run of `sync`, `pull`, `push` or `status`. Built once, and passed whole. */
export interface SyncContext {
  /** Of the job, whose proxy connections use. */
  readonly env: Env;
  readonly engines: Engines;
  /** The records of the runs on the database. */
  readonly state: StatePlace;
  /** The server that holds the database, so that the engines work on a scratch copy; null: none. */
  readonly served: ServedDatabase | null;
  /** The local branch that is synchronized. */
  readonly branch: string;
  /** `federation.town`, which names our inbox branch at running databases; null: not set. */
  readonly town: string | null;
  /** The rules that the program of the database expects of a merge, if it is its database. */
  readonly rules: DatabaseRules;
  /** Whether what comes in is counted by its source. */
  readonly attribution: AttributionMode;
  /** Tables with uncommitted changes. */
  readonly dirty: readonly string[];
  readonly dryRun: boolean;
  readonly initEmpty: boolean;
  /** Percent of a table's rows that a peer may delete at once. */
  readonly maxDelete: number;
  /** Heads that peers have or had, as far as they are known without reading any. */
  readonly known: readonly string[];
  /** Names of peers that are no part of the run, and of which no head is known. */
  readonly unread: readonly string[];
  /** Local commits that `adopt` may discard. */
  readonly discardLocal: readonly string[];
  /** Maximum retries after a transient error or a lost push race. */
  readonly retries: number;
  /** Time limit of a remote operation in milliseconds, unless the peer sets its own. */
  readonly timeoutMs: number;
  /** How long peers that have answered wait for the others, in milliseconds. */
  readonly fetchWaitMs: number;
  /** The limits for checking and merging each head. */
  readonly limits: MergeLimits;
  /** Peers worked on at the same time. */
  readonly parallel: number;
  readonly signal: AbortSignal;
  readonly onProgress: (event: ProgressEvent) => void;
  /** Receives notices about the run as a whole. */
  readonly notify: (notice: Diagnostic) => void;
}

/** The local side at one moment of a run. */
export interface LocalHead {
  /** The head of the local branch. */
  readonly ours: string;
  /** Former commits of the branch; a peer that still has one would bring it back. */
  readonly dropped: readonly string[];
  /** Commits of this run that a remote has; they must be kept like ours. */
  readonly accepted: readonly string[];
  /** Commits that a run which ended early may have pushed, and that the peer which made them took back since. */
  readonly takenBack: readonly TakenBack[];
}
