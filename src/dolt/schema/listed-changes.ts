import { z } from 'zod';
import { isDoltTable } from '../sql/identifier.ts';
import { remembered } from '../sql/remembered.ts';
import type { Sql } from '../sql/sql.ts';

const flag = z.coerce.number().transform((value) => value !== 0);
const names = { from_table_name: z.string(), to_table_name: z.string() };
const summaryRow = z.object({ ...names, data_change: flag, schema_change: flag });

/** The names of a table in two revisions, as Dolt lists them; empty: it is not there. */
export const namesRow = z.object(names);
export type Names = z.infer<typeof namesRow>;

/** The same; null: it is not there. */
export interface Ends {
  readonly from: string | null;
  readonly to: string | null;
}

/** The tables that `dolt_diff_summary` lists, those of Dolt and a changed collation included. */
export const summaryOf = remembered(
  2,
  async (sql, from: string, to: string): Promise<readonly z.infer<typeof summaryRow>[]> =>
    await sql.rows(
      summaryRow,
      'SELECT from_table_name, to_table_name, data_change, schema_change FROM dolt_diff_summary(?, ?)',
      [from, to],
    ),
);

/** The names of those of the tables that `dolt_diff_summary` lists: much less to read, and renamed ones are among them. */
export async function listedChanges(sql: Sql, from: string, to: string): Promise<Ends[]> {
  return (await summaryOf(sql, from, to)).filter(isTable).flatMap(apart).map(namesOf);
}

/** A real table of such a name is found by its hash. */
export function isTable({ to_table_name }: Names): boolean {
  return !isCollation(to_table_name);
}

/** Dolt 2.3.0 (measured) lists a changed collation of the database as a table of this name. */
export function isCollation(table: string): boolean {
  return table.startsWith('__DATABASE__');
}

/**
 * Dolt takes a table for the one of another name where their columns have the same tags, which a user can set. Between a
 * user's table and one of Dolt's own that hides that the one is gone, or new.
 */
export function apart<T extends Names>(row: T): T[] {
  const { from_table_name: from, to_table_name: to } = row;
  if (from === '' || to === '' || isDoltTable(from) === isDoltTable(to)) return [row];
  return [
    { ...row, to_table_name: '' },
    { ...row, from_table_name: '' },
  ];
}

export function namesOf(row: Names): Ends {
  return { from: row.from_table_name || null, to: row.to_table_name || null };
}
