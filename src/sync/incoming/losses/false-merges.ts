import { groupBy } from '../../../core/lists.ts';
import { tableChanges } from '../../../dolt/schema/table-changes.ts';
import { databaseName } from '../../../dolt/sql/at-revision.ts';
import { checkedOutBranch, checkout, deleteBranch } from '../../../dolt/sql/heads.ts';
import { beginMerging } from '../../../dolt/sql/merge.ts';
import type { Sql } from '../../../dolt/sql/sql.ts';
import { mergeHead } from '../../../rows/merge.ts';
import { MOST_REPORT_BYTES } from '../../../rows/merging.ts';
import type { DatabaseRules } from '../../../rows/table-policy.ts';
import { checkoutScratch } from '../../merge/scratch.ts';
import { type LossyMerge, lossesOf, type MergeCommit, mergesOf } from './lossy-merges.ts';

/** Under `manual` nothing is resolved, so such a merge equals one under the others. */
const STRATEGIES = ['newest', 'ours', 'theirs'] as const;

/**
 * Merges among commits of a peer that lack rows of a parent. A merge that claims to be a federation merge counts only if
 * it is none: merging its parents under the rules of the database gives another table. Any tool can write the message of
 * our merges.
 * @param sql a session
 */
export async function lossyIncoming(
  sql: Sql,
  range: { readonly commits: string; readonly head: string; readonly rules: DatabaseRules },
): Promise<LossyMerge[]> {
  const merges = new Map((await mergesOf(sql, range.commits)).map((merge) => [merge.hash, merge]));
  const found: LossyMerge[] = [];
  for (const [commit, losses] of groupBy(await lossesOf(sql, [...merges.values()], range.head), (one) => one.commit)) {
    const merge = merges.get(commit);
    const repeats = merge?.isOurs === true ? await unlikeRepeats(sql, merge, range.rules) : [];
    found.push(...losses.filter(({ table }) => repeats.every((unlike) => unlike.has(table))));
  }
  return found;
}

/** The tables that a merge of the same parents has otherwise, under each strategy that can merge them. */
async function unlikeRepeats(
  sql: Sql,
  { hash, parents }: MergeCommit,
  rules: DatabaseRules,
): Promise<ReadonlySet<string | null>[]> {
  const [onto = '', head = '', ...others] = parents;
  if (others.length > 0) return [];
  const [home, database] = [await checkedOutBranch(sql), await databaseName(sql)];
  const reportBytes = MOST_REPORT_BYTES;
  const found: ReadonlySet<string | null>[] = [];
  await beginMerging(sql);
  for (const strategy of STRATEGIES) {
    const scratch = await checkoutScratch(sql, onto);
    const merged = await mergeHead(sql, { database, onto, head, strategy, swapped: false, reportBytes, rules });
    if (merged.kind === 'merged') {
      found.push(new Set((await tableChanges(sql, merged.commit, hash)).flatMap(({ from, to }) => [from, to])));
    }
    await checkout(sql, home);
    await deleteBranch(sql, scratch);
  }
  return found;
}
