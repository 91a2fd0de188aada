import type { Plan, PlannedChanges } from '../contract/result.ts';
import { toFailure } from '../core/failure.ts';
import { NO_CREDENTIALS } from '../dolt/engine-credentials.ts';
import type { Engine } from '../dolt/server/engines.ts';
import { countCommits, countReachable, mergeBase } from '../dolt/sql/history.ts';
import type { Sql } from '../dolt/sql/sql.ts';
import { NOWHERE } from '../egress/host-rule.ts';
import { plannedDelivery } from './deliver.ts';
import { planReplacement } from './history/lease.ts';
import { converge } from './merge/converge.ts';
import { scratchName } from './merge/scratch.ts';
import type { PeerProgress } from './peer-progress.ts';
import { type CommitRange, plannedChanges } from './planned-changes.ts';
import { divergedBranch, pushVerdict, refusedFirstPush, refusePushes } from './push.ts';
import type { SyncContext } from './sync-context.ts';

interface Planning {
  /** Head of our branch. */
  readonly ours: string;
  /** The commit that the heads of the peers are merged with: ours, or an adopted head. */
  readonly onto: string;
  /** The commit that contains them all. */
  readonly target: string;
  /** Peers whose head our branch would become. */
  readonly adopted: readonly PeerProgress[];
}

/** Records for each peer what a real run would do. */
export async function planAll(
  context: SyncContext,
  planning: Planning,
  allProgress: readonly PeerProgress[],
): Promise<void> {
  const { engines, initEmpty } = context;
  const { target, adopted } = planning;
  await engines.use(NO_CREDENTIALS, async (engine) => {
    const { database } = engine;
    await refusePushes(context, engine, target, allProgress);
    const plans: Planned[] = [];
    for (const progress of allProgress) {
      const plan = await planFor(database, progress, { target, initEmpty, adopts: adopted.includes(progress) });
      plans.push({ progress, plan });
    }
    const merged = plans.filter(({ plan }) => plan.pull === 'merge' || plan.pull === 'fast-forward').length;
    for (const { progress, plan } of plans) {
      const changes = await changesOf(context, engine, { progress, plan, planning, isAlone: merged === 1 });
      progress.planned({ ...plan, ...changes });
    }
  });
}

interface Planned {
  readonly progress: PeerProgress;
  readonly plan: Plan;
}

interface Comparing extends Planned {
  readonly planning: Planning;
  /** Whether no other peer is merged. */
  readonly isAlone: boolean;
}

/**
 * The changes that each side would get. Absent if it cannot be read within the limits of a check: that must not hide
 * the plan.
 */
async function changesOf(
  context: SyncContext,
  engine: Engine,
  comparing: Comparing,
): Promise<Pick<Plan, 'incoming' | 'outgoing'>> {
  const { progress, plan, planning } = comparing;
  const { head } = progress;
  const read = async (work: (sql: Sql) => Promise<PlannedChanges | null>): Promise<PlannedChanges | null> => {
    try {
      return await engine.operation(context.limits.of('comparing'), NOWHERE, work);
    } catch (thrown) {
      if (toFailure(thrown).code !== 'timeout') throw thrown;
      return null;
    }
  };
  const { ours, target } = planning;
  const moves = plan.pull === 'nothing' || head === null ? null : await movesOf(context, engine, comparing, head);
  const incoming =
    moves === null || head === null
      ? null
      : await read((sql) => plannedChanges(sql, { from: ours, to: head }, plan.pullCommits, moves));
  const outgoing =
    plan.push === 'nothing' || plan.push === 'deliver'
      ? null
      : await read((sql) => plannedChanges(sql, { from: head, to: target }, plan.pushCommits));
  return { ...(incoming === null ? {} : { incoming }), ...(outgoing === null ? {} : { outgoing }) };
}

/**
 * The two commits whose difference our database would get from a peer: before and after a merge with this peer alone.
 * The difference that the peer made would count rows that are here already, and rows that lose against ours.
 */
async function movesOf(
  { branch, limits, rules }: SyncContext,
  engine: Engine,
  { progress, plan, planning, isAlone }: Comparing,
  head: string,
): Promise<CommitRange> {
  const { ours, onto, target } = planning;
  if (plan.pull === 'adopt') return { from: ours, to: head };
  if (isAlone) return { from: onto, to: target };
  const theirs = [{ head, strategy: progress.peer.strategy }];
  const merging = converge(engine, { ours: onto, theirs, branch, limits, rules }, scratchName);
  const alone = await merging.catch((thrown: unknown) => {
    if (toFailure(thrown).code !== 'engine-lost' || engine.hasEnded()) throw thrown;
    return null;
  });
  // It may need the commits of another peer, or pass a limit; then only what the peer changed is known.
  return alone === null || alone.dropped.has(head)
    ? { from: await mergeBase(engine.database, onto, head), to: head }
    : { from: onto, to: alone.target };
}

/** The changes that a real run would make for one peer, given the findings of this one. */
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
  if (!progress.isMerged) return nothing;
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
