import { BEADS_RULES } from '../beads/database-rules.ts';
import type { Peer } from '../config/configuration.ts';
import type { MergeReport, RunResult } from '../contract/result.ts';
import { asError, type Diagnostic } from '../core/diagnostic.ts';
import { Failure, type Location, toFailure } from '../core/failure.ts';
import { pause } from '../core/interruption.ts';
import { monotonicMs } from '../core/time.ts';
import { NO_CREDENTIALS } from '../dolt/engine-credentials.ts';
import type { InstalledDolt } from '../install/dolt-request.ts';
import { installDolt } from '../install/install.ts';
import { advanceLocalBranch } from '../sync/advance.ts';
import { fetchAll } from '../sync/fetch.ts';
import { adoptHeads } from '../sync/history/adopt.ts';
import { stampRows } from '../sync/history/stamp.ts';
import { MergeLimits } from '../sync/merge/limits.ts';
import { addMerges, mergeHeads } from '../sync/merge/merge-heads.ts';
import { reportReceivedMerges } from '../sync/merge/received-merges.ts';
import { removeScratch } from '../sync/merge/scratch.ts';
import type { PeerProgress } from '../sync/peer-progress.ts';
import { planAll } from '../sync/plan.ts';
import { pushAll, raceFailure } from '../sync/push.ts';
import { pauseBefore } from '../sync/read-peer.ts';
import { prepareInboxes, removeMergedInboxes } from '../sync/receive.ts';
import { explainFileAccess } from '../sync/remotes/file-access.ts';
import type { LocalHead, SyncContext } from '../sync/sync-context.ts';
import type { Context } from './context.ts';
import { exportAfterSync, NO_EXPORT } from './outcome/export-after-sync.ts';
import { announce, reportEnd } from './outcome/progress.ts';
import { record } from './outcome/record.ts';
import { notRunResult, runResult } from './outcome/run-result.ts';
import { type LocalDatabase, openClone, openLocalDatabase } from './prepare/open-database.ts';
import { type AccessRules, accessToPeers } from './prepare/peer-access.ts';
import { type PreparedSync, prepareSync, releasePeers, type Undo } from './prepare/prepare-sync.ts';
import { endsEarly, readPushRights, readSyncSettings, type SyncSettings } from './prepare/sync-settings.ts';
import { leftAlone } from './prepare/untrusted/untrusted-settings.ts';
import type { SyncRequest } from './request.ts';

export interface SyncOutcome {
  readonly result: RunResult;
  /** null where no Dolt was needed. */
  readonly doltPath: string | null;
  /** Where each participating peer is configured, by name; absent for peers that no file configures. */
  readonly locations: Readonly<Record<string, Location>>;
}

/**
 * `sync`, `pull`, `push`, `status` and `plan`: synchronizes the database and its peers as far as the command goes.
 * @throws Failure for everything that stops the whole run; the failure of one peer is in its result
 */
export async function sync(request: SyncRequest, context: Context): Promise<SyncOutcome> {
  const settings = await readSyncSettings(request, context);
  return await onDatabase(request, context, settings, (opened) => syncDatabase(request, context, opened));
}

/** What a run works on. */
export interface Opened {
  readonly settings: SyncSettings;
  readonly access: AccessRules;
  readonly database: LocalDatabase;
  readonly dolt: InstalledDolt;
  readonly started: number;
}

/** Finds Dolt, opens the database for a run, and closes it; unless the run ends early. */
export async function onDatabase(
  request: SyncRequest,
  context: Context,
  settings: SyncSettings,
  work: (opened: Opened) => Promise<RunResult>,
): Promise<SyncOutcome> {
  const started = monotonicMs();
  const { configuration, peers, offline } = settings;
  const locations = locationsOf([...peers, ...offline.map(({ peer }) => peer)]);
  const end = endsEarly(request, settings, context);
  if (end !== null) {
    const notices = [...end.notices, ...settings.notices];
    const { leg } = settings;
    const result = notRunResult(request, { ...end, started, peers, offline, leg, notices });
    return { result, doltPath: null, locations };
  }
  context.onProgress({ stage: 'finding Dolt' });
  const dolt = await installDolt(request.dolt, context);
  context.onProgress({ stage: 'opening the database' });
  const access = await accessToPeers(request, context, settings, dolt);
  const opening = { configuration, dolt: dolt.path, access };
  // On an event that may not write, files of the checkout choose no database.
  const database = request.untrusted
    ? await openClone(request, context, opening, { kind: 'nowhere' }).catch(failureOf)
    : await openLocalDatabase(request, context, opening);
  if (database instanceof Failure) {
    const result = withoutDatabase(request, settings, { failure: database, started });
    return { result, doltPath: dolt.path, locations };
  }
  try {
    return { result: await work({ settings, access, database, dolt, started }), doltPath: dolt.path, locations };
  } finally {
    await database.close();
  }
}

/** @throws what is no Failure, which is a defect */
function failureOf(thrown: unknown): Failure {
  if (thrown instanceof Failure) return thrown;
  throw thrown;
}

/**
 * The result of a run that may not write and could not clone the primary: that is no failure of the change.
 * @throws Failure `interrupted`
 */
function withoutDatabase(
  request: SyncRequest,
  settings: SyncSettings,
  { failure, started }: { readonly failure: Failure; readonly started: number },
): RunResult {
  if (failure.code === 'interrupted') throw failure;
  const offline = [...settings.offline, ...leftAlone(settings.peers, 'no-database')];
  const notices: Diagnostic[] = [{ ...asError(failure), severity: 'warning' }, ...settings.notices];
  return notRunResult(request, { status: 'skipped', started, peers: [], offline, leg: settings.leg, notices });
}

/** One run on our database. */
async function syncDatabase(request: SyncRequest, context: Context, opened: Opened): Promise<RunResult> {
  const { database, settings, dolt, started } = opened;
  const { configuration } = settings;
  const { value, notices } = await withPeers(request, context, opened, async (syncContext, prepared) => {
    const exchanged = await exchange(syncContext, prepared.local, prepared.allProgress);
    context.onProgress({ stage: 'writing the result' });
    await explainFileAccess(prepared.allProgress);
    const recorded = await record(request, context, { database, configuration, prepared, head: exchanged.head });
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
    notices,
  });
}

/**
 * Prepares the database and its peers for the work of a run. Temporary changes, such as remotes, are undone, also when
 * the run fails.
 * @returns also all notices about the run as a whole
 */
export async function withPeers<T>(
  request: SyncRequest,
  context: Context,
  opened: Opened,
  work: (syncContext: SyncContext, prepared: PreparedSync) => Promise<T>,
): Promise<{ readonly value: T; readonly notices: readonly Diagnostic[] }> {
  const { settings, access, database } = opened;
  const { mayPush, notices } = await readPushRights(request, settings, database.path);
  const reported: Diagnostic[] = [];
  const notify = (notice: Diagnostic): void => void reported.push(notice);
  const preparing = { settings, local: database, access, mayPush, notify };
  const undo: Undo = { upstreams: [], folders: async () => undefined };
  const run = async (): Promise<T> => {
    context.onProgress({ stage: 'starting Dolt' });
    const prepared = await prepareSync(request, context, preparing, undo);
    announce(context, prepared.allProgress);
    return await work(newSyncContext(request, context, { opened, prepared, notify }), prepared);
  };
  const value = await run().finally(() => releasePeers(request, preparing, undo));
  return { value, notices: [...database.notices, ...settings.notices, ...notices, ...reported] };
}

interface Exchanged {
  /** The head of our branch. */
  readonly head: string;
  /** null: the run was interrupted. */
  readonly merge: MergeReport | null;
}

/**
 * Fetches, checks, merges, pushes and verifies for all participating peers, and repeats that for peers that moved
 * meanwhile. The outcome of each peer is recorded in its `PeerProgress`. Our branch moves once, at the end, and only forward
 * unless `adopt` names another head. An interrupted run keeps what was done so far.
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
    const adoption = await adoptHeads(context, local, allProgress);
    context.onProgress({ stage: 'checking what the peers have' });
    if (context.dryRun) {
      const { target, merge } = await mergeHeads(context, adoption.local, allProgress);
      const planning = { ours: begin.ours, onto: adoption.local.ours, target, adopted: adoption.from };
      await planAll(context, planning, allProgress);
      return { head: begin.ours, merge };
    }
    local = await stampRows(context, adoption.local, allProgress);
    return await mergeAndPush(context, local, { allProgress, late });
  } catch (thrown) {
    recordInterruption(allProgress, toFailure(thrown));
    return { head: local.ours, merge: null };
  } finally {
    for (const progress of all) reportEnd(context, progress);
    await removeScratchBranches(context, allProgress);
  }
}

/**
 * Merges and pushes until no peer has moved meanwhile, fetches and includes the peers that answered late, then moves our
 * branch.
 */
async function mergeAndPush(
  context: SyncContext,
  begin: LocalHead,
  all: { readonly allProgress: readonly PeerProgress[]; readonly late: readonly PeerProgress[] },
): Promise<Exchanged> {
  const { ours } = begin;
  /** What each peer had before this run pushed to it, and the merge commits of this run. */
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

    const { raced, mayBeAtPeer } = await pushAll(context, merged, allProgress, ours);
    // Once a remote has a commit, it must be kept; until then its merges can be discarded.
    if (mayBeAtPeer) local = { ...local, accepted: [...local.accepted, target] };

    if (raced.size > 0 && round < context.retries) {
      if (mayBeAtPeer) merge = addMerges(merge, merged.merge);
      for (const [{ peer }, { code }] of raced) {
        const detail = `${code}; push ${round + 2} of ${context.retries + 1} follows`;
        context.onProgress({ peer: peer.name, step: 'retrying', detail });
      }
      await pause(pauseBefore(round), context.signal);
      await fetchAll(context, local, [...raced.keys()]);
      continue;
    }
    for (const [progress, why] of raced) progress.fail(raceFailure(progress, why, round + 1));
    const isAnswered = await fetchLate(context, local, late);
    late = [];
    if (isAnswered) {
      if (mayBeAtPeer) merge = addMerges(merge, merged.merge);
      allProgress = all.allProgress;
      round = -1;
      continue;
    }
    let last = merged.merge;
    const mergeAgain = async (moved: string): Promise<string> => {
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
    const head = await advanceLocalBranch(context, { ours, target }, allProgress, mergeAgain);
    if (head !== ours) await reportReceivedMerges(context, { from: ours, to: head, made }, incoming);
    await removeMergedInboxes(context, allProgress, head);
    return { head, merge: addMerges(merge, last) };
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

/**
 * Reports what was done before an interruption; our branch has not moved.
 * @throws Failure every other failure
 */
export function recordInterruption(allProgress: readonly PeerProgress[], failure: Failure): void {
  if (failure.code !== 'interrupted') throw failure;
  for (const progress of allProgress) progress.interrupt(failure);
}

/** The next run removes what cannot be removed now; that must not hide the outcome of this run. */
export async function removeScratchBranches(
  { engines }: SyncContext,
  allProgress: readonly PeerProgress[],
): Promise<void> {
  if (!allProgress.some((progress) => progress.actions?.merge === true || progress.actions?.push === true)) return;
  await engines.use(NO_CREDENTIALS, ({ database }) => removeScratch(database)).catch(() => undefined);
}

function newSyncContext(
  request: SyncRequest,
  { env, onProgress, signal }: Context,
  { opened, prepared, notify }: { opened: Opened; prepared: PreparedSync; notify: SyncContext['notify'] },
): SyncContext {
  return {
    env,
    engines: opened.database.engines,
    served: opened.database.served,
    branch: prepared.branch,
    town: opened.settings.configuration.town.value,
    rules: BEADS_RULES,
    attribution: opened.settings.configuration.attribution.value,
    dirty: prepared.dirty,
    dryRun: request.dryRun,
    initEmpty: request.initEmpty,
    maxDelete: request.maxDelete,
    known: prepared.lastVerified.known,
    discardLocal: request.rewrites.discardLocal,
    retries: request.retries,
    timeoutMs: request.timeout,
    fetchWaitMs: request.fetchWait,
    limits: new MergeLimits(request.mergeTimeout, prepared.allProgress.length),
    parallel: request.parallel,
    signal,
    onProgress,
    notify,
  };
}

function locationsOf(peers: readonly Peer[]): SyncOutcome['locations'] {
  return Object.fromEntries(
    peers.flatMap(({ name, origin }) => (origin.layer === 'file' ? [[name, origin.location] as const] : [])),
  );
}
