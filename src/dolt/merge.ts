import { z } from 'zod';
import { Failure } from '../core/failure.ts';
import { checkout } from './heads.ts';
import { canFixCommitter, signature } from './signature.ts';
import type { Sql } from './sql.ts';

/** Names the merge protocol: a change of the rules must change this text. */
export const MERGE_MESSAGE = 'federation merge v1';

const mergeRow = z.object({ hash: z.string().nullable(), conflicts: z.coerce.number().int() });
const statusRow = z.object({ is_merging: z.coerce.number() });
const commitRow = z.object({ hash: z.string() });
const variableRow = z.object({ Variable_name: z.string() });

/** Prepares a session for merges: one transaction, and UTC. */
export async function beginMerging(sql: Sql): Promise<void> {
  await sql.run('SET autocommit = 0');
  await sql.run("SET time_zone = '+00:00'");
}

/** Signs the next commit with a fixed name and a given date, as far as this Dolt can. */
async function sign(sql: Sql, date: string): Promise<void> {
  const values = signature(await variables(sql), date);
  if (values.length === 0) return;
  await sql.run(
    `SET ${values.map(([name]) => `@@${name} = ?`).join(', ')}`,
    values.map(([, value]) => value),
  );
}

/** Whether this Dolt lets us fix everything that a commit's hash depends on. */
export async function signsDeterministically(sql: Sql): Promise<boolean> {
  return canFixCommitter(await variables(sql));
}

async function variables(sql: Sql): Promise<string[]> {
  const rows = await sql.rows(variableRow, "SHOW VARIABLES LIKE 'dolt\\_%'");
  return rows.map((row) => row.Variable_name);
}

/**
 * Merges a commit into the branch of the session, always with a merge commit.
 * @param merge.date author and committer date, `YYYY-MM-DD HH:MM:SS.mmm` in UTC
 * @returns the merge commit, or null where the merge stopped: it is open now, to be settled and committed or undone
 */
export async function mergeCommit(
  sql: Sql,
  merge: { readonly head: string; readonly date: string },
): Promise<string | null> {
  await sign(sql, merge.date);
  const [row] = await sql.rows(mergeRow, "CALL DOLT_MERGE('--no-ff', '-m', ?, ?)", [MERGE_MESSAGE, merge.head]);
  if (row === undefined) throw new Failure('unknown', `merging ${merge.head} gave no answer`);
  if (row.conflicts > 0 || row.hash === null || row.hash === '') return null;
  await sql.run('COMMIT');
  return row.hash;
}

/** Commits a merge that stopped and has been settled; it keeps both parents, also where nothing of theirs was taken. */
export async function commitSettled(sql: Sql): Promise<string> {
  const [row] = await sql.rows(commitRow, "CALL DOLT_COMMIT('-A', '--allow-empty', '-m', ?)", [MERGE_MESSAGE]);
  if (row === undefined) throw new Failure('unknown', 'committing a merge gave no answer');
  await sql.run('COMMIT');
  return row.hash;
}

/** Undoes a merge that stopped, whole, whether it was stored meanwhile or not. */
export async function undoMerge(sql: Sql): Promise<void> {
  await sql.run('ROLLBACK');
  const [status] = await sql.rows(statusRow, 'SELECT is_merging FROM dolt_merge_status');
  if (status?.is_merging !== 1) return;
  await sql.run("CALL DOLT_MERGE('--abort')");
  await sql.run('COMMIT');
}

/**
 * Moves a branch forward to a commit that contains it; changes in tables that the move does not touch stay.
 * @throws Failure `uncommitted-changes` where a changed table would be touched, `non-fast-forward`
 */
export async function fastForward(sql: Sql, move: { readonly branch: string; readonly to: string }): Promise<void> {
  await checkout(sql, move.branch);
  await sql.run("CALL DOLT_MERGE('--ff-only', ?)", [move.to]);
}
