import { z } from 'zod';
import { atRevision } from '../sql/at-revision.ts';
import { cellSchema } from '../sql/cell.ts';
import { folded, quoted } from '../sql/identifier.ts';
import { remembered } from '../sql/remembered.ts';
import type { Sql } from '../sql/sql.ts';
import { columnsAt } from './columns.ts';
import { shownNames } from './table-shape.ts';

/** A view, trigger, event or procedure in a commit. */
export interface Definition {
  /** As in `dolt_schemas`, or `procedure`. */
  readonly kind: string;
  readonly name: string;
  /** SHA-256 of its text and SQL mode; its creation time does not count. */
  readonly digest: string;
}

const row = z.object({ kind: z.string(), name: z.string(), digest: z.string() });

const READ = {
  dolt_schemas:
    "SELECT type AS kind, name, SHA2(CONCAT_WS('\\n', fragment, sql_mode), 256) AS digest FROM dolt_schemas",
  dolt_procedures:
    "SELECT 'procedure' AS kind, name, SHA2(CONCAT_WS('\\n', create_stmt, sql_mode), 256) AS digest FROM dolt_procedures",
} as const;

/** The tables in which a commit carries code, on Dolt 2.3.0. */
export const CODE_TABLES = Object.keys(READ) as readonly (keyof typeof READ)[];

/** The definitions in one of these tables at a commit; none if it lacks the table (Dolt 2.3.0). */
export async function definitionsAt(
  sql: Sql,
  table: (typeof CODE_TABLES)[number],
  commit: string,
): Promise<readonly Definition[]> {
  return await committedCode(sql, commit, READ[table]);
}

const committedCode = remembered(
  1,
  async (sql, commit: string, statement: string): Promise<readonly Definition[]> =>
    await sql.rows(row, `${statement} AS OF ?`, [commit]),
);

/**
 * The names of the views at a commit, from the catalog of the engine. A view named `dolt_schemas` answers in place of that
 * table, also with AS OF; and `information_schema.views` reads the columns of every view, which can end the engine (Dolt
 * 2.3.0, measured).
 */
export const viewNamesAt = remembered(
  1,
  async (sql, commit: string): Promise<readonly string[]> =>
    await atRevision(sql, commit, (session) => shownNames(session, 'VIEW', 'SHOW FULL TABLES')),
);

/** Tables in which beads records the migrations of a database (June 2026); the second one is usually ignored. */
export const MIGRATION_TABLES: readonly string[] = ['schema_migrations', 'ignored_schema_migrations'];

const migrationRow = z.object({ version: cellSchema });

/** The latest migration recorded in such a table at a commit; null if it belongs to another program, or is empty. */
export async function migrationAt(sql: Sql, table: string, commit: string): Promise<string | null> {
  const columns = await columnsAt(sql, table, commit);
  if (!columns.some(({ name }) => folded(name) === 'version')) return null;
  const [found] = await sql.rows(migrationRow, `SELECT MAX(version) AS version FROM ${quoted(table)} AS OF ?`, [
    commit,
  ]);
  return found?.version ?? null;
}
