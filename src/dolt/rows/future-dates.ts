import { z } from 'zod';
import type { Column } from '../schema/columns.ts';
import { folded } from '../sql/identifier.ts';
import type { Sql } from '../sql/sql.ts';

/**
 * Columns with the time of a row's last change. In a table with both, the smaller value counts, or the one that is not
 * NULL.
 */
const TIME_COLUMNS = ['updated_at', 'modified_at'];

const commitsRow = z.object({ n: z.coerce.number().int(), latest: z.string().nullable() });

/** How many commits of a range have a date after a given time, and the latest date. */
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

/** The columns with the time of a row's last change, if they hold dates or text; numbers can mean anything. */
export function timeColumns(columns: readonly Column[]): Column[] {
  return columns.filter(
    ({ name, type }) =>
      TIME_COLUMNS.includes(folded(name)) &&
      /^(?:date|timestamp|char|varchar|\w*text|binary|varbinary|\w*blob)/.test(type),
  );
}

/**
 * A condition for values of a time column after a time, given as its parameter; text that is not a date never matches.
 * @param value an SQL expression for the value
 */
export function isAfter(column: Column, value: string): string {
  return /^(?:date|timestamp)/.test(column.type) ? `${value} > ?` : `CAST(${value} AS DATETIME(6)) > ?`;
}
