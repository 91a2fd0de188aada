import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { bareType, valueDigest } from '../schema/columns.ts';
import { storedColumnsAt } from '../schema/table-shape.ts';
import { MERGE_EMAIL } from '../signature.ts';
import { atRevision } from '../sql/at-revision.ts';
import { quoted } from '../sql/identifier.ts';
import { MERGE_SUBJECT, type MergeMaker, mergeMaker } from '../sql/merge.ts';
import { remembered } from '../sql/remembered.ts';
import type { Sql } from '../sql/sql.ts';
import type { Condition } from './row-key.ts';

const hashRow = z.object({ hash: z.string() });
const commitRow = z.object({ commit_hash: z.string() });
const messageRow = z.object({ message: z.string() });

/**
 * Hash of all tables at a commit: equal for equal contents, regardless of history (`dolt_hashof_db`).
 * @throws Failure `not-comparable` if a ref has the name of the commit
 */
export const contentHash = remembered(1, async (sql, commit: string): Promise<string> => {
  // Dolt 2.3.0 accepts a branch as argument, but no commit.
  const [row] = await atRevision(sql, commit, (at) => at.rows(hashRow, "SELECT dolt_hashof_db('HEAD') AS hash"));
  return row?.hash ?? '';
});

/**
 * Whether two heads differ only by merges of dolt-federation, of any protocol version. Any user can write such a
 * message, so a commit without two parents does not count.
 */
export async function onlyFederationMerges(sql: Sql, a: string, b: string): Promise<boolean> {
  for (const range of [`${a}..${b}`, `${b}..${a}`]) {
    const others = await sql.rows(
      commitRow,
      "SELECT commit_hash FROM dolt_log(?, '--parents') WHERE NOT (email = ? AND message LIKE ? " +
        "AND parents LIKE '%, %' AND parents NOT LIKE '%, %, %') LIMIT 1",
      [range, MERGE_EMAIL, `${MERGE_SUBJECT}%`],
    );
    if (others.length > 0) return false;
    const messages = await sql.rows(messageRow, 'SELECT DISTINCT message FROM dolt_log(?)', [range]);
    if (messages.some(({ message }) => mergeMaker(message) === null)) return false;
  }
  return true;
}

/** The makers of the federation merges in a range of commits, each once. */
export async function mergeMakers(sql: Sql, range: string): Promise<MergeMaker[]> {
  const rows = await sql.rows(
    messageRow,
    'SELECT DISTINCT message FROM dolt_log(?) WHERE email = ? AND message LIKE ?',
    [range, MERGE_EMAIL, `${MERGE_SUBJECT}%`],
  );
  return rows.flatMap(({ message }) => mergeMaker(message) ?? []);
}

/** The rows of a table. */
export interface RowsChecksum {
  /** How many there are. */
  readonly rows: number;
  /** Of all their values, only for a comparison in the same process. */
  readonly checksum: string;
}

const readRow = z.object({ n: z.coerce.number().int(), checksum: z.string() });

/** Of this process. A table was made before, so it cannot have other values with the same checksum. */
const SECRET = randomBytes(16).toString('hex');

/** SUM is a DOUBLE in Dolt 2.3.0. Smaller numbers of 500 million rows have an exact sum. */
const SUMMAND = 2 ** 24;

/**
 * Counts the rows of a table, and reads each value. A plain COUNT(*) takes the number from the root of the table, and the
 * rows below it may be missing or have other values (Dolt 2.3.0, measured). The order of the rows does not count. Equal rows
 * of a table without a key cancel out in BIT_XOR, not in SUM.
 * @param commit one with the definition of the table
 * @param source what to read: the table at some revision
 */
export async function rowsChecksum(
  sql: Sql,
  { table, commit }: { readonly table: string; readonly commit: string },
  source: Condition = { text: `${quoted(table)} AS OF ?`, values: [commit] },
): Promise<RowsChecksum> {
  // Functions of VIRTUAL columns, such as NOW(), differ at each reading.
  const stored = await storedColumnsAt(sql, table, commit);
  const values = ['?', ...stored.map((column) => valueDigest(column.name, bareType(column)))].join(', ');
  const digest = `CAST(CONV(LEFT(MD5(CONCAT_WS(',', ${values})), 16), 16, 10) AS UNSIGNED)`;
  const statement =
    `SELECT COUNT(*) AS n, CONCAT_WS(' ', BIT_XOR(h), SUM(h % ${SUMMAND})) AS checksum ` +
    `FROM (SELECT ${digest} AS h FROM ${source.text}) AS r`;
  const [row] = await sql.rows(readRow, statement, [SECRET, ...source.values]);
  return { rows: row?.n ?? 0, checksum: row?.checksum ?? '' };
}
