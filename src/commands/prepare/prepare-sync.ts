import { boundaryOf } from '../../core/boundary.ts';
import { asWarning, type Diagnostic } from '../../core/diagnostic.ts';
import { NO_CREDENTIALS } from '../../dolt/engine-credentials.ts';
import { userIdentity } from '../../dolt/identity.ts';
import { branchHead } from '../../dolt/sql/heads.ts';
import type { Database } from '../../dolt/sql/sql.ts';
import { recordNoData } from '../../sync/fetch.ts';
import { readStateFiles, stateOf } from '../../sync/history/last-verified.ts';
import { mergeLimit } from '../../sync/merge/limits.ts';
import { applyDirtyPolicy } from '../../sync/merge/uncommitted.ts';
import type { PeerProgress } from '../../sync/peer-progress.ts';
import { checkLeftArrivals } from '../../sync/remotes/arrivals.ts';
import { rememberFolders } from '../../sync/remotes/file-access.ts';
import { type Registered, registerPeers, releaseRemotes, unreleased } from '../../sync/remotes/registration.ts';
import type { Registering } from '../../sync/remotes/remote-plan.ts';
import type { LocalHead } from '../../sync/sync-context.ts';
import { finishFetches } from '../../sync/tags.ts';
import type { Context } from '../context.ts';
import { mayWrite, type SyncRequest } from '../request.ts';
import { clonedDatabase, restoreHeads } from './cache/heads.ts';
import { projectOf } from './database-facts.ts';
import { inboxProgress } from './inbox-peers.ts';
import { type LastVerified, readLastVerified } from './last-verified.ts';
import { finishMoves, type LocalDatabase, localBranch } from './local-database.ts';
import { expectedProject, otherProject } from './own-project.ts';
import { type AccessRules, pathStyleNotice } from './peer-access.ts';
import { preparePeers, recordRegistered } from './prepare-peers.ts';
import type { SyncSettings } from './sync-settings.ts';

interface Preparing {
  readonly settings: SyncSettings;
  readonly local: LocalDatabase;
  readonly access: AccessRules;
  readonly mayPush: boolean;
  readonly notify: (notice: Diagnostic) => void;
}

/** The database and its peers at the start of a run. */
export interface PreparedSync {
  readonly branch: string;
  readonly isCheckedOut: boolean;
  /** The id of the project that the database should have; null: none is expected. */
  readonly expectedProject: string | null;
  /** The head of the branch before uncommitted changes were committed, and its head now. */
  readonly before: string;
  readonly local: LocalHead;
  /** Tables with uncommitted changes. */
  readonly dirty: readonly string[];
  /** Peers, and deliveries to our own database. */
  readonly allProgress: readonly PeerProgress[];
  readonly lastVerified: LastVerified;
  /** Whether peers should get what they lack. */
  readonly mayPush: boolean;
}

/** The changes that a run undoes at its end, also when it fails. */
export interface Undo {
  upstreams: Registered['upstreams'];
  folders: () => Promise<void>;
}

/** Everything before the peers are read, in an engine without credentials. */
export async function prepareSync(
  request: SyncRequest,
  context: Context,
  { settings, local, access, mayPush, notify }: Preparing,
  undo: Undo,
): Promise<PreparedSync> {
  const { work: path, engines } = local;
  const { configuration, peers } = settings;
  const configured = configuration.peers;
  if (mayWrite(request)) {
    const limit = mergeLimit('checking', request.mergeTimeout);
    await checkLeftArrivals(engines, { limit, env: context.env, signal: context.signal });
  }
  return await engines.use(NO_CREDENTIALS, async (engine) => {
    const { database } = engine;
    const { branch, head: before, isCheckedOut } = await localBranch(database, local, request.branch);
    const expected = await requireOwnProject(request, context, { settings, notify, database, head: before });
    const boundary = await boundaryOf(context, []);
    const { allProgress: remotes, toRegister } = await preparePeers(peers, {
      request,
      branch,
      configured,
      access,
      mayPush,
      boundary,
      job: context,
    });
    const receiving = { request, path, branch, settings: configuration, peers, configured };
    const received = await inboxProgress(database, receiving);
    for (const notice of received.notices) notify(notice);
    const allProgress = [...remotes, ...received.allProgress];
    const refused = allProgress.find((progress) => progress.failure?.code === 'bad-usage')?.failure;
    if (refused != null) throw refused;
    const reached = peers.filter(({ name }) => toRegister.some(({ peer }) => peer === name));
    for (const peer of reached) {
      const notice = pathStyleNotice(peer, access.capabilities, context.env);
      if (notice !== null) notify(notice);
    }
    if (!mayWrite(request)) undo.folders = await rememberFolders(reached);
    const registered = await registerPeers(database, toRegister, {
      path,
      registering: registeringOf(request, settings),
      fix: request.fixRemotes === true,
      peers: configured.map(({ name }) => name),
      log: context.log,
      notify,
    });
    undo.upstreams = registered.upstreams;
    recordRegistered(allProgress, registered);
    if (mayWrite(request)) {
      for (const notice of [
        ...(await finishMoves(local, database)),
        ...(await finishFetches(database, database.folder)),
      ])
        notify(notice);
    }
    const policy = configuration.dirty.value;
    const author = mayWrite(request) ? () => userIdentity(local.path, context) : null;
    const { dirty, notices } = await applyDirtyPolicy(database, { branch, policy, author });
    for (const notice of notices) notify(notice);
    const ours = (await branchHead(database, branch)) ?? before;
    const cloned = local.ephemeral ? clonedDatabase(request, configured) : null;
    const restoreCached = cloned === null ? null : (root: string) => restoreHeads(cloned, root, context);
    const writes = mayWrite(request);
    const lastVerified = await readLastVerified(database, remotes, {
      path,
      state: local.state,
      recorded: stateOf(local.recorded ?? (await readStateFiles(local.state)), branch),
      branch,
      ours,
      mayWrite: writes,
      restoreCached,
    });
    // Folders were read before it was known whether they had data.
    for (const progress of remotes)
      if (progress.state === 'remote-empty' && progress.failure === null) recordNoData(progress);
    return {
      branch,
      isCheckedOut,
      expectedProject: expected,
      before,
      local: { ours, dropped: lastVerified.dropped, accepted: [], takenBack: [] },
      dirty,
      allProgress,
      lastVerified,
      mayPush,
    };
  });
}

/**
 * @returns the id of the project that the database should have
 * @throws Failure `other-project`; only a warning if the run writes nothing
 */
async function requireOwnProject(
  request: SyncRequest,
  context: Context,
  { settings, notify, database, head }: Pick<Preparing, 'settings' | 'notify'> & { database: Database; head: string },
): Promise<string | null> {
  const expected = await expectedProject(settings.configuration, context, request.database);
  const failure = await otherProject(settings.configuration, expected, () => projectOf(database, head));
  if (failure !== null && mayWrite(request)) throw failure;
  if (failure !== null) notify(asWarning(failure));
  return expected;
}

/** Removes the remotes that only this run needed. An error is reported but does not fail the run. */
export async function releasePeers(
  request: SyncRequest,
  { settings, local, notify }: Preparing,
  undo: Undo,
): Promise<void> {
  if (registeringOf(request, settings) !== 'keep' || undo.upstreams.length > 0) {
    await local.engines
      .finish(({ database }) => releaseRemotes(database, local.work, undo))
      .catch((thrown: unknown) => notify(unreleased(thrown)));
  }
  await undo.folders();
}

function registeringOf(request: SyncRequest, { configuration }: SyncSettings): Registering {
  return mayWrite(request) ? configuration.register.value : 'read';
}
