import { BEADS_RULES } from '../beads/database-rules.ts';
import type { Peer } from '../config/configuration.ts';
import type { RunResult } from '../contract/result.ts';
import { asWarning, type Diagnostic } from '../core/diagnostic.ts';
import { Failure, type Location } from '../core/failure.ts';
import { monotonicMs } from '../core/time.ts';
import type { InstalledDolt } from '../install/dolt-request.ts';
import { installDolt } from '../install/install.ts';
import { MergeLimits } from '../sync/merge/limits.ts';
import { removeScratch } from '../sync/merge/scratch.ts';
import type { PeerProgress } from '../sync/peer-progress.ts';
import { explainFileAccess } from '../sync/remotes/file-access.ts';
import type { SyncContext } from '../sync/sync-context.ts';
import type { Context } from './context.ts';
import { keepClone } from './outcome/keep-clone.ts';
import { announce, reportEnd } from './outcome/progress.ts';
import { notRunResult } from './outcome/run-result.ts';
import { unreadPeers } from './prepare/last-verified.ts';
import type { LocalDatabase } from './prepare/local-database.ts';
import { openClone, openLocalDatabase } from './prepare/open-database.ts';
import { type AccessRules, accessToPeers } from './prepare/peer-access.ts';
import { type PreparedSync, prepareSync, releasePeers, type Undo } from './prepare/prepare-sync.ts';
import { endsEarly, readPushRights, type SyncSettings } from './prepare/sync-settings.ts';
import { offlinePeers, planRequest } from './prepare/untrusted/untrusted-settings.ts';
import type { SyncRequest } from './request.ts';

export interface SyncOutcome {
  readonly result: RunResult;
  /** null where no Dolt was needed. */
  readonly doltPath: string | null;
  readonly doltSource: InstalledDolt['source'] | null;
  /**
   * The position of each participating peer in the configuration, by name; absent for peers that no file configures.
   */
  readonly locations: Readonly<Record<string, Location>>;
}

/** The database, the peers and the Dolt of a run. */
export interface Opened {
  readonly settings: SyncSettings;
  readonly access: AccessRules;
  readonly database: LocalDatabase;
  readonly dolt: InstalledDolt;
  readonly started: number;
}

/**
 * Finds Dolt, opens the database for a run, closes it, and keeps a clone in the Actions cache; unless the run ends
 * early.
 */
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
    return { result, doltPath: null, doltSource: null, locations };
  }
  context.onProgress({ stage: 'finding Dolt' });
  const dolt = await installDolt(request.dolt, context);
  context.onProgress({ stage: 'opening the database' });
  const used = { doltPath: dolt.path, doltSource: dolt.source, locations };
  const access = await accessToPeers(request, context, settings, dolt);
  const caching =
    settings.cachesDatabase && context.cache !== undefined ? { cache: context.cache, doltVersion: dolt.version } : null;
  const opening = { configuration, dolt: dolt.path, access, caching };
  // On an event that may not write, files of the checkout choose no database.
  const database = request.untrusted
    ? await openClone(planRequest(request, context), context, opening, { kind: 'nowhere' }).catch(failureOf)
    : await openLocalDatabase(request, context, opening);
  if (database instanceof Failure) {
    const result = withoutDatabase(request, settings, { failure: database, started });
    return { result, ...used };
  }
  const result = await work({ settings, access, database, dolt, started }).finally(() => database.close());
  await keepClone(database, result, context);
  return { result, ...used };
}

/** @throws everything but a Failure: a defect */
function failureOf(thrown: unknown): Failure {
  if (thrown instanceof Failure) return thrown;
  throw thrown;
}

/**
 * The result of a run that may not write and could not clone the primary: that is not a failure of the change.
 * @throws Failure `interrupted`
 */
function withoutDatabase(
  request: SyncRequest,
  settings: SyncSettings,
  { failure, started }: { readonly failure: Failure; readonly started: number },
): RunResult {
  if (failure.code === 'interrupted') throw failure;
  const offline = [...settings.offline, ...offlinePeers(settings.peers, 'no-database')];
  const notices = [asWarning(failure), ...settings.notices];
  return notRunResult(request, { status: 'skipped', started, peers: [], offline, leg: settings.leg, notices });
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
  const { mayPush, notices } = await readPushRights(request, settings, database.path, context);
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

/**
 * Reports what was done before an interruption; our branch has not moved.
 * @throws Failure every other failure
 */
export function recordInterruption(allProgress: readonly PeerProgress[], failure: Failure): void {
  if (failure.code !== 'interrupted') throw failure;
  for (const progress of allProgress) progress.interrupt(failure);
}

/**
 * Reports the end of each peer, and removes the branches of the run. The next run removes what cannot be removed now;
 * that must not hide the outcome of this run.
 */
export async function endPeers(context: SyncContext, all: readonly PeerProgress[]): Promise<void> {
  await explainFileAccess(all, context.engines.folder);
  for (const progress of all) reportEnd(context, progress);
  if (!all.some(({ actions }) => actions?.merge === true || actions?.push === true)) return;
  await context.engines.finish(({ database }) => removeScratch(database)).catch(() => undefined);
}

function newSyncContext(
  request: SyncRequest,
  { env, onProgress, signal }: Context,
  { opened, prepared, notify }: { opened: Opened; prepared: PreparedSync; notify: SyncContext['notify'] },
): SyncContext {
  const { clonedFrom } = opened.database;
  return {
    env,
    engines: opened.database.engines,
    state: opened.database.state,
    served: opened.database.served,
    branch: prepared.branch,
    town: opened.settings.configuration.town.value,
    rules: { ...BEADS_RULES, project: { ...BEADS_RULES.project, expected: prepared.expectedProject } },
    attribution: opened.settings.configuration.attribution.value,
    dirty: prepared.dirty,
    dryRun: request.dryRun,
    initEmpty: request.initEmpty,
    maxDelete: request.maxDelete,
    known: knownHeads(prepared, clonedFrom),
    unread: unreadPeers(opened.settings.configuration.peers, { ...prepared, clonedFrom }),
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

/** Heads that the peers have or had, as far as the run knows them before it reads any. */
function knownHeads({ before, lastVerified }: PreparedSync, clonedFrom: string | null): string[] {
  const cached = lastVerified.contained.heads.map(({ head }) => head);
  return [...lastVerified.known, ...cached, ...(clonedFrom === null ? [] : [before])];
}

function locationsOf(peers: readonly Peer[]): SyncOutcome['locations'] {
  return Object.fromEntries(
    peers.flatMap(({ name, origin }) => (origin.layer === 'file' ? [[name, origin.location] as const] : [])),
  );
}
