import { z } from 'zod';
import type { Sql } from './sql.ts';

/** One table that differs between two commits. */
export interface TableChange {
  /** Its name in the first commit; null where it is new. */
  readonly from: string | null;
  /** Its name in the second commit; null where it was dropped. */
  readonly to: string | null;
  readonly dataChanged: boolean;
  readonly definitionChanged: boolean;
  /** False where the primary key is another one, so that no row of one commit belongs to a row of the other. */
  readonly comparable: boolean;
}

const flag = z.coerce.number().transform((value) => value !== 0);
const names = { from_table_name: z.string(), to_table_name: z.string() };
const summaryRow = z.object({ ...names, data_change: flag, schema_change: flag });
const schemaRow = z.object(names);

/**
 * The tables that differ between two commits, each once. `dolt_diff_summary` alone does not do: on Dolt 2.3.0 it is
 * silent about a table whose primary key is another one, dropped and made anew included, which `dolt_schema_diff` lists.
 */
export async function tableChanges(sql: Sql, from: string, to: string): Promise<TableChange[]> {
  const summary = await sql.rows(
    summaryRow,
    'SELECT from_table_name, to_table_name, data_change, schema_change FROM dolt_diff_summary(?, ?)',
    [from, to],
  );
  const schemas = await sql.rows(schemaRow, 'SELECT from_table_name, to_table_name FROM dolt_schema_diff(?, ?)', [
    from,
    to,
  ]);
  const told = summary.map((row) => ({
    ...namesOf(row),
    dataChanged: row.data_change,
    definitionChanged: row.schema_change,
    comparable: true,
  }));
  const untold = schemas
    .filter((row) => !summary.some((other) => pair(other) === pair(row)))
    .map((row) => ({ ...namesOf(row), dataChanged: true, definitionChanged: true, comparable: false }));
  return [...told, ...untold];
}

type Names = z.infer<typeof schemaRow>;

function namesOf(row: Names): Pick<TableChange, 'from' | 'to'> {
  return { from: row.from_table_name || null, to: row.to_table_name || null };
}

function pair(row: Names): string {
  return JSON.stringify([row.from_table_name, row.to_table_name]);
}
