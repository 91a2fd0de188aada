import { Failure, toFailure } from '../core/failure.ts';
import { checkout, createBranch } from '../dolt/heads.ts';
import { commitInfo } from '../dolt/history.ts';
import { beginMerging, mergeCommit, undoMerge } from '../dolt/merge.ts';
import { type Obstacle, readObstacle } from '../dolt/merge-obstacle.ts';
import type { Database, Sql } from '../dolt/sql.ts';

/** A fold that went through, or the head at which it stopped. */
export type Fold =
  | { readonly kind: 'folded'; readonly head: string }
  | {
      readonly kind: 'refused';
      readonly head: string;
      /** The heads that were merged before it, in order. */
      readonly merged: readonly string[];
      readonly obstacle: Obstacle;
    };

/**
 * Merges heads into one commit on a branch of its own. The commit is a pure function of the set of heads: they are taken
 * in hash order, and every merge is signed and dated by what it merges.
 * @param heads two or more commits, none an ancestor of another; in any order
 * @param branch name of the branch to make; it stays, whatever the outcome
 */
export async function foldHeads(database: Database, heads: readonly string[], branch: string): Promise<Fold> {
  const [lowest, ...others] = [...heads].sort();
  if (lowest === undefined) throw new Failure('unknown', 'there is no head to fold');
  await createBranch(database, { name: branch, at: lowest });
  return database.session(async (sql) => {
    await beginMerging(sql);
    await checkout(sql, branch);
    const merged = [lowest];
    let folded = lowest;
    for (const head of others) {
      const step = await mergeOne(sql, folded, head);
      if (typeof step !== 'string') return { kind: 'refused', head, merged, obstacle: step };
      folded = step;
      merged.push(head);
    }
    return { kind: 'folded', head: folded };
  });
}

async function mergeOne(sql: Sql, onto: string, head: string): Promise<string | Obstacle> {
  const dates = [(await commitInfo(sql, onto)).date, (await commitInfo(sql, head)).date];
  try {
    const merged = await mergeCommit(sql, { head, date: dates.sort().at(-1) ?? '' });
    if (merged !== null) return merged;
    const obstacle = await readObstacle(sql);
    await undoMerge(sql);
    return obstacle;
  } catch (thrown) {
    await undoMerge(sql);
    return { failure: toFailure(thrown), conflicts: [] };
  }
}
