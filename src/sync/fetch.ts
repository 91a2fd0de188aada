import type { Peer } from '../config/configuration.ts';
import type { PeerState } from '../contract/vocabulary.ts';
import { Failure, toFailure } from '../core/failure.ts';
import { plain } from '../core/text.ts';
import { monotonicMs } from '../core/time.ts';
import { unlistedTables } from '../dolt/schema/nonlocal-tables.ts';
import { tableNamesAt } from '../dolt/schema/table-definitions.ts';
import type { Engine } from '../dolt/server/engines.ts';
import { forgetTracking, trackedBranches } from '../dolt/sql/heads.ts';
import {
  type CommitInfo,
  commitInfo,
  commitsAmong,
  containsCommit,
  countCommits,
  mergeBase,
  rootCommit,
} from '../dolt/sql/history.ts';
import type { Sql } from '../dolt/sql/sql.ts';
import { NOWHERE } from '../egress/host-rule.ts';
import type { DatabaseRules } from '../rows/table-policy.ts';
import { connectToAll, type Tried } from './connect.ts';
import { fetchDelivery } from './deliver.ts';
import { findReturning } from './history/begun-pushes.ts';
import { leaseFailure } from './history/lease.ts';
import { findRewritten, howToResolve, type Rewritten, rewriteOptions, rewrittenFailure } from './history/rewritten.ts';
import { inEngines } from './in-engines.ts';
import { otherMakers } from './merge/other-makers.ts';
import { rightsOf } from './peer-actions.ts';
import type { PeerProgress } from './peer-progress.ts';
import { readPeer } from './read-peer.ts';
import type { LocalHead, SyncContext } from './sync-context.ts';
import { keepTags } from './tags.ts';
import { type AnswerBy, AnswerWait, LateAnswer } from './time-limits.ts';

/** How long connections to other peers are awaited after the first ones were made, if nothing needs them to be. */
const CONNECT_SOON_MS = 2_000;
/** Peers that connect at once are fetched together. */
const CONNECT_FIRST_MS = 500;

/**
 * Fetches the branch of each peer and records in its `PeerProgress` how it compares with our head. Tags of the database
 * do not change.
 * @param waitMs how long peers that have answered wait for the others; null: as long as the time limits allow
 * @returns the peers that have not answered by then; nothing is recorded for them
 */
export async function fetchAll(
  context: SyncContext,
  local: LocalHead,
  allProgress: readonly PeerProgress[],
  waitMs: number | null = null,
): Promise<readonly PeerProgress[]> {
  const late: PeerProgress[] = [];
  const connecting = connectToAll(context, allProgress);
  const waiting = waitMs === null ? null : new AnswerWait(waitMs);
  // The other peers are compared with a head that the user names.
  const isNamed = ({ adopt, lease }: PeerProgress) => adopt !== null || lease !== null;
  const mayBeLate = (progress: PeerProgress) => waitMs !== null && allProgress.length > 1 && !isNamed(progress);
  const fetchTried = async (tried: readonly Tried[]): Promise<boolean> => {
    for (const { progress, failure } of tried) if (failure !== null) recordUnreachable(context, progress, failure);
    const reached = tried.flatMap(({ progress, failure }) => (failure === null ? [progress] : []));
    late.push(...(await fetchReached(context, local, reached, (progress) => (mayBeLate(progress) ? waiting : null))));
    return reached.length > 0;
  };
  const anyReached = await fetchTried(await connecting.tried(CONNECT_FIRST_MS));
  const isHeld = anyReached && connecting.waiting().every(mayBeLate);
  const soon = Math.min(CONNECT_SOON_MS, waitMs ?? CONNECT_SOON_MS);
  await fetchTried(await connecting.tried(isHeld ? soon : undefined));
  late.push(...connecting.waiting());
  for (const { peer } of late) {
    context.onProgress({ peer: peer.name, step: 'waiting', detail: 'no answer yet; the other peers continue' });
  }
  return late;
}

function recordUnreachable(context: SyncContext, progress: PeerProgress, failure: Failure): void {
  progress.unreachable(failure);
  progress.countTime();
  context.onProgress({ peer: progress.peer.name, step: 'failed', detail: failure.code });
}

/** @returns the peers that have not answered in time */
async function fetchReached(
  context: SyncContext,
  local: LocalHead,
  allProgress: readonly PeerProgress[],
  waitFor: (progress: PeerProgress) => AnswerWait | null,
): Promise<readonly PeerProgress[]> {
  if (allProgress.length === 0) return [];
  const late = new Set<PeerProgress>();
  await keepTags(context, [], (around) =>
    inEngines(context, { allProgress, plain: 'last', around }, async (engine, progress) => {
      late.delete(progress);
      context.onProgress({ peer: progress.peer.name, step: 'fetching', detail: '' });
      const waiting = waitFor(progress);
      const begun = monotonicMs();
      const isUntried = progress.destination === null && progress.engineCredentials.startsPrograms;
      const answerBy = waiting === null ? null : { atMs: begun + waiting.millisecondsFor(isUntried) };
      if (!(await fetchPeer(context, local, engine, progress, answerBy))) {
        waiting?.spend(monotonicMs() - begun);
        late.add(progress);
      } else if (progress.failure === null)
        context.onProgress({ peer: progress.peer.name, step: 'fetched', detail: progress.state });
      else context.onProgress({ peer: progress.peer.name, step: 'failed', detail: progress.failure.code });
    }),
  );
  return [...late];
}

/**
 * Fetches one peer's branch and compares it with our head. A failure is recorded in its `PeerProgress`.
 * @returns whether the peer answered in time
 */
async function fetchPeer(
  context: SyncContext,
  local: LocalHead,
  engine: Engine,
  progress: PeerProgress,
  answerBy: AnswerBy | null,
): Promise<boolean> {
  try {
    const before = progress.head;
    const theirs = await readPeer(context, engine, progress, { answerBy, onTry: () => progress.countAttempt() });
    if (theirs === null) throw new Failure('branch-missing', missingBranch(progress));
    await compareWithin(context, local, engine, progress, { theirs, before });
  } catch (thrown) {
    if (thrown instanceof LateAnswer) return false;
    await recordAbsence(engine.database, progress, toFailure(thrown));
  }
  if (progress.failure !== null) return true;
  try {
    await fetchDelivery(context, local, engine, progress, answerBy);
    return true;
  } catch (thrown) {
    if (thrown instanceof LateAnswer) return false;
    throw thrown;
  }
}

/**
 * Runs `comparePeer` within a time limit. The comparison reads rows of the peer that no check has seen, and a
 * definition in them, such as a generated column, may compute for hours. A failure is recorded in the `PeerProgress`.
 */
export async function compareWithin(
  context: SyncContext,
  local: LocalHead,
  engine: Engine,
  progress: PeerProgress,
  heads: { readonly theirs: string; readonly before: string | null },
): Promise<void> {
  try {
    await engine.operation(context.limits.of('comparing'), NOWHERE, (sql) =>
      comparePeer(context, local, sql, progress, heads),
    );
  } catch (thrown) {
    // The peer was reached, so it is not `unreachable`.
    progress.incomparable(toFailure(thrown));
  }
}

/**
 * Compares a peer's head with ours. Refuses it if a merge would bring back what one side removed by rewriting its
 * history, or if its tables cannot be listed here.
 * @param heads.before the head that an earlier round of this run read there
 */
export async function comparePeer(
  { branch, rules, served }: SyncContext,
  local: LocalHead,
  sql: Sql,
  progress: PeerProgress,
  heads: { readonly theirs: string; readonly before: string | null },
): Promise<void> {
  const { ours } = local;
  const { theirs } = heads;
  const base = await mergeBase(sql, ours, theirs);
  const [ahead, behind] =
    base === null ? [null, null] : [await countCommits(sql, theirs, ours), await countCommits(sql, ours, theirs)];
  const makers = (behind ?? 0) === 0 ? null : await otherMakers(sql, { peer: progress.peer.name, ours, theirs });
  const unlisted = behind === 0 ? null : await unlistedTables(sql, { ours, theirs });
  const compared = { ours, theirs, base, dropped: local.dropped };
  const rewritten =
    (await takenBack(sql, progress, heads, local)) ??
    (await findReturning(sql, local, { head: theirs, passedOn: progress.passedOn })) ??
    (unlisted === null ? await findRewritten(sql, progress, compared) : null);
  const state = stateOf({ ours, theirs, base });
  progress.compared({ head: theirs, state, ahead, behind, otherMakers: makers, rewritten });
  // The user who named the head to be replaced knows its owner.
  if (progress.lease !== null) return;
  const isServed = served !== null;
  if (rewritten !== null) {
    const refused = await refusal(sql, progress, { branch, ours, theirs, base, isServed, rewritten });
    if (refused !== null) progress.fail(refused);
  } else if (unlisted !== null) progress.fail(unlisted);
  else if (base === null) progress.fail(await unrelated(sql, progress, { ours, theirs, isServed, rules }));
}

/** Another remote may already have the commit that an earlier round, or a run that ended early, read at the peer. */
async function takenBack(
  sql: Sql,
  { passedOn }: PeerProgress,
  { theirs, before }: { readonly theirs: string; readonly before: string | null },
  { ours, accepted }: LocalHead,
): Promise<Rewritten | null> {
  const earlier = [...(before === null ? [] : [before]), ...passedOn].filter((commit) => commit !== theirs);
  if (earlier.length === 0) return null;
  for (const head of [ours, ...accepted]) {
    const [missing] = await commitsAmong(sql, { from: theirs, to: head }, earlier);
    if (missing !== undefined) return { side: 'theirs', last: missing };
  }
  return null;
}

/** @returns null if the user named exactly this head for `merge-rewritten` */
async function refusal(
  sql: Sql,
  progress: PeerProgress,
  found: {
    readonly branch: string;
    readonly isServed: boolean;
    readonly ours: string;
    readonly theirs: string;
    readonly base: string | null;
    readonly rewritten: Rewritten;
  },
): Promise<Failure | null> {
  const { theirs, base, ours } = found;
  const named = progress.mergeRewritten;
  if (named === theirs && base !== null) return null;
  // A head that was named and merged once does not permit the next rewrite.
  if (named !== null && base !== null && !(await containsCommit(sql, ours, named))) {
    return leaseFailure(progress.peer.name, { expected: named, found: theirs }, 'merge-rewritten');
  }
  return rewrittenFailure(progress, found.rewritten, found);
}

async function recordAbsence(sql: Sql, progress: PeerProgress, failure: Failure): Promise<void> {
  if (failure.code !== 'remote-empty' && failure.code !== 'branch-missing') {
    // A shallow clone on our side is not a fault of the peer: it answered, but the comparison is impossible.
    if (failure.code === 'shallow-clone') progress.incomparable(failure);
    else progress.unreachable(failure);
    return;
  }
  await forgetTracking(sql, { remote: progress.remote, branch: progress.branch });
  if (failure.code === 'remote-empty') return recordNoData(progress);
  const others = (await trackedBranches(sql, progress.remote)).filter((name) => !name.startsWith(OURS));
  progress.foundEmpty(failure.code, others);
  // A peer that is only read stays without the branch, so every run would do nothing.
  if (!rightsOf(progress.peer.role).push || isEmptied(progress))
    progress.fail(new Failure('branch-missing', missingBranch(progress)));
}

/** Records that a peer has no data. */
export function recordNoData(progress: PeerProgress): void {
  const { peer } = progress;
  progress.foundEmpty('remote-empty');
  if (isEmptied(progress))
    progress.fail(
      new Failure('remote-empty', `${peer.name} has no data, but it had data before`, { hint: noDataHint(peer) }),
    );
}

/** Whether a peer had data, and no run like this one fills it again. Without data it may be new. */
function isEmptied({ peer, actions, remembered }: PeerProgress): boolean {
  const isOnlyRead = !rightsOf(peer.role).push || (actions?.merge === true && !actions.push);
  return isOnlyRead && remembered !== null;
}

/** The hint about a peer without data that is only read. */
export function noDataHint({ endpoint }: Peer): string {
  const page = endpoint.kind === 'git' ? ': a web page in the place of a git repository looks empty too' : '';
  return `Check the endpoint${page}. If the data is gone, find out why.`;
}

/** The beginning of branches and refs that only dolt-federation makes. */
const OURS = 'dolt-federation';
const MAX_BRANCHES = 5;

/** Says that a peer has no such branch, and which others earlier fetches saw there: Dolt 2.3.0 cannot list them. */
export function missingBranch({ peer, branch, otherBranches }: PeerProgress): string {
  const named = otherBranches.slice(0, MAX_BRANCHES).map(plain).join(', ');
  return `${peer.name} has no branch ${branch}; it has ${named === '' ? 'other branches' : named}`;
}

async function unrelated(
  sql: Sql,
  progress: PeerProgress,
  {
    rules,
    ...heads
  }: { readonly ours: string; readonly theirs: string; readonly isServed: boolean; readonly rules: DatabaseRules },
): Promise<Failure> {
  const [ourRoot, theirRoot] = await Promise.all([rootCommit(sql, heads.ours), rootCommit(sql, heads.theirs)]);
  const tip = await commitInfo(sql, heads.theirs);
  const options = rewriteOptions(progress.peer, { ...heads, base: null });
  const joins = options.length > 0 && rules.recognises(await tableNamesAt(sql, heads.ours));
  const ways = joins ? [...options, rules.joining] : options;
  const message = (shown: (root: CommitInfo) => string) =>
    `${progress.peer.name} has a history that shares no commit with ours: ours starts with ${shown(ourRoot)}, ` +
    `theirs with ${shown(theirRoot)} and is at ${tip.hash}`;
  return new Failure(
    'unrelated',
    message(({ hash, date, committer }) => `${hash} (${date}, ${committer})`),
    {
      ...(progress.inbox === null ? { hint: unrelatedHint(progress.peer, ways) } : {}),
      // Who made a commit is data, as who created a row.
      values: { least: 'keys', without: message(({ hash, date }) => `${hash} (${date})`) },
    },
  );
}

function unrelatedHint(peer: Peer, ways: readonly string[]): string {
  const keep = 'Decide which history to keep, and save the rows that only the other one has.';
  return `Nothing was merged or pushed. One side was initialised instead of cloned. ${keep} ${howToResolve(peer, ways)}`;
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
