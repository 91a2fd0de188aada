import { z } from 'zod';
import type { Sql } from './sql.ts';

/** A view, trigger, event or procedure that stands in a commit. */
export interface Definition {
  /** As Dolt writes it in `dolt_schemas`, or `procedure`. */
  readonly kind: string;
  readonly name: string;
  /** SHA-256 of its text and SQL mode; when it was made does not count. */
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

/** What a commit holds in one of these tables; where it lacks the table, nothing (Dolt 2.3.0). */
export async function definitionsAt(
  sql: Sql,
  table: (typeof CODE_TABLES)[number],
  commit: string,
): Promise<Definition[]> {
  return sql.rows(row, `${READ[table]} AS OF ?`, [commit]);
}
