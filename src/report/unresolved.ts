import type { RunResult } from '../contract/result.ts';
import { counted } from '../core/text.ts';

/** The lines of a report about rows that need a decision; null: none. */
interface UnresolvedNotice {
  readonly count: string | null;
  /** Names the conflicts file, whose values must not appear. */
  readonly file: string | null;
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
