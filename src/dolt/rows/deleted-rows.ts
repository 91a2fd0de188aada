import { z } from 'zod';
import { differenceCounts, differences } from '../sql/differences.ts';
import { quoted } from '../sql/identifier.ts';
import type { Sql } from '../sql/sql.ts';

/** How much of a table was deleted. */
export interface DeletedRows {
  /** Rows of the first commit. */
  readonly before: number;
  /** Rows whose key the second commit lacks. */
  readonly deleted: number;
}

const count = z.coerce.number().int();
const countRow = z.object({ n: count });
const statRow = z.object({ rows_deleted: count, old_row_count: count.nullable() });

/**
 * How many rows of a table another commit deletes, computed from the difference if Dolt can. It cannot if the primary
 * key changed (Dolt 2.3.0: `primary key set changed`); then no row has a successor.
 * @param table its names in the two commits, and the result of `tableChanges` for its rows
 */
export async function deletedRows(
  sql: Sql,
  range: { readonly from: string; readonly to: string },
  table: {
    readonly from: string;
    readonly to: string;
    readonly comparable: boolean;
    readonly recreated: boolean;
  },
): Promise<DeletedRows> {
  if (!table.comparable) {
    const before = await countRowsAt(sql, table.from, range.from);
    return { before, deleted: before };
  }
  const source = await differences(sql, range, table.to);
  const counts = table.recreated ? null : await differenceCounts(sql, range, table.to);
  if (counts === null) {
    const statement = `SELECT COUNT(*) AS n FROM ${source.text} WHERE diff_type = 'removed'`;
    const [removed] = await sql.rows(countRow, statement, source.values);
    return { before: await countRowsAt(sql, table.from, range.from), deleted: removed?.n ?? 0 };
  }
  const [stat] = await sql.rows(statRow, `SELECT rows_deleted, old_row_count FROM ${counts.text}`, counts.values);
  if (stat === undefined || stat.rows_deleted === 0) return { before: 0, deleted: 0 };
  // A table without a primary key has no `old_row_count`.
  return { before: stat.old_row_count ?? (await countRowsAt(sql, table.from, range.from)), deleted: stat.rows_deleted };
}

/** How many rows a table has at a commit. */
export async function countRowsAt(sql: Sql, table: string, commit: string): Promise<number> {
  const [row] = await sql.rows(countRow, `SELECT COUNT(*) AS n FROM ${quoted(table)} AS OF ?`, [commit]);
  return row?.n ?? 0;
}
