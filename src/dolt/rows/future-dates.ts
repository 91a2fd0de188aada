import { z } from 'zod';
import type { Column } from '../schema/columns.ts';
import { quoted } from '../sql/identifier.ts';
import type { Sql } from '../sql/sql.ts';

/** Columns that say when a row was last changed. In a table with both the smaller value counts, or the one that is not NULL. */
const TIME_COLUMNS = ['updated_at', 'modified_at'];

const countRow = z.object({ n: z.coerce.number().int() });
const commitsRow = z.object({ n: z.coerce.number().int(), latest: z.string().nullable() });

/** How many commits of a range are dated after a moment, and the latest of their dates. */
export async function commitsAfter(
  sql: Sql,
  range: { readonly from: string; readonly to: string },
  limit: string,
): Promise<{ readonly count: number; readonly latest: string } | null> {
  const [row] = await sql.rows(
    commitsRow,
    "SELECT COUNT(*) AS n, DATE_FORMAT(MAX(date), '%Y-%m-%d %H:%i:%s') AS latest FROM dolt_log(?) WHERE date > ?",
    [`${range.from}..${range.to}`, limit],
  );
  return row === undefined || row.n === 0 ? null : { count: row.n, latest: row.latest ?? '' };
}

/** The columns that say when a row was changed, where they hold dates or text; numbers can mean anything. */
export function timeColumns(columns: readonly Column[]): Column[] {
  return columns.filter(
    ({ name, type }) =>
      TIME_COLUMNS.includes(name.toLowerCase()) && /^(?:date|timestamp|char|varchar|\w*text)/.test(type),
  );
}

/**
 * The condition that finds values of a time column after a moment, which is its parameter; text that is no date never
 * is. `prefix` is what the column's name begins with: `to_` in a `dolt_diff`.
 */
export function isAfter(column: Column, prefix: '' | 'to_'): string {
  const value = quoted(`${prefix}${column.name}`);
  return /^(?:date|timestamp)/.test(column.type) ? `${value} > ?` : `CAST(${value} AS DATETIME(6)) > ?`;
}

/** How many rows of a table have a time after a moment; reads all of them. */
export async function countRowsAfter(
  sql: Sql,
  rows: { readonly table: string; readonly commit: string; readonly column: Column; readonly limit: string },
): Promise<number> {
  const [row] = await sql.rows(
    countRow,
    `SELECT COUNT(*) AS n FROM ${quoted(rows.table)} AS OF ? WHERE ${isAfter(rows.column, '')}`,
    [rows.commit, rows.limit],
  );
  return row?.n ?? 0;
}
