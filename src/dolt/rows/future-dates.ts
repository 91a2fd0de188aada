import { z } from 'zod';
import { Failure } from '../../core/failure.ts';
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

const hashRow = z.object({ hash: z.string() });

/**
 * Refuses commits with a date outside the years 1 to 9999. Dolt 2.3.0 accepts one with an offset, such as
 * `0000-01-01T00:00:00+14:00`, and then cannot read it: every later merge and query of the log fails (measured).
 * @throws Failure `dolt-defect`, which no `accept` lifts
 */
export async function refuseUnreadableDates(
  sql: Sql,
  range: { readonly from: string; readonly to: string },
): Promise<void> {
  const [found] = await sql.rows(
    hashRow,
    'SELECT commit_hash AS hash FROM dolt_log(?) WHERE YEAR(date) NOT BETWEEN 1 AND 9999 LIMIT 1',
    [`${range.from}..${range.to}`],
  );
  if (found === undefined) return;
  throw new Failure('dolt-defect', `this Dolt cannot read the date of the commit ${found.hash}`, {
    hint: 'Make the commit again with another date on the side that has it, then run again. No `accept` allows this.',
  });
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
