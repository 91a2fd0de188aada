import { z } from 'zod';
import { Failure } from '../core/failure.ts';
import { checkout } from './heads.ts';
import type { Sql } from './sql.ts';

/**
 * Who signs a merge of ours. The commit must depend on nothing but the heads it merges, so that two towns that merge the
 * same heads make the same commit: no user, no machine, no clock.
 */
const NAME = 'dolt-federation';
const EMAIL = 'merge@dolt-federation.invalid';
/** Names the merge protocol: a change of the rules must change this text. */
export const MERGE_MESSAGE = 'federation merge v1';

const mergeRow = z.object({ hash: z.string().nullable(), conflicts: z.coerce.number().int() });

/** Prepares a session for merges: one transaction, UTC, and the fixed signature. */
export async function beginMerging(sql: Sql): Promise<void> {
  await sql.run('SET autocommit = 0');
  await sql.run("SET time_zone = '+00:00'");
  await sql.run(
    'SET @@dolt_author_name = ?, @@dolt_author_email = ?, @@dolt_committer_name = ?, @@dolt_committer_email = ?',
    [NAME, EMAIL, NAME, EMAIL],
  );
}

/**
 * Merges a commit into the branch of the session, always with a merge commit.
 * @param merge.date author and committer date, `YYYY-MM-DD HH:MM:SS.mmm` in UTC
 * @returns the merge commit, or null where the merge stopped: its conflicts can now be read, then roll back
 */
export async function mergeCommit(
  sql: Sql,
  merge: { readonly head: string; readonly date: string },
): Promise<string | null> {
  // Dolt 2.3.0 takes the date only with a `T` between day and time.
  const date = `${merge.date.replace(' ', 'T')}Z`;
  await sql.run('SET @@dolt_author_date = ?, @@dolt_committer_date = ?', [date, date]);
  const [row] = await sql.rows(mergeRow, "CALL DOLT_MERGE('--no-ff', '-m', ?, ?)", [MERGE_MESSAGE, merge.head]);
  if (row === undefined) throw new Failure('unknown', `merging ${merge.head} gave no answer`);
  if (row.conflicts > 0 || row.hash === null || row.hash === '') return null;
  await sql.run('COMMIT');
  return row.hash;
}

/** Undoes a merge that stopped, whole. */
export async function undoMerge(sql: Sql): Promise<void> {
  await sql.run('ROLLBACK');
}

/**
 * Moves a branch forward to a commit that contains it; changes in tables that the move does not touch stay.
 * @throws Failure `uncommitted-changes` where a changed table would be touched, `non-fast-forward`
 */
export async function fastForward(sql: Sql, move: { readonly branch: string; readonly to: string }): Promise<void> {
  await checkout(sql, move.branch);
  await sql.run("CALL DOLT_MERGE('--ff-only', ?)", [move.to]);
}
