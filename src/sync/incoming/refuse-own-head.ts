import { Failure, toFailure } from '../../core/failure.ts';
import { once } from '../../core/once.ts';
import { NO_CREDENTIALS } from '../../dolt/engine-credentials.ts';
import type { Engine } from '../../dolt/server/engines.ts';
import type { Sql } from '../../dolt/sql/sql.ts';
import { NOWHERE } from '../../egress/host-rule.ts';
import type { PeerProgress } from '../peer-progress.ts';
import type { SyncContext } from '../sync-context.ts';
import { type LossyMerge, lossyHead, lossyMerges, mergeLossText, newestLossyMerges } from './losses/lossy-merges.ts';
import { refuseUnresolved } from './unresolved-commit.ts';

/**
 * Refuses peers that would get a commit of ours that stores conflicts or violations, or a merge that another tool made
 * and that lacks rows. Our head is checked in any case: bd may have pushed it. If the time limit of a check ends first, no
 * peer gets or gives anything.
 * @param head what would be merged or pushed
 */
export async function refuseOwnHead(
  { dirty, limits }: Pick<SyncContext, 'dirty' | 'limits'>,
  engine: Engine,
  allProgress: readonly PeerProgress[],
  head: string,
): Promise<void> {
  const open = allProgress.filter(({ failure, actions }) => failure === null && actions !== null);
  if (open.length === 0) return;
  const within = (work: (sql: Sql) => Promise<void>) => engine.operation(limits.of('checking'), NOWHERE, work);
  try {
    await within((sql) => refuseUnresolved(sql, { head, isOurs: true }));
    await within((sql) => refuseLossy(sql, open, head, dirty));
  } catch (thrown) {
    const failure = toFailure(thrown);
    if (failure.code !== 'timeout' && failure.code !== 'constraint-violation') throw thrown;
    for (const progress of open) if (progress.failure === null) progress.fail(failure);
  }
}

async function refuseLossy(
  sql: Sql,
  open: readonly PeerProgress[],
  head: string,
  dirty: readonly string[],
): Promise<void> {
  const ofHead = await lossyHead(sql, head, dirty);
  const since = once((theirs: string | null) =>
    theirs === null ? newestLossyMerges(sql, head) : lossyMerges(sql, { commits: `${theirs}..${head}`, head }),
  );
  for (const progress of open) {
    const lossy = [...ofHead, ...(await since(progress.head))];
    const [first] = lossy;
    if (first !== undefined) progress.fail(ownLoss(lossy, first, dirty));
  }
}

/**
 * Refuses commits that another process made on our branch during the run, if a merge among them lacks rows.
 * @throws Failure `lossy-merge`
 */
export async function refuseLossyCommits(
  { engines, limits }: Pick<SyncContext, 'engines' | 'limits'>,
  { from, to }: { readonly from: string; readonly to: string },
): Promise<void> {
  const lossy = await engines.use(NO_CREDENTIALS, (engine) =>
    engine.operation(limits.of('checking'), NOWHERE, (sql) =>
      lossyMerges(sql, { commits: `${from}..${to}`, head: to }),
    ),
  );
  if (lossy.length > 0) throw new Failure('lossy-merge', lossText(lossy));
}

function lossText(lossy: readonly LossyMerge[]): string {
  return [...new Set(lossy.map((merge) => `our branch has the merge ${mergeLossText(merge)}`))].join('\n');
}

function ownLoss(lossy: readonly LossyMerge[], first: LossyMerge, dirty: readonly string[]): Failure {
  const isUncommitted = lossy.some(({ table }) => dirty.includes(table));
  return new Failure('lossy-merge', lossText(lossy), {
    hint: isUncommitted
      ? 'These rows are uncommitted in the working set. Commit them: run a command of bd that writes, or `dolt add -A` and `dolt commit -m "complete the merge"`. Then run again.'
      : `To merge both sides again, set your branch back to the parent before that merge with \`dolt reset --hard ${first.kept}\`, then run again. First keep the present head: \`dolt branch before-merge\`.`,
  });
}
