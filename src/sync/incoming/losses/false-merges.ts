import { z } from 'zod';
import { tableHashes } from '../../../dolt/schema/table-changes.ts';
import { databaseName } from '../../../dolt/sql/at-revision.ts';
import { checkedOutBranch, checkout, deleteBranch } from '../../../dolt/sql/heads.ts';
import { beginMerging, MERGE_SUBJECT } from '../../../dolt/sql/merge.ts';
import type { Sql } from '../../../dolt/sql/sql.ts';
import { mergeHead } from '../../../rows/merge.ts';
import { reportShare } from '../../../rows/merging.ts';
import type { DatabaseRules } from '../../../rows/table-policy.ts';
import { checkoutScratch } from '../../merge/scratch.ts';
import { type LossyMerge, lossesOf, MAX_MERGES, type MergeCommit } from './lossy-merges.ts';

/** Under `manual` nothing is resolved, so such a merge equals one under the others. */
const STRATEGIES = ['newest', 'ours', 'theirs'] as const;

const mergeRow = z.object({ hash: z.string(), parents: z.string().nullable() });

/**
 * Merges that claim to be federation merges, lack rows of a parent, and are none: merging their parents under the rules
 * of the database gives another table. Any tool can write the message of our merges.
 * @param sql a session
 */
export async function falseMerges(
  sql: Sql,
  range: { readonly commits: string; readonly head: string; readonly rules: DatabaseRules },
): Promise<LossyMerge[]> {
  const merges = await sql.rows(
    mergeRow,
    `SELECT commit_hash AS hash, parents FROM dolt_log(?, '--parents') WHERE parents LIKE '%, %' AND message LIKE ? LIMIT ${MAX_MERGES}`,
    [range.commits, `${MERGE_SUBJECT}%`],
  );
  const found: LossyMerge[] = [];
  for (const merge of merges) {
    const losses = await lossesOf(sql, [merge], range.head);
    if (losses.length === 0) continue;
    const repeated = await tablesOfRepeats(sql, merge, range.rules);
    const tables = await tableHashes(sql, merge.hash);
    found.push(...losses.filter(({ table }) => !repeated.some((one) => one.get(table) === tables.get(table))));
  }
  return found;
}

/** The hashes of all tables after a merge of the same parents, under each strategy that can merge them. */
async function tablesOfRepeats(
  sql: Sql,
  { parents }: MergeCommit,
  rules: DatabaseRules,
): Promise<ReadonlyMap<string, string>[]> {
  const [onto = '', head = ''] = (parents ?? '').split(', ');
  const [home, database] = [await checkedOutBranch(sql), await databaseName(sql)];
  const reportBytes = reportShare(MAX_MERGES);
  const found: ReadonlyMap<string, string>[] = [];
  await beginMerging(sql);
  for (const strategy of STRATEGIES) {
    const scratch = await checkoutScratch(sql, onto);
    const merged = await mergeHead(sql, { database, onto, head, strategy, swapped: false, reportBytes, rules });
    if (merged.kind === 'merged') found.push(await tableHashes(sql, merged.commit));
    await checkout(sql, home);
    await deleteBranch(sql, scratch);
  }
  return found;
}
