import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { Failure, toFailure } from '../core/failure.ts';
import { compareBytes } from '../core/text.ts';
import { contentHash } from '../dolt/rows/content.ts';
import { bareType, type Column, columnsAt } from '../dolt/schema/columns.ts';
import { generatedColumns } from '../dolt/schema/generated-columns.ts';
import { createTableAt } from '../dolt/schema/table-definitions.ts';
import { baseTablesAt } from '../dolt/schema/table-shape.ts';
import { quoted } from '../dolt/sql/identifier.ts';
import type { Sql } from '../dolt/sql/sql.ts';

/** A table and its rows. */
export interface TableRows {
  readonly name: string;
  /** How many it has. */
  readonly rows: number;
  /** Of all their values, only for a comparison in the same process. */
  readonly checksum: string;
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

const readRow = z.object({ n: z.coerce.number().int(), checksum: z.string() });

/** Of this process. A backup was made before, so it cannot have other values with the same checksum. */
const SECRET = randomBytes(16).toString('hex');

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

/** SUM is a DOUBLE in Dolt 2.3.0. Smaller numbers of 500 million rows have an exact sum. */
const SUMMAND = 2 ** 24;

/**
 * Counts the rows of a table, and reads each value. A plain COUNT(*) takes the number from the root of the table, and the
 * rows below it may be missing or have other values (Dolt 2.3.0, measured). The order of the rows does not count. Equal rows
 * of a table without a key cancel out in BIT_XOR, not in SUM.
 */
async function readRows(sql: Sql, table: string, commit: string): Promise<Omit<TableRows, 'name'>> {
  // Values of VIRTUAL columns are not stored, and functions such as NOW() differ at each reading.
  const generated = generatedColumns(await createTableAt(sql, table, commit));
  const stored = (await columnsAt(sql, table, commit)).filter(({ name }) => generated.get(name)?.stored !== false);
  const values = ['?', ...stored.map(digestOf)].join(', ');
  const digest = `CAST(CONV(LEFT(MD5(CONCAT_WS(',', ${values})), 16), 16, 10) AS UNSIGNED)`;
  const statement =
    `SELECT COUNT(*) AS n, CONCAT_WS(' ', BIT_XOR(h), SUM(h % ${SUMMAND})) AS checksum ` +
    `FROM (SELECT ${digest} AS h FROM ${quoted(table)} AS OF ?) AS r`;
  const [row] = await sql.rows(readRow, statement, [SECRET, commit]).catch((thrown: unknown) => {
    const { code, message, hint, cause } = toFailure(thrown);
    throw new Failure(code, `the table ${table} cannot be read: ${message}`, { hint, cause });
  });
  return { rows: row?.n ?? 0, checksum: row?.checksum ?? '' };
}

/** The digest of a value, of 64 characters; `-` for NULL. Dolt (2.3.0) cannot convert a TIME to a text. */
function digestOf(column: Column): string {
  const name = quoted(column.name);
  const value = bareType(column) === 'time' ? `TIMESTAMPDIFF(MICROSECOND, CAST('00:00:00' AS TIME), ${name})` : name;
  return `IFNULL(SHA2(${value}, 256), '-')`;
}
