import type { DrillKind, RunStatus } from '../contract/vocabulary.ts';

/** What is known about the backup at one peer. */
interface Known {
  /** Whether the peer failed, a failed drill included. */
  readonly failed: boolean;
  /** Whether the push was verified by reading. */
  readonly verified: boolean;
  readonly drill: DrillKind;
}

/** Whether a peer counts as a copy: it has the commit, and a drill that was made has proven it. */
export function isCopy({ failed, verified, drill }: Known): boolean {
  return !failed && verified && (drill === 'proven' || drill === 'skipped');
}

/**
 * The status of a run. With `require-copies` the number of copies decides, whatever became of the others. Without it,
 * every peer must have the commit; a backup that a drill could not read fails nothing then.
 * @param status of the run as its peers give it
 * @param required how many copies are needed; null: every peer
 */
export function backupStatus(
  status: RunStatus,
  {
    copies,
    required,
    changed,
  }: { readonly copies: number; readonly required: number | null; readonly changed: boolean },
): RunStatus {
  if (required !== null) {
    if (copies < required) return 'failed';
    return changed ? 'success' : 'unchanged';
  }
  return status === 'unchanged' && changed ? 'success' : status;
}
