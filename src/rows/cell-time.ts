import type { RowWrite } from '../dolt/row-writes.ts';
import { instant } from './instant.ts';

/** Columns that say when a row was written, the first that holds a time counts; else the commit's date does. */
export const TIME_COLUMNS: readonly string[] = ['updated_at', 'modified_at'];

interface Cell {
  readonly column: string;
  readonly value: string | null;
  /** Those of TIME_COLUMNS that the table has and that hold times. */
  readonly timeColumns: readonly string[];
  /** Whether one commit reaches another. */
  readonly reaches: (commit: string, ancestor: string) => Promise<boolean>;
}

/**
 * When a cell got the value that it has at a head: the time of the newest commit that gave it. Merges repeat what others
 * wrote, so they count only where nothing else explains the value. Of several commits that gave it, one that was
 * written over later does not count, and of concurrent ones the latest time does.
 * @param writes every commit reachable from the head that wrote the row
 * @returns null where no commit explains the value
 */
export async function cellTime(writes: readonly RowWrite[], cell: Cell): Promise<string | null> {
  const { column, value } = cell;
  const changes = writes.filter(({ from, to }) => from === null || from[column] !== to[column]);
  const genuine = changes.filter((write) => !write.isMerge);
  const giving = (among: readonly RowWrite[]): RowWrite[] => among.filter(({ to }) => (to[column] ?? null) === value);
  const plain = giving(genuine);
  const standing = plain.length > 0 ? await notSuperseded(plain, genuine, cell.reaches) : giving(changes);
  const times = standing.map((write) => writeTime(write, cell.timeColumns));
  return times.sort().at(-1) ?? null;
}

async function notSuperseded(
  candidates: readonly RowWrite[],
  changes: readonly RowWrite[],
  reaches: Cell['reaches'],
): Promise<readonly RowWrite[]> {
  if (candidates.length < 2) return candidates;
  const standing: RowWrite[] = [];
  const newestFirst = [...changes].sort((a, b) => (a.date < b.date ? 1 : -1));
  for (const candidate of candidates) {
    if (!(await isSuperseded(candidate, newestFirst, reaches))) standing.push(candidate);
  }
  return standing.length > 0 ? standing : candidates;
}

async function isSuperseded(
  candidate: RowWrite,
  newestFirst: readonly RowWrite[],
  reaches: Cell['reaches'],
): Promise<boolean> {
  for (const change of newestFirst) {
    // A commit that is older by its date does not come after this one; asking would cost a walk through the history.
    if (change.date < candidate.date) return false;
    if (change.commit !== candidate.commit && (await reaches(change.commit, candidate.commit))) return true;
  }
  return false;
}

function writeTime(write: RowWrite, timeColumns: readonly string[]): string {
  for (const column of timeColumns) {
    const time = write.to[column] ?? null;
    if (time !== null) return instant(time);
  }
  return instant(write.date);
}
