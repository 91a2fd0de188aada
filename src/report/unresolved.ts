import type { PeerResult, RunResult } from '../contract/result.ts';
import { counted } from '../core/text.ts';

/** The lines of a report about rows that need a decision; null: none. */
interface UnresolvedNotice {
  readonly count: string | null;
  /** Names the conflicts file, whose values must not appear. */
  readonly file: string | null;
}

/**
 * Whether a run merged rows that a person must decide about. Later runs do not report them: only a merge that was undone, or
 * only planned, is met again.
 */
export function needsDecision(
  { conflicts }: Pick<PeerResult, 'conflicts'>,
  { dryRun }: Pick<RunResult, 'dryRun'>,
): boolean {
  return dryRun !== true && conflicts.some(({ left, resolution }) => left && resolution !== 'undone');
}

/** @param show how the report shows a path */
export function unresolvedNotice(
  { conflictsPath, open = 0 }: Pick<RunResult, 'conflictsPath' | 'open'>,
  show: (path: string) => string,
): UnresolvedNotice {
  return {
    count: open === 0 ? null : `${counted(open, 'row')} of this and earlier runs: decision needed`,
    file: conflictsPath === undefined ? null : `Rows that need a decision are in ${show(conflictsPath)}`,
  };
}
