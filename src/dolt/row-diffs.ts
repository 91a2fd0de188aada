import type { Cells } from './cell.ts';
import type { ResultTable, Sql } from './sql.ts';

/** One row that differs between two commits, with the columns that each of them has. */
export interface RowDiff {
  readonly from: Cells | null;
  readonly to: Cells | null;
}

/**
 * All rows of a table that differ between two commits. The columns are identified by their position, because a column
 * named `commit` or `commit_date` has the same name in `dolt_diff()` as one of Dolt's own. That holds for `SELECT *`
 * without a condition only: with one, Dolt 2.3.0 fills both columns of a name with the value of the last (measured).
 */
export async function rowDiffs(
  sql: Sql,
  range: { readonly from: string; readonly to: string },
  table: string,
): Promise<RowDiff[]> {
  return rowDiffsOf(await sql.table('SELECT * FROM dolt_diff(?, ?, ?)', [range.from, range.to, table]));
}

/**
 * Takes a result of `dolt_diff()` apart. Its columns are: `to_` and each column of the later commit, `to_commit`,
 * `to_commit_date`, the same with `from_`, and `diff_type`.
 */
export function rowDiffsOf({ columns, rows }: ResultTable): RowDiff[] {
  const found = columns.findIndex((name) => name.startsWith('from_'));
  const split = found === -1 ? columns.length - 1 : found;
  const last = columns.length - 1;
  const cells = (row: readonly (string | null)[], start: number, end: number): Cells => {
    const prefix = start === 0 ? 'to_'.length : 'from_'.length;
    return Object.fromEntries(
      columns.slice(start, end).map((name, index) => [name.slice(prefix), row[start + index] ?? null]),
    );
  };
  return rows.map((row) => ({
    to: row[last] === 'removed' ? null : cells(row, 0, split - SYSTEM_COLUMNS),
    from: row[last] === 'added' ? null : cells(row, split, last - SYSTEM_COLUMNS),
  }));
}

/** The commit and its date, after the columns of each side. */
const SYSTEM_COLUMNS = 2;
