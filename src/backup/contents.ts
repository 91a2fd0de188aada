import { Failure, toFailure } from '../core/failure.ts';
import { compareBytes } from '../core/text.ts';
import { contentHash, type RowsChecksum, rowsChecksum } from '../dolt/rows/content.ts';
import { baseTablesAt } from '../dolt/schema/table-shape.ts';
import type { Sql } from '../dolt/sql/sql.ts';

/** A table and its rows. */
export interface TableRows extends RowsChecksum {
  readonly name: string;
}

/** The contents of a database at one commit. */
export interface Contents {
  readonly commit: string;
  /** `dolt_hashof_db`: it follows from all rows and definitions. */
  readonly databaseHash: string;
  /** In byte order of their names; null: not counted. */
  readonly tables: readonly TableRows[] | null;
}

/** How much is read: only the hash of the database, or every row too. */
export type Depth = 'head' | 'full';

/**
 * Reads the contents of a database at a commit.
 * @throws Failure `corrupt` and others if it cannot be read, `not-comparable` if a ref has the name of the commit
 */
export async function readContents(sql: Sql, commit: string, depth: Depth): Promise<Contents> {
  const databaseHash = await contentHash(sql, commit);
  if (depth === 'head') return { commit, databaseHash, tables: null };
  const names = [...(await baseTablesAt(sql, commit))].sort(compareBytes);
  const tables: TableRows[] = [];
  for (const name of names) tables.push({ name, ...(await readRows(sql, name, commit)) });
  return { commit, databaseHash, tables };
}

async function readRows(sql: Sql, table: string, commit: string): Promise<RowsChecksum> {
  return await rowsChecksum(sql, { table, commit }).catch((thrown: unknown) => {
    const { code, message, hint, cause } = toFailure(thrown);
    throw new Failure(code, `the table ${table} cannot be read: ${message}`, { hint, cause });
  });
}
