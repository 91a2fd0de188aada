import type { Diagnostic } from '../core/diagnostic.ts';
import { Failure, toFailure } from '../core/failure.ts';
import { pause } from '../core/interruption.ts';
import { counted } from '../core/text.ts';
import { NO_CREDENTIALS } from '../dolt/engine-credentials.ts';
import type { Engine } from '../dolt/server/engines.ts';
import { isAncestor } from '../dolt/sql/history.ts';
import type { Sql } from '../dolt/sql/sql.ts';
import { NOWHERE } from '../egress/host-rule.ts';
import { deliver } from './deliver.ts';
import { fetchAll } from './fetch.ts';
import { recordBegunPush } from './history/begun-pushes.ts';
import { savedTags } from './history/lease.ts';
import { keepAtServer, replaceHead } from './history/replace.ts';
import { inEngines } from './in-engines.ts';
import { refuseUnknownLive } from './incoming/live-unknown.ts';
import { refuseOwnHead } from './incoming/refuse-own-head.ts';
import { secretRowsNotice } from './incoming/secret-rows.ts';
import type { PeerProgress } from './peer-progress.ts';
import { pauseBefore } from './read-peer.ts';
import { requireUploadedTables } from './remotes/uploaded-tables.ts';
import { headsAtPeer, sendBranch } from './send-branch.ts';
import type { LocalHead, SyncContext } from './sync-context.ts';
import { keepTags } from './tags.ts';
import { verifyPush } from './verify.ts';

/** The pushed commit, and a local branch that points at it. */
export interface Publication {
  readonly target: string;
  readonly branch: string;
}

/**
 * Result of a push. `unproven`: it returned after sending so many commits · `done`: nothing to do, or a failure is
 * recorded in the `PeerProgress` · `lost-race`: the peer moved or could not be reached; another fetch and merge may
 * help.
 */
export type Pushed =
  | { readonly kind: 'unproven'; readonly commits: number }
  | { readonly kind: 'done' }
  | { readonly kind: 'lost-race'; readonly failure: Failure };

/** Peers that moved or could not be reached during a push, with the reason. */
type Raced = ReadonlyMap<PeerProgress, Failure>;

/** The results of one round of pushes. */
interface PushRound {
  readonly raced: Raced;
  /** Whether any remote may have the target. */
  readonly mayBeAtPeer: boolean;
}

export const NO_PUSHES: PushRound = { raced: new Map(), mayBeAtPeer: false };

/**
 * Pushes to every peer that takes pushes, then reads those whose push returned: only that verifies a push. Failures are
 * recorded in their `PeerProgress`.
 */
export async function pushAll(
  context: SyncContext,
  publication: Publication,
  allProgress: readonly PeerProgress[],
  ours: string,
): Promise<PushRound> {
  const toPush = await peersToPush(context, publication.target, allProgress);
  const verdicts = await judgePushes(context, publication.target, toPush);
  const unpushed = [...verdicts].flatMap(([progress, verdict]) => (recordNoPush(progress, verdict) ? [progress] : []));
  const pushed = new Map<PeerProgress, Pushed>(unpushed.map((progress) => [progress, { kind: 'done' }]));
  const open = toPush.filter((progress) => !unpushed.includes(progress));
  if (await isAnyLacking(context, publication.target, open)) await recordBegunPush(context, ours, allProgress);
  const push = async (engine: Engine, progress: PeerProgress): Promise<void> => {
    pushed.set(progress, await pushTo(context, publication, engine, progress, verdicts.get(progress)));
  };
  const plainly = open.filter((progress) => progress.lease === null);
  await inEngines(context, { allProgress: plainly, plain: 'first' }, push);
  const toReplace = toPush.filter((progress) => progress.lease !== null);
  const notKept = await keepAtServer(context, publication.target, toReplace);
  for (const [progress, failure] of notKept) pushed.set(progress, afterFailure(progress, failure));
  const leased = toReplace.filter((progress) => !notKept.has(progress));
  if (leased.length > 0) {
    // A head to be replaced is fetched again right before the push.
    await keepTags(context, savedTags(leased), (around) =>
      inEngines(context, { allProgress: leased, plain: 'first', around }, push),
    );
  }
  await verifyAll(context, publication.target, pushed);
  const raced = new Map<PeerProgress, Failure>();
  for (const [progress, sent] of pushed) if (sent.kind === 'lost-race') raced.set(progress, sent.failure);
  const mayBeAtPeer =
    publication.target !== ours && [...pushed].some(([progress, sent]) => mayHaveTaken(progress, sent));
  return { raced, mayBeAtPeer };
}

/** The peers that may be pushed to; the others fail with the reason. */
async function peersToPush(
  context: SyncContext,
  target: string,
  allProgress: readonly PeerProgress[],
): Promise<readonly PeerProgress[]> {
  const { engines, initEmpty, notify } = context;
  await engines.use(NO_CREDENTIALS, (engine) => refusePushes(context, engine, target, allProgress));
  const writable = allProgress.filter((progress) => progress.actions?.push === true && progress.failure === null);
  for (const progress of writable) if (progress.head === null && !initEmpty) progress.fail(refusedFirstPush(progress));
  const toPush = writable.filter((progress) => progress.failure === null);
  // From an earlier round; this round pushes another commit.
  for (const progress of toPush) progress.beginPush();
  if (toPush.some((progress) => progress.head === null)) {
    const secrets = await readSecretRows(context, target);
    if (secrets !== null) notify(secrets);
  }
  return toPush;
}

/**
 * Decides in the engine without credentials which peers need a push: starting theirs takes longer than the rest of a run
 * without changes. A git remote is asked for its files first, so it is judged in its engine.
 */
async function judgePushes(
  { engines }: SyncContext,
  target: string,
  allProgress: readonly PeerProgress[],
): Promise<ReadonlyMap<PeerProgress, PushVerdict>> {
  const verdicts = new Map<PeerProgress, PushVerdict>();
  const judged = allProgress.filter(
    ({ peer, lease }) => peer.live !== true && lease === null && peer.endpoint.kind !== 'git',
  );
  if (judged.length === 0) return verdicts;
  await engines.use(NO_CREDENTIALS, async ({ database }) => {
    for (const progress of judged) verdicts.set(progress, await pushVerdict(database, progress.head, target));
  });
  return verdicts;
}

/** Whether any of these peers is to get the target; git remotes, inboxes and leases are judged in more detail later. */
async function isAnyLacking(
  { engines }: SyncContext,
  target: string,
  allProgress: readonly PeerProgress[],
): Promise<boolean> {
  if (allProgress.length === 0) return false;
  return await engines.use(NO_CREDENTIALS, async ({ database }) => {
    for (const progress of allProgress) {
      const heads: boolean[] = [];
      for (const head of headsAtPeer(progress)) heads.push(await isAncestor(database, target, head));
      if (!heads.includes(true)) return true;
    }
    return false;
  });
}

/** Records a verdict after which nothing is pushed. @returns whether it is one */
function recordNoPush(progress: PeerProgress, verdict: PushVerdict): boolean {
  if (verdict === 'up-to-date') progress.verify();
  if (verdict === 'diverged') progress.fail(divergedBranch(progress));
  return verdict === 'up-to-date' || verdict === 'diverged';
}

/** Fails the peers that may not get a commit of ours; a dry run decides the same. */
export async function refusePushes(
  context: SyncContext,
  engine: Engine,
  target: string,
  allProgress: readonly PeerProgress[],
): Promise<void> {
  await refuseUnknownLive(engine.database, allProgress, target);
  // All others were checked before the merge.
  const unmerged = allProgress.filter(
    ({ actions, head }) => actions?.push === true && (!actions.merge || head === null),
  );
  await refuseOwnHead(context, engine, unmerged, target);
}

/** A warning must not stop the run: rows that cannot be read in time, or at all, are reported as such. */
async function readSecretRows({ engines, limits, rules }: SyncContext, target: string): Promise<Diagnostic | null> {
  try {
    return await engines.use(NO_CREDENTIALS, (engine) =>
      engine.operation(limits.of('checking'), NOWHERE, (sql) => secretRowsNotice(sql, target, rules)),
    );
  } catch (thrown) {
    const failure = toFailure(thrown);
    if (failure.code === 'interrupted') throw failure;
    const message = `whether the commits hold credentials could not be read: ${failure.withoutValues}`;
    return { severity: 'warning', code: 'secret-rows', message };
  }
}

async function verifyAll(
  context: SyncContext,
  target: string,
  pushed: ReadonlyMap<PeerProgress, Pushed>,
): Promise<void> {
  const returned = [...pushed].flatMap(([progress, sent]) =>
    sent.kind === 'unproven' && progress.failure === null ? [progress] : [],
  );
  await keepTags(context, [], (around) =>
    inEngines(context, { allProgress: returned, plain: 'last', around }, async (engine, progress) => {
      const sent = pushed.get(progress);
      if (sent?.kind !== 'unproven') return;
      context.onProgress({ peer: progress.peer.name, step: 'verifying', detail: '' });
      await verifyPush(context, { target, commits: sent.commits }, engine, progress);
    }),
  );
}

export function refusedFirstPush(progress: PeerProgress): Failure {
  return new Failure(
    progress.state === 'branch-missing' ? 'branch-missing' : 'remote-empty',
    `${progress.peer.name} has no branch ${progress.branch}, and \`--no-init-empty\` is set`,
    { hint: 'Push to it first from another database, or remove `--no-init-empty`.' },
  );
}

/**
 * Pushes to one peer, fast-forward only unless the run holds a lease. A successful push proves nothing: see verify.ts.
 * @param judged absent: the peer was not judged yet
 */
async function pushTo(
  context: SyncContext,
  publication: Publication,
  engine: Engine,
  progress: PeerProgress,
  judged?: PushVerdict,
): Promise<Pushed> {
  const { target } = publication;
  try {
    if (progress.peer.live === true) return await deliver(context, publication, engine, progress);
    const replaced = await replaceHead(context, publication, engine, progress);
    if (replaced !== null) return { kind: 'unproven', commits: replaced.commits };
    const verdict = judged ?? (await pushVerdict(engine.database, progress.head, target));
    // An earlier push may have named table files that it did not upload.
    if (verdict === 'up-to-date') await requireUploadedTables(context, engine, progress);
    if (recordNoPush(progress, verdict)) return { kind: 'done' };
    const commits = await sendBranch(context, publication, engine, progress, progress.branch);
    return { kind: 'unproven', commits };
  } catch (thrown) {
    return afterFailure(progress, toFailure(thrown));
  }
}

/** A lost engine is replaced; every other failure is retried after a fetch, which shows the result of the push. */
function afterFailure(progress: PeerProgress, failure: Failure): Pushed {
  if (failure.retryable && failure.code !== 'engine-lost') return { kind: 'lost-race', failure };
  progress.fail(failure.code === 'remote-empty' ? withoutBranch(progress, failure) : failure, 'failed');
  return { kind: 'done' };
}

type PushVerdict = 'first-push' | 'up-to-date' | 'fast-forward' | 'diverged';

/** The kind of a push of a commit to a branch; a dry run decides the same. */
export async function pushVerdict(sql: Sql, head: string | null, target: string): Promise<PushVerdict> {
  if (head === null) return 'first-push';
  if (await isAncestor(sql, target, head)) return 'up-to-date';
  return (await isAncestor(sql, head, target)) ? 'fast-forward' : 'diverged';
}

/**
 * Waits, then reads the peers that moved or could not be reached, so that another round can push to them.
 * @param round 0 for the first
 */
export async function fetchRaced(context: SyncContext, local: LocalHead, raced: Raced, round: number): Promise<void> {
  for (const [{ peer }, { code }] of raced) {
    const detail = `${code}; push ${round + 2} of ${context.retries + 1} follows`;
    context.onProgress({ peer: peer.name, step: 'retrying', detail });
  }
  await pause(pauseBefore(round), context.signal);
  await fetchAll(context, local, [...raced.keys()]);
}

/** Gives up the peers that moved or could not be reached in the last round. */
export function failRaced(raced: Raced, round: number): void {
  for (const [progress, why] of raced) {
    const { name } = progress.peer;
    const message = `${name} moved during each of ${counted(round + 1, 'attempt')} to push`;
    progress.fail(why.code === 'non-fast-forward' ? new Failure('non-fast-forward', message) : why, 'failed');
  }
}

/** Only a peer that is never merged from can have commits of its own and be pushed to. */
export function divergedBranch(progress: PeerProgress): Failure {
  return new Failure(
    'non-fast-forward',
    `${progress.peer.name} has ${progress.behind === null ? 'commits' : counted(progress.behind, 'commit')} that this database does not have, and a push can only fast-forward`,
    { hint: 'Pull from it first. If it is a backup, find out who else writes to it.' },
  );
}

/** A fetch reports such a repository as empty, like any other; only a push shows that it cannot be pushed to. */
function withoutBranch(progress: PeerProgress, cause: Failure): Failure {
  return new Failure(
    'repository-empty',
    `${progress.peer.name} is a git repository without any branch: ${cause.message}`,
    {
      cause,
    },
  );
}

/** Whether the peer may have the target now, so that its commits must be kept. */
export function mayHaveTaken(progress: Pick<PeerProgress, 'verified' | 'failure'>, push: Pushed): boolean {
  return push.kind === 'unproven' || progress.verified || progress.failure?.code === 'timeout';
}
