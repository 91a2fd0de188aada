import { z } from 'zod';
import { cellSchema } from './cell.ts';
import { columnsAt } from './columns.ts';
import { quoted } from './identifier.ts';
import type { Sql } from './sql.ts';

/** Where beads notes how far a database's tables have been brought (June 2026); the second one is usually ignored. */
export const MIGRATION_TABLES: readonly string[] = ['schema_migrations', 'ignored_schema_migrations'];

const row = z.object({ version: cellSchema });

/** The latest migration that such a table names in a commit; null where it is another program's table, or empty. */
export async function migrationAt(sql: Sql, table: string, commit: string): Promise<string | null> {
  const columns = await columnsAt(sql, table, commit);
  if (!columns.some(({ name }) => name === 'version')) return null;
  const [found] = await sql.rows(row, `SELECT MAX(version) AS version FROM ${quoted(table)} AS OF ?`, [commit]);
  return found?.version ?? null;
}
