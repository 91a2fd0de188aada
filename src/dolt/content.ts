import { z } from 'zod';
import { quoted } from './identifier.ts';
import { MERGE_MESSAGE } from './merge.ts';
import { MERGE_EMAIL } from './signature.ts';
import type { Database, Sql } from './sql.ts';

const hashRow = z.object({ hash: z.string() });
const commitRow = z.object({ commit_hash: z.string() });

/** Hash of all tables at a commit: equal for equal contents, whatever the history (`dolt_hashof_db`). */
export async function contentHash(database: Database, commit: string): Promise<string> {
  return database.session(async (sql) => {
    // Dolt 2.3.0 takes branches for an argument, but no commit.
    await sql.run(`USE ${quoted(`${database.name}/${commit}`)}`);
    const [row] = await sql.rows(hashRow, "SELECT dolt_hashof_db('HEAD') AS hash");
    return row?.hash ?? '';
  });
}

/** Whether two heads differ by nothing but merges that this tool made, of whatever protocol version. */
export async function onlyFederationMerges(sql: Sql, a: string, b: string): Promise<boolean> {
  const protocol = MERGE_MESSAGE.replace(/[0-9]+$/, '');
  for (const range of [`${a}..${b}`, `${b}..${a}`]) {
    const others = await sql.rows(
      commitRow,
      'SELECT commit_hash FROM dolt_log(?) WHERE NOT (email = ? AND message LIKE ?) LIMIT 1',
      [range, MERGE_EMAIL, `${protocol}%`],
    );
    if (others.length > 0) return false;
  }
  return true;
}
