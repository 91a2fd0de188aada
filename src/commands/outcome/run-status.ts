import type { ErrorCode } from '../../contract/error-codes.ts';
import { ERRORS } from '../../contract/error-codes.ts';
import { EXIT } from '../../contract/exit-codes.ts';
import type { PeerStatus, RunStatus } from '../../contract/vocabulary.ts';

interface PeerOutcome {
  /** null: took no part. */
  readonly actions: object | null;
  readonly failure: { readonly code: ErrorCode } | null;
  readonly conflicts: readonly { readonly left: boolean }[];
  readonly pulledCommits: number;
  readonly pushedCommits: number;
  /** Whether the peer's branch was replaced, perhaps by an older commit. */
  readonly replaced: object | null;
  /** Whether our branch was replaced by the peer's. */
  readonly adopted: object | null;
}

/** The status of one peer's run. */
export function peerStatus(run: PeerOutcome): PeerStatus {
  if (run.actions === null) return 'skipped';
  if (run.failure !== null) return ERRORS[run.failure.code].exit === EXIT.conflict ? 'conflict' : 'failed';
  if (run.conflicts.some(({ left }) => left)) return 'conflict';
  const isPushed = run.pushedCommits > 0 || run.replaced !== null;
  if (run.pulledCommits > 0 || run.adopted !== null) return isPushed ? 'synced' : 'pulled';
  return isPushed ? 'pushed' : 'unchanged';
}

/**
 * The status of a whole run.
 * @param run.moved whether our own branch moved
 * @param run.halfDone whether a failed peer was fetched and merged, and only its push was refused
 * @param run.exportFailed whether the JSONL file could not be written or committed
 * @param run.unsaved how many commits are lost with the machine because no peer has them
 */
export function runStatus(
  peers: readonly PeerStatus[],
  {
    moved,
    unsaved,
    halfDone = false,
    exportFailed = false,
  }: {
    readonly moved: boolean;
    readonly unsaved: number;
    readonly halfDone?: boolean;
    readonly exportFailed?: boolean;
  },
): RunStatus {
  if (unsaved > 0) return 'failed';
  const taking = peers.filter((status) => status !== 'skipped');
  if (taking.length > 0 && taking.every((status) => status === 'failed')) return halfDone ? 'partial' : 'failed';
  if (taking.includes('conflict')) return 'conflict';
  if (taking.includes('failed') || exportFailed) return 'partial';
  return moved || taking.some((status) => status !== 'unchanged') ? 'success' : 'unchanged';
}
