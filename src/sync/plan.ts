import type { Plan, PlannedChanges } from '../contract/result.ts';
import { toFailure } from '../core/failure.ts';
import { NO_CREDENTIALS } from '../dolt/engine-credentials.ts';
import type { Engine } from '../dolt/server/engines.ts';
import { countCommits, countReachable, mergeBase } from '../dolt/sql/history.ts';
import type { Sql } from '../dolt/sql/sql.ts';
import { NOWHERE } from '../egress/host-rule.ts';
import { plannedDelivery } from './deliver.ts';
import { planReplacement } from './history/lease.ts';
import { refuseUnknownLive } from './incoming/live-unknown.ts';
import type { PeerProgress } from './peer-progress.ts';
import { plannedChanges } from './planned-changes.ts';
import { divergedBranch, pushVerdict, refusedFirstPush } from './push.ts';
import type { SyncContext } from './sync-context.ts';

/**
 * Records for each peer what a real run would do.
 * @param ours head of our branch, and the one it would have
 * @param adopted peers whose head our branch would become
 */
export async function planAll(
  context: SyncContext,
  { ours, target }: { readonly ours: string; readonly target: string },
  allProgress: readonly PeerProgress[],
  adopted: readonly PeerProgress[],
): Promise<void> {
  const { engines, initEmpty } = context;
  await engines.use(NO_CREDENTIALS, async (engine) => {
    const { database } = engine;
    await refuseUnknownLive(database, allProgress, target);
    for (const progress of allProgress) {
      const plan = await planFor(database, progress, { target, initEmpty, adopts: adopted.includes(progress) });
      progress.planned({ ...plan, ...(await changesOf(context, engine, { progress, plan, ours, target })) });
    }
  });
}

/** What each side would get. Absent if it cannot be read within the limits of a check: that must not hide the plan. */
async function changesOf(
  { limits }: SyncContext,
  engine: Engine,
  of: { readonly progress: PeerProgress; readonly plan: Plan; readonly ours: string; readonly target: string },
): Promise<Pick<Plan, 'incoming' | 'outgoing'>> {
  const { progress, plan, ours, target } = of;
  const { head } = progress;
  const read = async (work: (sql: Sql) => Promise<PlannedChanges | null>): Promise<PlannedChanges | null> => {
    try {
      return await engine.operation(limits.of('comparing'), NOWHERE, work);
    } catch (thrown) {
      if (toFailure(thrown).code !== 'timeout') throw thrown;
      return null;
    }
  };
  const incoming =
    plan.pull === 'nothing' || head === null
      ? null
      : await read(async (sql) =>
          plannedChanges(sql, { from: await mergeBase(sql, ours, head), to: head }, plan.pullCommits),
        );
  const outgoing =
    plan.push === 'nothing' || plan.push === 'deliver'
      ? null
      : await read((sql) => plannedChanges(sql, { from: head, to: target }, plan.pushCommits));
  return { ...(incoming === null ? {} : { incoming }), ...(outgoing === null ? {} : { outgoing }) };
}

/** What a real run would do for one peer, given what this one found. */
async function planFor(
  sql: Sql,
  progress: PeerProgress,
  local: {
    readonly target: string;
    readonly initEmpty: boolean;
    /** Whether our branch would become its head. */
    readonly adopts: boolean;
  },
): Promise<Plan> {
  const nothing: Plan = { pull: 'nothing', push: 'nothing', pullCommits: 0, pushCommits: 0, head: progress.head };
  if (progress.failure !== null && progress.failure.code !== 'live-unknown') return nothing;
  if (progress.lease !== null) {
    const replacement = await planReplacement(sql, { progress, expected: progress.lease, target: local.target });
    if (replacement !== null) return { ...nothing, ...replacement };
  }
  const merges = progress.actions?.merge === true && progress.head !== null && (progress.behind ?? 0) > 0;
  const pull = local.adopts ? 'adopt' : !merges ? 'nothing' : local.target === progress.head ? 'fast-forward' : 'merge';
  const pulled = { pull, pullCommits: merges ? (progress.behind ?? 0) : 0 } as const;
  if (progress.failure !== null) return { ...nothing, ...pulled };
  if (progress.delivery !== null) {
    const commits = progress.actions?.push === true ? await plannedDelivery(sql, progress, local.target) : null;
    return { ...nothing, ...pulled, ...(commits === null ? {} : { push: 'deliver', pushCommits: commits }) };
  }
  if (progress.actions?.push !== true) return { ...nothing, ...pulled };
  const verdict = await pushVerdict(sql, progress.head, local.target);
  switch (verdict) {
    case 'up-to-date':
      return { ...nothing, ...pulled };
    case 'diverged':
      progress.fail(divergedBranch(progress));
      return { ...nothing, ...pulled };
    case 'first-push': {
      if (!local.initEmpty) {
        progress.fail(refusedFirstPush(progress));
        return { ...nothing, ...pulled };
      }
      const pushCommits = await countReachable(sql, local.target);
      return { ...pulled, push: verdict, pushCommits, head: local.target };
    }
    case 'fast-forward': {
      const pushCommits = progress.head === null ? 0 : await countCommits(sql, progress.head, local.target);
      return { ...pulled, push: verdict, pushCommits, head: local.target };
    }
  }
}
