import type { Diagnostic } from '../core/diagnostic.ts';
import { Failure, toFailure } from '../core/failure.ts';
import { counted } from '../core/text.ts';
import { NO_CREDENTIALS } from '../dolt/engine-credentials.ts';
import type { Engine } from '../dolt/server/engines.ts';
import { isAncestor } from '../dolt/sql/history.ts';
import type { Sql } from '../dolt/sql/sql.ts';
import { NOWHERE } from '../egress/host-rule.ts';
import { deliver } from './deliver.ts';
import { savedTags } from './history/lease.ts';
import { replaceHead } from './history/replace.ts';
import { inEngines } from './in-engines.ts';
import { refuseUnknownLive } from './incoming/live-unknown.ts';
import { secretRowsNotice } from './incoming/secret-rows.ts';
import type { PeerProgress } from './peer-progress.ts';
import { sendBranch } from './send-branch.ts';
import type { SyncContext } from './sync-context.ts';
import { keepTags } from './tags.ts';
import { verifyPush } from './verify.ts';

/** What is pushed: a commit, and a local branch that points at it. */
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

/** The results of one round of pushes. */
interface PushRound {
  /** Peers that moved or could not be reached, with the reason. */
  readonly raced: ReadonlyMap<PeerProgress, Failure>;
  /** Whether any remote may have the target. */
  readonly mayBeAtPeer: boolean;
}

/**
 * Pushes to every peer that takes pushes, then reads those whose push returned: only that verifies a push. Failures are
 * recorded in their `PeerProgress`.
 */
export async function pushAll(
  context: SyncContext,
  publication: Publication,
  runs: readonly PeerProgress[],
  ours: string,
): Promise<PushRound> {
  const toPush = await admitted(context, publication.target, runs);
  const pushed = new Map<PeerProgress, Pushed>();
  const push = async (engine: Engine, run: PeerProgress): Promise<void> => {
    pushed.set(run, await pushTo(context, publication, engine, run));
  };
  const plainly = toPush.filter((run) => run.lease === null);
  await inEngines(context, { runs: plainly, plain: 'first' }, push);
  const leased = toPush.filter((run) => run.lease !== null);
  if (leased.length > 0) {
    // A head to be replaced is fetched again right before the push.
    await keepTags(context, savedTags(leased), (around) =>
      inEngines(context, { runs: leased, plain: 'first', around }, push),
    );
  }
  await verifyAll(context, publication.target, pushed);
  const raced = new Map<PeerProgress, Failure>();
  for (const [run, sent] of pushed) if (sent.kind === 'lost-race') raced.set(run, sent.failure);
  const mayBeAtPeer = publication.target !== ours && [...pushed].some(([run, sent]) => mayHaveTaken(run, sent));
  return { raced, mayBeAtPeer };
}

/** The peers that may be pushed to; the others fail with the reason. */
async function admitted(
  context: SyncContext,
  target: string,
  runs: readonly PeerProgress[],
): Promise<readonly PeerProgress[]> {
  const { engines, initEmpty, notify } = context;
  if (runs.some(({ peer, actions }) => actions?.push === true && peer.live === null)) {
    await engines.use(NO_CREDENTIALS, ({ database }) => refuseUnknownLive(database, runs, target));
  }
  const writable = runs.filter((run) => run.actions?.push === true && run.failure === null);
  for (const run of writable) if (run.head === null && !initEmpty) run.fail(refusedFirstPush(run));
  const toPush = writable.filter((run) => run.failure === null);
  // From an earlier round; this round pushes another commit.
  for (const run of toPush) run.beginPush();
  if (toPush.some((run) => run.head === null)) {
    const secrets = await readSecretRows(context, target);
    if (secrets !== null) notify(secrets);
  }
  return toPush;
}

/** A warning must not stop the run: rows that cannot be read in time, or at all, are reported as such. */
async function readSecretRows({ engines, limits }: SyncContext, target: string): Promise<Diagnostic | null> {
  try {
    return await engines.use(NO_CREDENTIALS, (engine) =>
      engine.operation(limits.of('checking'), NOWHERE, (sql) => secretRowsNotice(sql, target)),
    );
  } catch (thrown) {
    const failure = toFailure(thrown);
    if (failure.code === 'interrupted') throw failure;
    const message = `whether the commits hold credentials could not be read: ${failure.message}`;
    return { severity: 'warning', code: 'secret-rows', message };
  }
}

async function verifyAll(
  context: SyncContext,
  target: string,
  pushed: ReadonlyMap<PeerProgress, Pushed>,
): Promise<void> {
  const returned = [...pushed].flatMap(([run, sent]) => (sent.kind === 'unproven' ? [run] : []));
  await keepTags(context, [], (around) =>
    inEngines(context, { runs: returned, plain: 'first', around }, async (engine, run) => {
      const sent = pushed.get(run);
      if (sent?.kind !== 'unproven') return;
      context.progress({ peer: run.peer.name, step: 'verifying', detail: '' });
      await verifyPush(context, { target, commits: sent.commits }, engine, run);
    }),
  );
}

export function refusedFirstPush(run: PeerProgress): Failure {
  return new Failure(
    run.state === 'branch-missing' ? 'branch-missing' : 'remote-empty',
    `${run.peer.name} has no branch ${run.branch}, and \`init-empty\` is false`,
  );
}

/**
 * Pushes to one peer, fast-forward only unless the run holds a lease. A successful push proves nothing: see verify.ts.
 */
async function pushTo(
  context: SyncContext,
  publication: Publication,
  engine: Engine,
  run: PeerProgress,
): Promise<Pushed> {
  const { target } = publication;
  const sql = engine.database;
  try {
    if (run.peer.live === true) return await deliver(context, publication, engine, run);
    const replaced = await replaceHead(context, publication, engine, run);
    if (replaced !== null) return { kind: 'unproven', commits: replaced.commits };
    const verdict = await pushVerdict(sql, run.head, target);
    if (verdict === 'up-to-date') run.verify();
    if (verdict === 'diverged') run.fail(divergedBranch(run));
    if (verdict === 'up-to-date' || verdict === 'diverged') return { kind: 'done' };
    const commits = await sendBranch(context, publication, engine, run, run.branch);
    return { kind: 'unproven', commits };
  } catch (thrown) {
    const failure = toFailure(thrown);
    // A lost engine is replaced; every other failure is retried after a fetch, which shows the result of the push.
    if (failure.retryable && failure.code !== 'engine-lost') return { kind: 'lost-race', failure };
    run.fail(failure.code === 'remote-empty' ? withoutBranch(run, failure) : failure);
    return { kind: 'done' };
  }
}

/** What a push of a commit to a branch would be; a dry run decides the same. */
export async function pushVerdict(
  sql: Sql,
  head: string | null,
  target: string,
): Promise<'first-push' | 'up-to-date' | 'fast-forward' | 'diverged'> {
  if (head === null) return 'first-push';
  if (await isAncestor(sql, target, head)) return 'up-to-date';
  return (await isAncestor(sql, head, target)) ? 'fast-forward' : 'diverged';
}

/** Only a peer that is never merged from can have commits of its own and be pushed to. */
export function divergedBranch(run: PeerProgress): Failure {
  return new Failure(
    'non-fast-forward',
    `${run.peer.name} has ${run.behind === null ? 'commits' : counted(run.behind, 'commit')} that this database does not have, and a push can only fast-forward`,
    { hint: 'Pull from it first. If it is a backup, find out who else writes to it.' },
  );
}

/** A fetch reports such a repository as empty, like any other; only a push shows that it cannot be pushed to. */
function withoutBranch(run: PeerProgress, cause: Failure): Failure {
  return new Failure('repository-empty', `${run.peer.name} is a git repository without any branch: ${cause.message}`, {
    cause,
  });
}

/** Whether the peer may have the target now, so that its commits must be kept. */
export function mayHaveTaken(run: Pick<PeerProgress, 'verified' | 'failure'>, push: Pushed): boolean {
  return push.kind === 'unproven' || run.verified || run.failure?.code === 'timeout';
}
