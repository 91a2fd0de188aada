import pLimit from 'p-limit';
import type { MergeReport } from '../contract/result.ts';
import { Failure } from '../core/failure.ts';
import { pause, throwIfInterrupted } from '../core/interruption.ts';
import type { PeerEvent } from '../core/logger.ts';
import { isAncestor } from '../dolt/history.ts';
import { fastForward } from '../dolt/merge.ts';
import type { Database } from '../dolt/sql.ts';
import type { Converged } from './converge.ts';
import { mergeHeads } from './merge-heads.ts';
import { addMerges } from './merge-report.ts';
import type { PeerRun } from './peer-run.ts';
import { planFor } from './plan.ts';
import { publishTo } from './publish.ts';
import { removeScratch } from './scratch.ts';
import { surveyPeer } from './survey.ts';

export interface FederationOptions {
  /** Our branch and the commit it points at. */
  readonly branch: string;
  readonly ours: string;
  /** Tables with uncommitted changes; no head that changes one is merged. */
  readonly dirty: readonly string[];
  readonly dryRun: boolean;
  readonly initEmpty: boolean;
  readonly retries: number;
  readonly parallel: number;
  readonly signal: AbortSignal;
  readonly progress: (event: PeerEvent) => void;
}

export interface Federated {
  /** The head of our branch. */
  readonly head: string;
  readonly merge: MergeReport;
}

/** Up to this long, times the number of attempts, before a lost race is run again: towns must not stay in step. */
const JITTER_MS = 250;

/**
 * Fetches, merges, pushes and verifies for all peers that take part; what becomes of each is noted in its run. The
 * branch of the town moves once, at the end, and only forward.
 * @returns the head of our branch afterwards, and the merges behind it
 */
export async function federate(
  database: Database,
  runs: readonly PeerRun[],
  options: FederationOptions,
): Promise<Federated> {
  const active = runs.filter((run) => run.part !== null && run.failure === null);
  try {
    await survey(
      database,
      active.filter((run) => run.registered),
      options,
    );
    const federated = await agree(database, active, options);
    for (const run of runs) tellEnd(run, options);
    return federated;
  } finally {
    if (active.some((run) => run.part?.merge === true || run.part?.push === true)) await removeScratch(database);
  }
}

function tellEnd(run: PeerRun, options: FederationOptions): void {
  if (run.part === null) return;
  const { name } = run.peer;
  if (run.failure === null) options.progress({ peer: name, step: 'done', detail: run.state });
  else options.progress({ peer: name, step: 'failed', detail: run.failure.code });
}

async function survey(database: Database, runs: readonly PeerRun[], options: FederationOptions): Promise<void> {
  await inParallel(runs, options, async (run) => {
    run.attempts += 1;
    options.progress({ peer: run.peer.name, step: 'fetching', detail: '' });
    await surveyPeer(database, run, options.ours);
    options.progress({ peer: run.peer.name, step: 'fetched', detail: run.state });
  });
}

async function agree(database: Database, runs: readonly PeerRun[], options: FederationOptions): Promise<Federated> {
  // Once a remote has taken a commit, that commit is a head like any other; until then a fold can be thrown away.
  const accepted: string[] = [];
  let merged: MergeReport | null = null;
  for (let attempt = 0; ; attempt += 1) {
    const converged = await mergeHeads(database, runs, { ...options, accepted });
    if (options.dryRun) {
      for (const run of runs) run.plan = await planFor(database, run, { ...options, target: converged.target });
      return { head: options.ours, merge: converged.merge };
    }
    const { lost, taken } = await publish(database, runs, { ...options, converged });
    if (taken) {
      accepted.push(converged.target);
      merged = addMerges(merged, converged.merge);
    }
    const isLast = lost.length === 0 || attempt === options.retries;
    if (isLast) {
      for (const run of lost) run.failure = outrun(run, attempt + 1);
      const head = await advance(database, runs, { ...options, target: converged.target });
      return { head, merge: addMerges(merged, converged.merge) };
    }
    await pause(Math.random() * JITTER_MS * (attempt + 1), options.signal);
    await survey(database, lost, options);
  }
}

async function publish(
  database: Database,
  runs: readonly PeerRun[],
  options: FederationOptions & { readonly converged: Converged },
): Promise<{ readonly lost: PeerRun[]; readonly taken: boolean }> {
  const { target, branch } = options.converged;
  const lost: PeerRun[] = [];
  const writable = runs.filter((run) => run.part?.push === true && run.failure === null);
  await inParallel(writable, options, async (run) => {
    if (run.head === null && !options.initEmpty) {
      run.failure = new Failure(
        run.state === 'branch-missing' ? 'branch-missing' : 'remote-empty',
        `${run.peer.name} has no branch ${run.branch}, and \`init-empty\` is false`,
      );
      return;
    }
    if ((await publishTo(database, run, { target, branch, progress: options.progress })) === 'lost-race')
      lost.push(run);
  });
  return { lost, taken: target !== options.ours && lost.length < writable.length };
}

/** Moves our branch, once, and says of every peer that was only read whether it and we agree. */
async function advance(
  database: Database,
  runs: readonly PeerRun[],
  options: FederationOptions & { readonly target: string },
): Promise<string> {
  const { target, ours, branch } = options;
  if (target !== ours) await database.session((sql) => fastForward(sql, { branch, to: target }));
  for (const run of runs) {
    if (run.failure !== null || run.head === null || run.part === null) continue;
    if (run.part.merge) run.pulledCommits = run.behind ?? 0;
    if (!run.part.push)
      run.verified = run.part.merge
        ? await isAncestor(database, run.equivalentTo ?? run.head, target)
        : run.head === ours;
  }
  return target;
}

function outrun(run: PeerRun, attempts: number): Failure {
  return new Failure('non-fast-forward', `${run.peer.name} moved during each of ${attempts} attempt(s) to push`);
}

async function inParallel(
  runs: readonly PeerRun[],
  options: FederationOptions,
  work: (run: PeerRun) => Promise<void>,
): Promise<void> {
  const limit = pLimit(options.parallel);
  await Promise.all(
    runs.map((run) =>
      limit(async () => {
        throwIfInterrupted(options.signal);
        await work(run);
        run.durationMs = Date.now() - run.startedAt;
        throwIfInterrupted(options.signal);
      }),
    ),
  );
}
