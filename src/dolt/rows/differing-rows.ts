import { z } from 'zod';
import type { BlockedRow } from '../../contract/result.ts';
import { hasShadowedDiff } from '../schema/readability.ts';
import { type Cells, cellSchema } from '../sql/cell.ts';
import { differences, type Source } from '../sql/differences.ts';
import { quoted } from '../sql/identifier.ts';
import type { ResultTable, Sql } from '../sql/sql.ts';

/** A message shows a few rows; Dolt can list them all. */
export const SHOWN_ROWS = 5;

const row = z.record(z.string(), cellSchema);
const countRow = z.object({ n: z.coerce.number().int() });

interface Range {
  readonly from: string;
  readonly to: string;
}

/** Which rows of a difference to show. */
export interface RowChoice {
  /** Name of the table in the second commit, or in the first if it was dropped. */
  readonly table: string;
  /** Names of the key columns. */
  readonly keys: readonly string[];
  /** A condition on the columns of `dolt_diff`, with its parameters. */
  readonly where: string;
  readonly parameters?: readonly string[];
  /** The column whose new value is shown with the row. */
  readonly column?: string;
}

/** How many rows that differ between two commits match a condition. */
export async function countDifferingRows(sql: Sql, range: Range, choice: RowChoice): Promise<number> {
  const { text, values } = await clause(sql, range, choice);
  const [found] = await sql.rows(countRow, `SELECT COUNT(*) AS n ${text}`, values);
  return found?.n ?? 0;
}

/**
 * The first rows that differ between two commits and match a condition. Empty if a key column has the name of a
 * `dolt_diff()` column: its values cannot be read beside a condition (see `rowDiffs`). Such rows are still counted.
 */
export async function differingRows(sql: Sql, range: Range, choice: RowChoice): Promise<BlockedRow[]> {
  const { table, keys, column = null } = choice;
  if (hasShadowedDiff(keys)) return [];
  const { text, values } = await clause(sql, range, choice);
  const rows = await sql.rows(row, `SELECT * ${text} LIMIT ${SHOWN_ROWS}`, values);
  return rows.map((cells) => ({
    table,
    key: Object.fromEntries(keys.map((name) => [name, cells[`to_${name}`] ?? cells[`from_${name}`] ?? null])),
    column,
    value: column === null ? null : (cells[`to_${column}`] ?? null),
  }));
}

/** The keys of all of these rows; null if they cannot be read. */
export async function differingKeys(sql: Sql, range: Range, choice: RowChoice): Promise<Cells[] | null> {
  const { keys } = choice;
  if (hasShadowedDiff(keys)) return null;
  const names = keys.map((name) => `COALESCE(${quoted(`to_${name}`)}, ${quoted(`from_${name}`)}) AS ${quoted(name)}`);
  const { text, values } = await clause(sql, range, choice);
  return await sql.rows(row, `SELECT ${names.join(', ')} ${text}`, values);
}

async function clause(sql: Sql, range: Range, { table, where, parameters = [] }: RowChoice): Promise<Source> {
  const { text, values } = await differences(sql, range, table);
  return { text: `FROM ${text} WHERE ${where}`, values: [...values, ...parameters] };
}

/** One row that differs between two commits, with the columns of each commit. */
export interface RowDiff {
  readonly from: Cells | null;
  readonly to: Cells | null;
}

/**
 * All rows of a table that differ between two commits. Columns are identified by position, because a column named
 * `commit` or `commit_date` has the same name in `dolt_diff()` as one of Dolt's own. This only works for `SELECT *`
 * without a condition: with one, Dolt 2.3.0 fills both columns of a name with the value of the last (measured).
 */
export async function rowDiffs(
  sql: Sql,
  range: { readonly from: string; readonly to: string },
  table: string,
): Promise<RowDiff[]> {
  const { text, values } = await differences(sql, range, table);
  return rowDiffsOf(await sql.table(`SELECT * FROM ${text}`, values));
}

/**
 * Parses a result of `dolt_diff()`. Its columns are: `to_` and each column of the later commit, `to_commit`,
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
