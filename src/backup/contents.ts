import { z } from 'zod';
import { Failure, toFailure } from '../core/failure.ts';
import { compareBytes } from '../core/text.ts';
import { contentHash } from '../dolt/rows/content.ts';
import { bareType, type Column, columnsAt } from '../dolt/schema/columns.ts';
import { baseTablesAt } from '../dolt/schema/table-shape.ts';
import { quoted } from '../dolt/sql/identifier.ts';
import type { Sql } from '../dolt/sql/sql.ts';

/** A table and how many rows it has. */
export interface TableRows {
  readonly name: string;
  readonly rows: number;
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

const countRow = z.object({ n: z.coerce.number().int() });

/**
 * Reads the contents of a database at a commit.
 * @throws Failure `corrupt` and others if it cannot be read, `not-comparable` if a ref has the name of the commit
 */
export async function readContents(sql: Sql, commit: string, depth: Depth): Promise<Contents> {
  const databaseHash = await contentHash(sql, commit);
  if (depth === 'head') return { commit, databaseHash, tables: null };
  const names = [...(await baseTablesAt(sql, commit))].sort(compareBytes);
  const tables: TableRows[] = [];
  for (const name of names) tables.push({ name, rows: await countByReading(sql, name, commit) });
  return { commit, databaseHash, tables };
}

/**
 * Counts the rows of a table and reads each value. A plain COUNT(*) takes the number from the root of the table, and
 * the rows below it may be missing (Dolt 2.3.0, measured).
 */
async function countByReading(sql: Sql, table: string, commit: string): Promise<number> {
  const reading = (await columnsAt(sql, table, commit)).map(readingOf);
  const statement = `SELECT ${['COUNT(*) AS n', ...reading].join(', ')} FROM ${quoted(table)} AS OF ?`;
  const [row] = await sql.rows(countRow, statement, [commit]).catch((thrown: unknown) => {
    const { code, message, hint, cause } = toFailure(thrown);
    throw new Failure(code, `the table ${table} cannot be read: ${message}`, { hint, cause });
  });
  return row?.n ?? 0;
}

/**
 * Reads every value of a column. Dolt (2.3.0) has no LENGTH of a TIME: `incompatible conversion to SQL type`. Such a value
 * is a part of its row, and counting it reads it.
 */
function readingOf(column: Column): string {
  const name = quoted(column.name);
  return bareType(column) === 'time' ? `COUNT(${name})` : `SUM(LENGTH(${name}))`;
}
