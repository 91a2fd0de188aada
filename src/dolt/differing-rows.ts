import { z } from 'zod';
import type { HeldRow } from '../contract/result.ts';
import { cellSchema } from './cell.ts';
import { hasShadowedDiff } from './readability.ts';
import type { Sql } from './sql.ts';

/** A message has room for a few rows; whoever wants all asks Dolt. */
const SHOWN_ROWS = 5;

const row = z.record(z.string(), cellSchema);
const countRow = z.object({ n: z.coerce.number().int() });

interface Range {
  readonly from: string;
  readonly to: string;
}

/** Which rows of a difference to show. */
export interface RowChoice {
  /** Name of the table in the second commit, or in the first where it was dropped. */
  readonly table: string;
  /** Names of the columns that make the key. */
  readonly keys: readonly string[];
  /** A condition on the columns of `dolt_diff`, with its parameters. */
  readonly where: string;
  readonly parameters?: readonly string[];
  /** The column whose new value is shown with the row. */
  readonly column?: string;
}

/** How many rows that differ between two commits a condition names. */
export async function countDifferingRows(sql: Sql, range: Range, choice: RowChoice): Promise<number> {
  const [found] = await sql.rows(countRow, `SELECT COUNT(*) AS n ${source(choice)}`, parametersOf(range, choice));
  return found?.n ?? 0;
}

/**
 * The first rows that differ between two commits and that a condition names. None of a table whose key has a namesake in
 * `dolt_diff()`: its values cannot be read beside a condition (see `rowDiffs`). They are counted all the same.
 */
export async function differingRows(sql: Sql, range: Range, choice: RowChoice): Promise<HeldRow[]> {
  const { table, keys, column = null } = choice;
  if (hasShadowedDiff(keys)) return [];
  const statement = `SELECT * ${source(choice)} LIMIT ${SHOWN_ROWS}`;
  const rows = await sql.rows(row, statement, parametersOf(range, choice));
  return rows.map((cells) => ({
    table,
    key: Object.fromEntries(keys.map((name) => [name, cells[`to_${name}`] ?? cells[`from_${name}`] ?? null])),
    column,
    value: column === null ? null : (cells[`to_${column}`] ?? null),
  }));
}

function source({ where }: RowChoice): string {
  return `FROM dolt_diff(?, ?, ?) WHERE ${where}`;
}

function parametersOf(range: Range, { table, parameters = [] }: RowChoice): string[] {
  return [range.from, range.to, table, ...parameters];
}
