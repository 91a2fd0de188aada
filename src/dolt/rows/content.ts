import { z } from 'zod';
import { MERGE_EMAIL } from '../signature.ts';
import { atRevision } from '../sql/at-revision.ts';
import { MERGE_SUBJECT, type MergeMaker, mergeMaker } from '../sql/merge.ts';
import { remembered } from '../sql/remembered.ts';
import type { Sql } from '../sql/sql.ts';

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
