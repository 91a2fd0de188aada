import type { MergeReport } from '../contract/result.ts';
import { Failure, toFailure } from '../core/failure.ts';
import { pause } from '../core/interruption.ts';
import type { PeerEvent } from '../core/logger.ts';
import { NO_CREDENTIALS } from '../dolt/engine-credentials.ts';
import type { Engine, Engines } from '../dolt/server/engines.ts';
import { rootCommit } from '../dolt/sql/history.ts';
import type { Database } from '../dolt/sql/sql.ts';
import { advanceLocalBranch } from './conclude.ts';
import { fetchPeer, planFor } from './fetch.ts';
import { type Adoption, adoptHeads } from './history/adopt.ts';
import { savedTags } from './history/lease.ts';
import { inEngines } from './in-engines.ts';
import { inboxBranch } from './inbox.ts';
import { refuseUnknownLive } from './incoming/live-unknown.ts';
import { secretRowsNotice } from './incoming/secret-rows.ts';
import type { Converged } from './merge/converge.ts';
import { MergeLimits } from './merge/limits.ts';
import { addMerges, mergeHeads } from './merge/merge-heads.ts';
import { reportReceived } from './merge/received-merges.ts';
import { removeScratch } from './merge/scratch.ts';
import type { Notice } from './notice.ts';
import { rightsOf } from './peer-actions.ts';
import type { PeerRun } from './peer-run.ts';
import { mayHaveTaken, type Pushed, pushTo } from './push.ts';
import { pauseBefore } from './read-peer.ts';
import { fetchInboxes, removeInboxes } from './receive.ts';
import { keepTags } from './tags.ts';
import { verifyPush } from './verify.ts';

export interface FederationOptions {
  /** Our branch and the commit it points at. */
  readonly branch: string;
  readonly ours: string;
  /** The name of our database; null: none is set, and no peer is a running database. */
  readonly town: string | null;
  /** Tables with uncommitted changes; no head that changes one is merged. */
  readonly dirty: readonly string[];
  readonly dryRun: boolean;
  readonly initEmpty: boolean;
  /** Percent of a table's rows that a peer may delete at once. */
  readonly maxDelete: number;
  /** Commits that our branch gave up, and every head that is remembered of any peer for it. */
  readonly dropped: readonly string[];
  readonly known: readonly string[];
  /** Commits of ours that `adopt` may lose. */
  readonly discardLocal: readonly string[];
  /** How often what may pass by itself is tried again, and a lost race run again. */
  readonly retries: number;
  /** How long a verb of a peer may take, in milliseconds, where the peer does not say. */
  readonly timeoutMs: number;
  /** How long one check or merge of a head may take, in milliseconds. */
  readonly mergeTimeoutMs: number;
  readonly parallel: number;
  readonly signal: AbortSignal;
  readonly progress: (event: PeerEvent) => void;
  /** Takes what should be known of the run as a whole. */
  readonly notify: (notice: Notice) => void;
}

export interface Federated {
  /** The head of our branch. */
  readonly head: string;
  /** null: the run was interrupted. */
  readonly merge: MergeReport | null;
}

/**
 * Fetches, merges, pushes and verifies for all peers that take part; what becomes of each is noted in its run. The
 * branch of the town moves once, at the end, and only forward, unless `adopt` named another head. Merging happens in an
 * engine without any credential. An interrupted run ends where it stands.
 * @returns the head of our branch afterwards, and the merges behind it
 */
export async function federate(
  engines: Engines,
  runs: readonly PeerRun[],
  options: FederationOptions,
): Promise<Federated> {
  const active = runs.filter((run) => run.actions !== null && run.failure === null);
  let { ours } = options;
  try {
    await prepareInboxes(engines, active, options);
    await fetchAll(
      engines,
      active.filter((run) => run.registered),
      { ...options, accepted: [] },
    );
    const adoption = await adopt(engines, active, options);
    if (!options.dryRun) ours = adoption.ours;
    const agreed = await agree(engines, active, { ...options, ...adoption });
    return options.dryRun ? { ...agreed, head: ours } : agreed;
  } catch (thrown) {
    noteInterruption(active, toFailure(thrown));
    return { head: ours, merge: null };
  } finally {
    for (const run of runs) reportEnd(run, options);
    const writes = active.some((run) => run.actions?.merge === true || run.actions?.push === true);
    // What cannot be removed now, the next run removes; that is no reason to hide what this one did.
    if (writes) await engines.use(NO_CREDENTIALS, ({ database }) => removeScratch(database)).catch(() => undefined);
  }
}

/** Names our inbox at running databases and reads those of our own database. */
async function prepareInboxes(engines: Engines, runs: readonly PeerRun[], options: FederationOptions): Promise<void> {
  const { town, ours } = options;
  const running = runs.filter(
    ({ peer, actions }) =>
      peer.live === true && rightsOf(peer.role).push && (actions?.push === true || actions?.merge === false),
  );
  if (running.length === 0 && runs.every(({ inbox }) => inbox === null)) return;
  await engines.use(NO_CREDENTIALS, async (engine) => {
    const { database } = engine;
    if (town !== null && running.length > 0) {
      const branch = inboxBranch(town, (await rootCommit(database, ours)).hash);
      for (const run of running) run.delivery = { branch, head: null };
    }
    await fetchInboxes(engine, runs, { ...options, accepted: [] });
  });
}

/**
 * What was done before an interruption stays done and is reported; our branch has not moved.
 * @throws Failure everything else
 */
function noteInterruption(runs: readonly PeerRun[], failure: Failure): void {
  if (failure.code !== 'interrupted') throw failure;
  for (const run of runs) if (!run.verified) run.failure ??= failure;
}

function reportEnd(run: PeerRun, options: FederationOptions): void {
  if (run.actions === null) return;
  const { name } = run.peer;
  if (run.failure === null) options.progress({ peer: name, step: 'done', detail: run.state });
  else options.progress({ peer: name, step: 'failed', detail: run.failure.code });
}

async function adopt(engines: Engines, runs: readonly PeerRun[], options: FederationOptions): Promise<Adoption> {
  const { ours, dropped } = options;
  if (runs.every((run) => run.adopt === null)) return { ours, dropped, from: [] };
  return await engines.use(NO_CREDENTIALS, ({ database }) => adoptHeads(database, runs, { ...options, accepted: [] }));
}

async function fetchAll(
  engines: Engines,
  runs: readonly PeerRun[],
  options: FederationOptions & { readonly accepted: readonly string[] },
): Promise<void> {
  const fetching = { ...options, runs, plain: 'last' } as const;
  await keepTags(engines, options, (around) =>
    inEngines(engines, { ...fetching, around }, async (engine, run) => {
      options.progress({ peer: run.peer.name, step: 'fetching', detail: '' });
      await fetchPeer(engine, run, options);
      options.progress({ peer: run.peer.name, step: 'fetched', detail: run.state });
    }),
  );
}

async function agree(
  engines: Engines,
  runs: readonly PeerRun[],
  options: FederationOptions & { readonly from: readonly PeerRun[] },
): Promise<Federated> {
  // Once a remote has taken a commit, that commit is a head like any other; until then a fold can be thrown away.
  const accepted: string[] = [];
  const made = new Set<string>();
  const incoming = new Map<PeerRun, string>();
  const limits = new MergeLimits(options.mergeTimeoutMs, runs.length);
  let merged: MergeReport | null = null;
  for (let attempt = 0; ; attempt += 1) {
    const converged = await mergeWithin(engines, runs, { ...options, accepted, limits });
    const { target } = converged;
    for (const commit of converged.made) made.add(commit);
    // A push changes what a peer has; this is what it had before.
    for (const run of runs) if (run.head !== null && run.actions?.merge === true) incoming.set(run, run.head);
    if (options.dryRun) {
      await engines.use(NO_CREDENTIALS, ({ database }) => plan(database, runs, { ...options, target }));
      return { head: options.ours, merge: converged.merge };
    }
    const { lost, taken } = await publish(engines, runs, { ...options, converged });
    if (taken) accepted.push(target);
    if (lost.size === 0 || attempt === options.retries) {
      for (const [run, why] of lost) run.failure = outrun(run, why, attempt + 1);
      const head = await advanceLocalBranch(engines, runs, { ...options, target });
      if (head !== options.ours) await reportReceivedMerges(engines, incoming, { ...options, to: head, made });
      await removeMerged(engines, runs, head);
      return { head, merge: addMerges(merged, converged.merge) };
    }
    // A fold that nobody took is thrown away, and its merges with it.
    if (taken) merged = addMerges(merged, converged.merge);
    await pause(pauseBefore(attempt), options.signal);
    await fetchAll(engines, [...lost.keys()], { ...options, accepted });
  }
}

/** Our branch has moved already, so what goes wrong here fails nothing. */
async function reportReceivedMerges(
  engines: Engines,
  incoming: ReadonlyMap<PeerRun, string>,
  options: FederationOptions & { readonly to: string; readonly made: ReadonlySet<string> },
): Promise<void> {
  try {
    const move = { ...options, from: options.ours };
    await engines.use(NO_CREDENTIALS, (engine) => reportReceived(engine, incoming, move));
  } catch (thrown) {
    const { code, message } = toFailure(thrown);
    if (code === 'interrupted') return;
    const reported = `merges that other databases made could not be read: ${message}`;
    options.notify({ severity: 'warning', code, message: reported });
  }
}

/**
 * Merges, and begins again in a new engine where one ended under a head or had to be ended because of it. That ends: each
 * time the limits have learned which head it was, or look closer.
 */
async function mergeWithin(
  engines: Engines,
  runs: readonly PeerRun[],
  options: FederationOptions & { readonly accepted: readonly string[]; readonly limits: MergeLimits },
): Promise<Converged> {
  const { limits } = options;
  for (;;) {
    const { lost } = limits;
    try {
      return await engines.use(NO_CREDENTIALS, (engine) => mergeHeads(engine, runs, options));
    } catch (thrown) {
      if (toFailure(thrown).code !== 'engine-lost' || limits.lost === lost) throw thrown;
      await engines.close();
    }
  }
}

/** What cannot be removed now is removed by the next run; that fails nothing. */
async function removeMerged(engines: Engines, runs: readonly PeerRun[], head: string): Promise<void> {
  if (runs.every(({ inbox }) => inbox === null)) return;
  try {
    await engines.use(NO_CREDENTIALS, ({ database }) => removeInboxes(database, runs, head));
  } catch (thrown) {
    const failure = toFailure(thrown);
    if (failure.code === 'interrupted') throw failure;
  }
}

async function plan(
  database: Database,
  runs: readonly PeerRun[],
  options: FederationOptions & { readonly target: string; readonly from: readonly PeerRun[] },
): Promise<void> {
  await refuseUnknownLive(database, runs, options.target);
  for (const run of runs) {
    run.plan = await planFor(database, run, { ...options, adopts: options.from.includes(run) });
  }
}

interface Published {
  /** Peers that moved, or could not be reached, and why. */
  readonly lost: ReadonlyMap<PeerRun, Failure>;
  /** Whether any remote may have taken the target. */
  readonly taken: boolean;
}

async function publish(
  engines: Engines,
  runs: readonly PeerRun[],
  options: FederationOptions & { readonly converged: Converged },
): Promise<Published> {
  const { target, branch } = options.converged;
  const pushed = new Map<PeerRun, Pushed>();
  if (runs.some(({ peer, actions }) => actions?.push === true && peer.live === null)) {
    await engines.use(NO_CREDENTIALS, ({ database }) => refuseUnknownLive(database, runs, target));
  }
  const writable = runs.filter((run) => run.actions?.push === true && run.failure === null);
  for (const run of writable) if (run.head === null && !options.initEmpty) run.failure = refusedFirstPush(run);
  const toPush = writable.filter((run) => run.failure === null);
  // Of an earlier round: what is pushed now is another commit.
  for (const run of toPush) run.verified = false;
  if (toPush.some((run) => run.head === null)) {
    const secrets = await engines.use(NO_CREDENTIALS, ({ database }) => secretRowsNotice(database, target));
    if (secrets !== null) options.notify(secrets);
  }
  const leased = toPush.filter((run) => run.lease !== null);
  const push = async (engine: Engine, run: PeerRun): Promise<void> => {
    pushed.set(run, await pushTo(engine, run, { ...options, target, branch }));
  };
  const plainly = toPush.filter((run) => run.lease === null);
  await inEngines(engines, { ...options, runs: plainly, plain: 'first' }, push);
  if (leased.length > 0) {
    // A head that is to be replaced is fetched once more right before.
    await keepTags(engines, { ...options, own: savedTags(leased) }, (around) =>
      inEngines(engines, { ...options, runs: leased, plain: 'first', around }, push),
    );
  }
  const returned = [...pushed].flatMap(([run, sent]) => (sent.kind === 'unproven' ? [run] : []));
  await keepTags(engines, options, (around) =>
    inEngines(engines, { ...options, runs: returned, plain: 'first', around }, async (engine, run) => {
      const sent = pushed.get(run);
      if (sent?.kind !== 'unproven') return;
      options.progress({ peer: run.peer.name, step: 'verifying', detail: '' });
      await verifyPush(engine, run, { ...options, target, commits: sent.commits });
    }),
  );
  const lost = new Map<PeerRun, Failure>();
  for (const [run, push] of pushed) if (push.kind === 'lost-race') lost.set(run, push.failure);
  return { lost, taken: target !== options.ours && [...pushed].some(([run, push]) => mayHaveTaken(run, push)) };
}

function refusedFirstPush(run: PeerRun): Failure {
  return new Failure(
    run.state === 'branch-missing' ? 'branch-missing' : 'remote-empty',
    `${run.peer.name} has no branch ${run.branch}, and \`init-empty\` is false`,
  );
}

function outrun(run: PeerRun, why: Failure, attempts: number): Failure {
  if (why.code !== 'non-fast-forward') return why;
  return new Failure('non-fast-forward', `${run.peer.name} moved during each of ${attempts} attempt(s) to push`);
}
