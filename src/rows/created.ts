import type { Cells } from '../dolt/cell.ts';
import type { RowWrite } from '../dolt/row-writes.ts';
import type { TableShape } from '../dolt/table-shape.ts';
import { instant } from './instant.ts';

/** When a row says that it was created, or null where it does not. */
export function createdAt(shape: TableShape, cells: Cells | null): string | null {
  const column = shape.columns.find(({ name }) => name === 'created_at');
  const value = cells?.['created_at'] ?? null;
  const isTime = column?.type === 'datetime' || column?.type === 'timestamp' || column?.type === 'date';
  return isTime && value !== null ? instant(value) : null;
}

/**
 * The date of the first commit that added a row, or null where none did. A row that existed before and was deleted
 * begins anew.
 * @param isOld whether a commit belongs to what both heads had before
 */
export async function firstCommit(
  writes: readonly RowWrite[],
  isOld: (commit: string) => Promise<boolean>,
): Promise<string | null> {
  const dates: string[] = [];
  for (const { from, isMerge, commit, date } of writes) {
    if (from === null && !isMerge && !(await isOld(commit))) dates.push(instant(date));
  }
  return dates.sort().at(0) ?? null;
}
