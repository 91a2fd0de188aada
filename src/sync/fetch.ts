import type { Plan } from '../contract/result.ts';
import type { PeerState } from '../contract/vocabulary.ts';
import { Failure, toFailure } from '../core/failure.ts';
import { NO_CREDENTIALS } from '../dolt/engine-credentials.ts';
import type { Engine } from '../dolt/server/engines.ts';
import { forgetTracking } from '../dolt/sql/heads.ts';
import {
  commitInfo,
  commitsAmong,
  containsCommit,
  countCommits,
  countReachable,
  isAncestor,
  mergeBase,
  rootCommit,
} from '../dolt/sql/history.ts';
import type { Sql } from '../dolt/sql/sql.ts';
import { NOWHERE } from '../egress/host-rule.ts';
import { fetchDelivery, plannedDelivery } from './deliver.ts';
import { leaseFailure, planReplacement } from './history/lease.ts';
import { findRewritten, type Rewritten, rewrittenFailure } from './history/rewritten.ts';
import { inEngines } from './in-engines.ts';
import { refuseUnknownLive } from './incoming/live-unknown.ts';
import { otherMakers } from './merge/other-makers.ts';
import type { PeerProgress } from './peer-progress.ts';
import { readPeer } from './read-peer.ts';
import type { LocalHead, SyncContext } from './sync-context.ts';
import { keepTags } from './tags.ts';

/**
 * Fetches the branch of each peer and records in its run how it compares with our head. Tags of the database do not
 * change.
 */
export async function fetchAll(context: SyncContext, local: LocalHead, runs: readonly PeerProgress[]): Promise<void> {
  await keepTags(context, [], (around) =>
    inEngines(context, { runs, plain: 'last', around }, async (engine, run) => {
      context.progress({ peer: run.peer.name, step: 'fetching', detail: '' });
      await fetchPeer(context, local, engine, run);
      context.progress({ peer: run.peer.name, step: 'fetched', detail: run.state });
    }),
  );
}

/** Fetches one peer's branch and compares it with our head. A failure is recorded in this peer's run, never thrown. */
async function fetchPeer(context: SyncContext, local: LocalHead, engine: Engine, run: PeerProgress): Promise<void> {
  try {
    const before = run.head;
    const theirs = await readPeer(context, engine, run, { onTry: () => run.countAttempt() });
    if (theirs === null) throw new Failure('branch-missing', `${run.peer.name} has no branch ${run.branch}`);
    await compareWithin(context, local, engine, run, { theirs, before });
  } catch (thrown) {
    await recordAbsence(engine.database, run, toFailure(thrown));
  }
  if (run.failure === null) await fetchDelivery(context, local, engine, run);
}

/**
 * The same with a time limit, for a head that was just fetched: its rows are read before they are checked, and one of
 * its definitions may compute for hours. A failure is recorded in the run.
 */
export async function compareWithin(
  context: SyncContext,
  local: LocalHead,
  engine: Engine,
  run: PeerProgress,
  heads: { readonly theirs: string; readonly before: string | null },
): Promise<void> {
  try {
    await engine.operation(context.limits.of('comparing'), NOWHERE, (sql) =>
      comparePeer(context, local, sql, run, heads),
    );
  } catch (thrown) {
    // The peer was reached, so it is not `unreachable`.
    run.incomparable(toFailure(thrown));
  }
}

/**
 * Compares a peer's head with ours. Refuses it if a merge would bring back what one side removed by rewriting its
 * history.
 * @param heads.before the head that an earlier round of this run read there
 */
export async function comparePeer(
  { branch }: SyncContext,
  local: LocalHead,
  sql: Sql,
  run: PeerProgress,
  heads: { readonly theirs: string; readonly before: string | null },
): Promise<void> {
  const { ours } = local;
  const { theirs } = heads;
  const base = await mergeBase(sql, ours, theirs);
  const [ahead, behind] =
    base === null ? [null, null] : [await countCommits(sql, theirs, ours), await countCommits(sql, ours, theirs)];
  const makers = (behind ?? 0) === 0 ? null : await otherMakers(sql, { peer: run.peer.name, ours, theirs });
  const rewritten =
    (await takenBack(sql, heads, local)) ??
    (await findRewritten(sql, run, { ours, theirs, base, dropped: local.dropped }));
  const state = stateOf({ ours, theirs, base });
  run.compared({ head: theirs, state, ahead, behind, otherMakers: makers, rewritten });
  // The user who named the head to be replaced knows its owner.
  if (run.lease !== null) return;
  if (rewritten !== null) {
    const refused = await refusal(sql, run, { branch, ours, theirs, base, rewritten });
    if (refused !== null) run.fail(refused);
  } else if (base === null) run.fail(await unrelated(sql, run, { ours, theirs }));
}

/** Another remote may already have the commit that an earlier round of this run read at the peer. */
async function takenBack(
  sql: Sql,
  { theirs, before }: { readonly theirs: string; readonly before: string | null },
  { ours, accepted }: LocalHead,
): Promise<Rewritten | null> {
  if (before === null || before === theirs) return null;
  for (const head of [ours, ...accepted]) {
    const [missing] = await commitsAmong(sql, { from: theirs, to: head }, [before]);
    if (missing !== undefined) return { side: 'theirs', last: missing };
  }
  return null;
}

/** @returns null if the user named exactly this head for `merge-rewritten` */
async function refusal(
  sql: Sql,
  run: PeerProgress,
  found: {
    readonly branch: string;
    readonly ours: string;
    readonly theirs: string;
    readonly base: string | null;
    readonly rewritten: Rewritten;
  },
): Promise<Failure | null> {
  const { theirs, base, ours } = found;
  const named = run.mergeRewritten;
  if (named === theirs && base !== null) return null;
  // A head that was named and merged once does not permit the next rewrite.
  if (named !== null && base !== null && !(await containsCommit(sql, ours, named))) {
    return leaseFailure(run.peer.name, { expected: named, found: theirs }, 'merge-rewritten');
  }
  return rewrittenFailure(run, found.rewritten, found);
}

async function recordAbsence(sql: Sql, run: PeerProgress, failure: Failure): Promise<void> {
  if (failure.code !== 'remote-empty' && failure.code !== 'branch-missing') {
    // A shallow clone on our side is no fault of the peer: it answered, but the comparison is impossible.
    if (failure.code === 'shallow-clone') run.incomparable(failure);
    else run.unreachable(failure);
    return;
  }
  await forgetTracking(sql, { remote: run.remote, branch: run.branch });
  run.foundEmpty(failure.code);
}

async function unrelated(
  sql: Sql,
  run: PeerProgress,
  heads: { readonly ours: string; readonly theirs: string },
): Promise<Failure> {
  const [ourRoot, theirRoot] = await Promise.all([rootCommit(sql, heads.ours), rootCommit(sql, heads.theirs)]);
  const tip = await commitInfo(sql, heads.theirs);
  return new Failure(
    'unrelated',
    `${run.peer.name} has a history that shares no commit with ours: ours starts with ${ourRoot.hash} ` +
      `(${ourRoot.date}, ${ourRoot.committer}), theirs with ${theirRoot.hash} (${theirRoot.date}, ${theirRoot.committer}) ` +
      `and is at ${tip.hash}`,
  );
}

/**
 * Records for each peer what a real run would do.
 * @param adopted peers whose head our branch would become
 */
export async function planAll(
  context: SyncContext,
  target: string,
  runs: readonly PeerProgress[],
  adopted: readonly PeerProgress[],
): Promise<void> {
  const { engines, initEmpty } = context;
  await engines.use(NO_CREDENTIALS, async ({ database }) => {
    await refuseUnknownLive(database, runs, target);
    for (const run of runs) {
      run.planned(await planFor(database, run, { target, initEmpty, adopts: adopted.includes(run) }));
    }
  });
}

/** What a real run would do for one peer, given what this one found. */
async function planFor(
  sql: Sql,
  run: PeerProgress,
  local: {
    readonly target: string;
    readonly initEmpty: boolean;
    /** Whether our branch would become its head. */
    readonly adopts: boolean;
  },
): Promise<Plan> {
  const nothing: Plan = { pull: 'nothing', push: 'nothing', pullCommits: 0, pushCommits: 0, head: run.head };
  if (run.failure !== null && run.failure.code !== 'live-unknown') return nothing;
  if (run.lease !== null) {
    const replacement = await planReplacement(sql, { run, expected: run.lease, target: local.target });
    if (replacement !== null) return { ...nothing, ...replacement };
  }
  const merges = run.actions?.merge === true && run.head !== null && (run.behind ?? 0) > 0;
  const pull = local.adopts ? 'adopt' : !merges ? 'nothing' : local.target === run.head ? 'fast-forward' : 'merge';
  const pulled = { pull, pullCommits: merges ? (run.behind ?? 0) : 0 } as const;
  if (run.failure !== null) return { ...nothing, ...pulled };
  if (run.delivery !== null) {
    const commits = run.actions?.push === true ? await plannedDelivery(sql, run, local.target) : null;
    return { ...nothing, ...pulled, ...(commits === null ? {} : { push: 'deliver', pushCommits: commits }) };
  }
  const pushes =
    run.actions?.push === true &&
    (run.head === null ? local.initEmpty : !(await isAncestor(sql, local.target, run.head)));
  const pushCommits = !pushes
    ? 0
    : run.head === null
      ? await countReachable(sql, local.target)
      : await countCommits(sql, run.head, local.target);
  return {
    ...pulled,
    push: !pushes ? 'nothing' : run.head === null ? 'first-push' : 'fast-forward',
    pushCommits,
    head: pushes ? local.target : run.head,
  };
}

/** Three commits: our head, the peer's, and their merge base (null if there is none). */
interface ComparedHeads {
  readonly ours: string;
  readonly theirs: string;
  readonly base: string | null;
}

/** The state of a peer's head relative to ours. `ahead`: we have commits that the peer lacks. */
export function stateOf({ ours, theirs, base }: ComparedHeads): PeerState {
  if (ours === theirs) return 'up-to-date';
  if (base === null) return 'unrelated';
  if (base === theirs) return 'ahead';
  return base === ours ? 'behind' : 'diverged';
}
