import type { Diagnostic } from '../core/diagnostic.ts';
import type { PeerEvent } from '../core/logger.ts';
import type { Engines } from '../dolt/server/engines.ts';
import type { MergeLimits } from './merge/limits.ts';

/** What holds for a whole run of `sync`, `pull`, `push` or `status`. Built once, and passed on whole. */
export interface SyncContext {
  readonly engines: Engines;
  /** The local branch that is synchronized. */
  readonly branch: string;
  /** `federation.town`, which names our inbox branch at running databases; null: not set. */
  readonly town: string | null;
  /** Tables with uncommitted changes. */
  readonly dirty: readonly string[];
  readonly dryRun: boolean;
  readonly initEmpty: boolean;
  /** Percent of a table's rows that a peer may delete at once. */
  readonly maxDelete: number;
  /** Every head that is remembered of any peer for the branch. */
  readonly known: readonly string[];
  /** Local commits that `adopt` may lose. */
  readonly discardLocal: readonly string[];
  /** Maximum retries after a transient error or a lost push race. */
  readonly retries: number;
  /** How long a remote operation may take, in milliseconds, where the peer does not say. */
  readonly timeoutMs: number;
  /** What checking and merging each head may take. */
  readonly limits: MergeLimits;
  /** Peers worked on at the same time. */
  readonly parallel: number;
  readonly signal: AbortSignal;
  readonly progress: (event: PeerEvent) => void;
  /** Takes what concerns the run as a whole. */
  readonly notify: (notice: Diagnostic) => void;
}

/** The local side at one moment of a run. */
export interface LocalHead {
  /** The commit that the local branch points at. */
  readonly ours: string;
  /** Commits that the branch gave up; a peer that still has one would bring it back. */
  readonly dropped: readonly string[];
  /** Commits of this run that a remote has taken: heads like ours. */
  readonly accepted: readonly string[];
}
