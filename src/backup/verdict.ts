import type { DrillKind, DrillMode, RunStatus } from '../contract/vocabulary.ts';

/** Facts about the backup at one peer. */
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

/** The result of the drill of a peer, and whether the peer failed. */
type Found = Pick<Known, 'failed' | 'drill'>;

/**
 * Whether the drill of a peer counts against the run, however many copies there are: the backup differs, or the run
 * drilled it alone and the peer did not serve it.
 */
export function isRefuted({ failed, drill }: Found, mode: DrillMode): boolean {
  return failed && (drill === 'differs' || (drill === 'unproven' && mode === 'rotate'));
}

/**
 * The status of a run. With `require-copies` the number of copies decides, regardless of the others, unless a drill
 * counts against the run. Without it, every peer must have the commit; a backup that may not be read fails nothing then.
 * @param status of the run as its peers give it
 * @param known.required how many copies are needed; null: every peer
 * @param known.refuted whether a drill counts against the run, or could not be made at all
 */
export function backupStatus(
  status: RunStatus,
  known: {
    readonly copies: number;
    readonly required: number | null;
    readonly changed: boolean;
    readonly refuted: boolean;
  },
): RunStatus {
  const { copies, required, changed, refuted } = known;
  if (required !== null && copies < required) return 'failed';
  const reached = required === null ? status : 'unchanged';
  if (reached !== 'unchanged' && reached !== 'success') return reached;
  if (refuted) return 'partial';
  return changed ? 'success' : reached;
}
