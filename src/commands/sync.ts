import type { MergeReport, RunResult } from '../contract/result.ts';
import { type Failure, toFailure } from '../core/failure.ts';
import { advanceLocalBranch } from '../sync/advance.ts';
import { fetchAll } from '../sync/fetch.ts';
import { adoptHeads } from '../sync/history/adopt.ts';
import { compareAgain } from '../sync/history/compare-again.ts';
import { refuseAllPushes, stampRows } from '../sync/history/stamp.ts';
import { refuseLossyCommits } from '../sync/incoming/refuse-own-head.ts';
import { addMerges, mergeHeads } from '../sync/merge/merge-heads.ts';
import { reportReceivedMerges } from '../sync/merge/received-merges.ts';
import { recordUnreported, unreportedSince } from '../sync/merge/unreported-moves.ts';
import type { PeerProgress } from '../sync/peer-progress.ts';
import { planAll } from '../sync/plan.ts';
import { failRaced, fetchRaced, NO_PUSHES, pushAll } from '../sync/push.ts';
import { prepareInboxes, removeMergedInboxes } from '../sync/receive.ts';
import type { LocalHead, SyncContext } from '../sync/sync-context.ts';
import type { Context } from './context.ts';
import { endPeers, type Opened, onDatabase, recordInterruption, type SyncOutcome, withPeers } from './on-database.ts';
import { exportAfterSync, NO_EXPORT } from './outcome/export-after-sync.ts';
import { keepHeads } from './outcome/keep-heads.ts';
import { record } from './outcome/record.ts';
import { runResult } from './outcome/run-result.ts';
import { readSyncSettings } from './prepare/sync-settings.ts';
import type { SyncRequest } from './request.ts';

/**
 * `sync`, `pull`, `push`, `status` and `plan`: synchronizes the database and its peers as far as the command goes.
 * @throws Failure for everything that stops the whole run; the failure of one peer is in its result
 */
export async function sync(request: SyncRequest, context: Context): Promise<SyncOutcome> {
  const settings = await readSyncSettings(request, context);
  return await onDatabase(request, context, settings, (opened) => syncDatabase(request, context, opened));
}

/** One run on our database. */
async function syncDatabase(request: SyncRequest, context: Context, opened: Opened): Promise<RunResult> {
  const { database, settings, dolt, started } = opened;
  const { configuration } = settings;
  const { value, notices } = await withPeers(request, context, opened, async (syncContext, prepared) => {
    const exchanged = await exchange(syncContext, prepared.local, prepared.allProgress);
    context.onProgress({ stage: 'writing the result' });
    const { head, isReported } = exchanged;
    const recorded = await record(request, context, { database, configuration, prepared, head, isReported });
    await keepHeads(request, context, { database, configuration, prepared, head });
    const on = { configuration, database, branch: prepared.branch };
    const afterSync = exchanged.merge === null ? NO_EXPORT : await exportAfterSync(request, context, on);
    return { prepared, exchanged, recorded, afterSync };
  });
  const { prepared, exchanged, recorded, afterSync } = value;
  const doltVersion = dolt.version;
  return runResult(request, {
    started,
    doltVersion,
    database,
    prepared,
    offline: settings.offline,
    ...exchanged,
    ...recorded,
    afterSync,
    leg: settings.leg,
    workspace: context.ceiling,
    notices,
  });
}

interface Exchanged {
  /** The head of our branch. */
  readonly head: string;
  /** null: the run was interrupted. */
  readonly merge: MergeReport | null;
  /** Whether the rows of all merges of our branch are reported in the `PeerProgress`. */
  readonly isReported: boolean;
}

/**
 * Fetches, checks, merges, pushes and verifies for all participating peers, and repeats that for peers that moved
 * meanwhile. The outcome of each peer is recorded in its `PeerProgress`. Our branch moves once, at the end, and only
 * forward unless `adopt` names another head. An interrupted run keeps what was done so far.
 */
export async function exchange(
  context: SyncContext,
  begin: LocalHead,
  all: readonly PeerProgress[],
): Promise<Exchanged> {
  const allProgress = all.filter((progress) => progress.actions !== null && progress.failure === null);
  let local = begin;
  try {
    await prepareInboxes(context, local, allProgress);
    const late = await fetchAll(
      context,
      local,
      allProgress.filter((progress) => progress.registered),
      context.dryRun ? null : context.fetchWaitMs,
    );
    local = await compareAgain(context, local, allProgress);
    const adoption = await adoptHeads(context, local, allProgress);
    context.onProgress({ stage: 'checking what the peers have' });
    if (context.dryRun) {
      const { target, merge } = await mergeHeads(context, adoption.local, allProgress);
      const planning = { ours: begin.ours, onto: adoption.local.ours, target, adopted: adoption.from };
      await planAll(context, planning, allProgress);
      return { head: begin.ours, merge, isReported: false };
    }
    const stamped = await stampRows(context, adoption.local, allProgress);
    local = stamped.local;
    return await mergeAndPush(context, local, { allProgress, late, pushRefusal: stamped.pushRefusal });
  } catch (thrown) {
    recordInterruption(allProgress, toFailure(thrown));
    return { head: local.ours, merge: null, isReported: false };
  } finally {
    await endPeers(context, all);
  }
}

/**
 * Merges and pushes until no peer has moved meanwhile, fetches and includes the peers that answered late, then moves
 * our branch.
 */
async function mergeAndPush(
  context: SyncContext,
  begin: LocalHead,
  all: {
    readonly allProgress: readonly PeerProgress[];
    readonly late: readonly PeerProgress[];
    /** Why this run may push nothing; null: it may. */
    readonly pushRefusal: Failure | null;
  },
): Promise<Exchanged> {
  const { ours } = begin;
  /** The head of each peer before this run pushed to it, and the merge commits of this run. */
  const incoming = new Map<PeerProgress, string>();
  const made = new Set<string>();
  let { late } = all;
  let allProgress: readonly PeerProgress[] = all.allProgress.filter((progress) => !late.includes(progress));
  let local = begin;
  let merge: MergeReport | null = null;
  for (let round = 0; ; round += 1) {
    const merged = await mergeHeads(context, local, allProgress);
    const { target } = merged;
    for (const commit of merged.made) made.add(commit);
    // A push changes what a peer has; remember what it had before.
    for (const progress of allProgress) {
      if (progress.head !== null && progress.actions?.merge === true && !made.has(progress.head))
        incoming.set(progress, progress.head);
    }

    const { raced, mayBeAtPeer } =
      all.pushRefusal === null ? await pushAll(context, merged, allProgress, ours) : NO_PUSHES;
    // Once a remote has a commit, it must be kept; until then its merges can be discarded.
    if (mayBeAtPeer) local = { ...local, accepted: [...local.accepted, target] };

    if (raced.size > 0 && round < context.retries) {
      if (mayBeAtPeer) merge = addMerges(merge, merged.merge);
      await fetchRaced(context, local, raced, round);
      continue;
    }
    failRaced(raced, round);
    const isAnswered = await fetchLate(context, local, late);
    late = [];
    if (isAnswered) {
      local = await compareAgain(context, local, all.allProgress);
      if (mayBeAtPeer) merge = addMerges(merge, merged.merge);
      allProgress = all.allProgress;
      round = -1;
      continue;
    }
    let last = merged.merge;
    const reported = new Map(allProgress.map((progress) => [progress, progress.conflicts]));
    const mergeAgain = async (moved: string): Promise<string> => {
      await refuseLossyCommits(context, { from: ours, to: moved });
      // Rows of a merge that was made for an earlier move of the branch no longer count.
      for (const [progress, conflicts] of reported) progress.reportConflicts(conflicts);
      const again = await mergeHeads(
        context,
        { ...local, ours: moved, accepted: [...local.accepted, target] },
        allProgress,
      );
      for (const commit of again.made) made.add(commit);
      merge = addMerges(merge, last);
      last = again.merge;
      return again.target;
    };
    // A failed peer would not be merged with those that answered late.
    if (all.pushRefusal !== null) refuseAllPushes(allProgress, all.pushRefusal);
    const { branch, state } = context;
    // If it cannot be recorded, only a run that ends too early is not reported.
    if (target !== ours) await recordUnreported(state.folder, { branch, head: ours }).catch(() => undefined);
    const head = await advanceLocalBranch(context, { ours, target }, allProgress, mergeAgain);
    const from = (await unreportedSince(state.folder, branch)) ?? ours;
    const isReported = await reportReceivedMerges(context, { from, begin: ours, to: head, made }, incoming);
    await removeMergedInboxes(context, allProgress, head);
    return { head, merge: addMerges(merge, last), isReported };
  }
}

/**
 * The others have their commits; these peers get their whole time now.
 * @returns whether any of them answered, so that another round is needed
 */
async function fetchLate(context: SyncContext, local: LocalHead, late: readonly PeerProgress[]): Promise<boolean> {
  if (late.length === 0) return false;
  await fetchAll(context, local, late);
  const answered = late.filter(({ failure }) => failure === null);
  for (const { peer } of answered) {
    const message = `${peer.name} answered after the others and was synchronized in a second round`;
    context.notify({ severity: 'notice', code: 'late-answer', message, peer: peer.name });
  }
  return answered.length > 0;
}
