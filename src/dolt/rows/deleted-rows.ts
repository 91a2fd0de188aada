import { z } from 'zod';
import { Failure } from '../../core/failure.ts';
import { plain } from '../../core/text.ts';
import { crashesDiff, shifts, type TableDefinition } from '../schema/readability.ts';
import { quoted } from '../sql/identifier.ts';
import type { Sql } from '../sql/sql.ts';
import { tableDefinitionAt } from './open-merge-table.ts';

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
  const versions = await versionsOf(sql, range, table);
  if (versions.some(crashesDiff)) throw uncomparable(table.to);
  if (table.recreated || versions.some((version) => shifts(version).length > 0)) {
    const statement = "SELECT COUNT(*) AS n FROM dolt_diff(?, ?, ?) WHERE diff_type = 'removed'";
    const [removed] = await sql.rows(countRow, statement, [range.from, range.to, table.to]);
    return { before: await countRowsAt(sql, table.from, range.from), deleted: removed?.n ?? 0 };
  }
  const [stat] = await sql.rows(statRow, 'SELECT rows_deleted, old_row_count FROM dolt_diff_stat(?, ?, ?)', [
    range.from,
    range.to,
    table.to,
  ]);
  if (stat === undefined || stat.rows_deleted === 0) return { before: 0, deleted: 0 };
  // A table without a primary key has no `old_row_count`.
  return { before: stat.old_row_count ?? (await countRowsAt(sql, table.from, range.from)), deleted: stat.rows_deleted };
}

function uncomparable(table: string): Failure {
  const message = plain(`this Dolt cannot compare the rows of ${table}, which has no primary key and a VIRTUAL column`);
  return new Failure('dolt-defect', message, {
    hint: 'On the side that changed it, add a primary key to the table, or make the column STORED. Commit, then run again.',
  });
}

/** `dolt_diff_stat` crashes the engine if a VIRTUAL or hidden column precedes others (Dolt 2.3.0, measured). */
export async function isShifted(
  sql: Sql,
  range: { readonly from: string; readonly to: string },
  table: { readonly from: string; readonly to: string },
): Promise<boolean> {
  return (await versionsOf(sql, range, table)).some((version) => shifts(version).length > 0);
}

/** The definitions of a table at two commits. */
export async function versionsOf(
  sql: Sql,
  range: { readonly from: string; readonly to: string },
  table: { readonly from: string; readonly to: string },
): Promise<readonly TableDefinition[]> {
  const before = await tableDefinitionAt(sql, table.from, range.from);
  const after = await tableDefinitionAt(sql, table.to, range.to);
  return [before, after].flatMap((version) => version ?? []);
}

/** How many rows a table has at a commit. */
export async function countRowsAt(sql: Sql, table: string, commit: string): Promise<number> {
  const [row] = await sql.rows(countRow, `SELECT COUNT(*) AS n FROM ${quoted(table)} AS OF ?`, [commit]);
  return row?.n ?? 0;
}
