import { chooseRelease, type Release } from '../../backup/choose-release.ts';
import type { Contents } from '../../backup/contents.ts';
import { type PeerTags, readPeerTags } from '../../backup/peer-tags.ts';
import { pushRelease, refuseOtherTags, type TagAtPeer } from '../../backup/push-release.ts';
import { storeOf } from '../../config/peers.ts';
import type { RunResult } from '../../contract/result.ts';
import { Failure, toFailure } from '../../core/failure.ts';
import { NO_CREDENTIALS } from '../../dolt/engine-credentials.ts';
import { branchNames, trackedBranches } from '../../dolt/sql/heads.ts';
import { deleteTags, type Tag } from '../../dolt/sql/tags.ts';
import { fetchAll } from '../../sync/fetch.ts';
import type { PeerProgress } from '../../sync/peer-progress.ts';
import { planAll } from '../../sync/plan.ts';
import { prepareInboxes } from '../../sync/receive.ts';
import { localFolders } from '../../sync/remotes/file-remote.ts';
import type { ServedRefs } from '../../sync/served/served-database.ts';
import type { LocalHead, SyncContext } from '../../sync/sync-context.ts';
import type { Context } from '../context.ts';
import { endPeers, type Opened, onDatabase, recordInterruption, type SyncOutcome, withPeers } from '../on-database.ts';
import { NO_EXPORT } from '../outcome/export-after-sync.ts';
import { keepHeads } from '../outcome/keep-heads.ts';
import { record } from '../outcome/record.ts';
import { runResult } from '../outcome/run-result.ts';
import type { PreparedSync } from '../prepare/prepare-sync.ts';
import { readSyncSettings } from '../prepare/sync-settings.ts';
import { type Drilled, drillCopies } from './drill-copies.ts';
import { backupPeers } from './peers.ts';
import { failLongUnproven, type Known, recordBackups } from './record-backups.ts';
import type { BackupRequest } from './request.ts';
import { withBackup } from './result.ts';
import { writeProof } from './write-proof.ts';

/**
 * `backup`: pushes our branch and the tag of a release to the peers for backups, and proves that each can be restored.
 * @throws Failure for everything that stops the whole run; the failure of one peer is in its result
 */
export async function backup(request: BackupRequest, context: Context): Promise<SyncOutcome> {
  const settings = await readSyncSettings(request, context, (configuration) => backupPeers(configuration, request));
  return await onDatabase(request, context, settings, (opened) => backupDatabase(request, context, opened));
}

/** One run on our database. */
async function backupDatabase(request: BackupRequest, context: Context, opened: Opened): Promise<RunResult> {
  const { database, dolt, settings, started } = opened;
  const { configuration } = settings;
  const { value, notices } = await withPeers(request, context, opened, async (syncContext, prepared) => {
    const copied = await copyAll(syncContext, request, context, { opened, prepared });
    context.onProgress({ stage: 'writing the result' });
    const head = prepared.local.ours;
    const promised = copied.release?.commit;
    const recorded = await record(request, context, { database, configuration, prepared, head, promised });
    const now = new Date();
    const known: ReadonlyMap<PeerProgress, Known> = request.dryRun
      ? new Map()
      : await recordBackups(database, prepared, copied, now);
    failLongUnproven(copied, known, request.staleAfter, now);
    await keepHeads(request, context, { database, configuration, prepared, head });
    return { prepared, copied, recorded, known };
  });
  const { prepared, copied, recorded, known } = value;
  const run = runResult(request, {
    started,
    doltVersion: dolt.version,
    database,
    prepared,
    offline: settings.offline,
    head: prepared.local.ours,
    merge: null,
    ...recorded,
    afterSync: NO_EXPORT,
    leg: settings.leg,
    workspace: context.ceiling,
    notices,
  });
  const targets = copied.targets.map(({ peer }) => peer);
  const folders = await localFolders(targets);
  const stores = new Map(targets.map((peer) => [peer.name, storeOf(peer, context.env, folders)]));
  const result = withBackup(run, request, { copied, known, stores });
  return await writeProof(result, request, context, copied.expected);
}

/** The backups that a run made. */
export interface Copied {
  /** The peers that get a copy. */
  readonly targets: readonly PeerProgress[];
  /** null: the run ended before the commit was known. */
  readonly release: Release | null;
  readonly tags: ReadonlyMap<PeerProgress, TagAtPeer>;
  /** Names of the peers that would get the tag; only of a dry run. */
  readonly wouldTag?: readonly string[];
  readonly drills: ReadonlyMap<PeerProgress, Drilled>;
  /** The contents of our database at the commit; null: they were not read. */
  readonly expected: Contents | null;
  /** Why not every drill of the run was made; null: each was, or none was to be made. */
  readonly notDrilled: Failure | null;
}

/**
 * Chooses the commit, pushes it with its tag to all peers in parallel, verifies it by reading, and restores the backups.
 * Our branch never moves. The outcome of each peer is recorded in its `PeerProgress`.
 */
async function copyAll(
  context: SyncContext,
  request: BackupRequest,
  commandContext: Context,
  { opened, prepared }: { readonly opened: Opened; readonly prepared: PreparedSync },
): Promise<Copied> {
  const { allProgress, local } = prepared;
  const { tag } = request.backup;
  const targets = allProgress.filter(({ actions }) => actions?.push === true);
  const primary = allProgress.find(({ peer }) => peer.role === 'primary') ?? null;
  const read = primary === null || targets.includes(primary) ? targets : [primary, ...targets];
  const served = tag === null ? null : ((await context.served?.readRefs?.()) ?? null);
  const atServer = served?.tags.find(({ name }) => name === tag) ?? null;
  if (tag !== null) await refuseBranchName(context, tag, read, served);
  let copied: Copied = {
    targets,
    release: null,
    tags: new Map(),
    drills: new Map(),
    expected: null,
    notDrilled: null,
  };
  try {
    const before = await readPeers(context, local, tag, read);
    const release = await chooseRelease(context, local, { tag, primary, atPeers: before, atServer });
    copied = { ...copied, release };
    refuseOtherTags(release, before);
    const open = () => targets.filter(({ failure }) => failure === null);
    if (context.dryRun) {
      const { ours } = local;
      await planAll(context, { ours, onto: ours, target: release.commit, adopted: [] }, targets);
      const lacking = release.tag === null ? [] : open().filter((progress) => (before.get(progress) ?? null) === null);
      const all = release.isForPrimary && primary !== null ? [...new Set([primary, ...lacking])] : lacking;
      return { ...copied, wouldTag: all.map(({ peer }) => peer.name) };
    }
    copied = { ...copied, tags: await pushRelease(context, local, release, open(), before) };
    const drilled = await drillCopies(context, request, commandContext, { opened, release, targets });
    copied = { ...copied, ...drilled };
    if (drilled.notDrilled?.code === 'interrupted') recordInterruption(targets, drilled.notDrilled);
    return copied;
  } catch (thrown) {
    const failure = toFailure(thrown);
    recordInterruption(targets, failure);
    // A peer that has the branch may lack the tag.
    if (tag !== null) for (const progress of targets) if (progress.failure === null) progress.fail(failure);
    return copied;
  } finally {
    if (atServer !== null && !context.dryRun) await forgetServed(context, atServer);
    await endPeers(context, targets);
  }
}

/** Removes a tag of the server from the scratch copy, which is kept: it may be gone at the server before the next run. */
async function forgetServed({ engines }: SyncContext, { name }: Pick<Tag, 'name'>): Promise<void> {
  await engines.finish(({ database }) => deleteTags(database, [name])).catch(() => undefined);
}

/** Reads branch and tag of every peer before anything is made or pushed. */
async function readPeers(
  context: SyncContext,
  local: LocalHead,
  tag: string | null,
  allProgress: readonly PeerProgress[],
): Promise<PeerTags> {
  const open = () => allProgress.filter(({ failure }) => failure === null);
  await prepareInboxes(context, local, open());
  await fetchAll(
    context,
    local,
    open().filter(({ registered }) => registered),
  );
  return tag === null ? new Map() : await readPeerTags(context, tag, open());
}

/**
 * Refuses the name of a branch here, and of one that is known at a peer. Dolt 2.3.0 takes the tag where a branch has its
 * name, so the branch could not be checked out any more.
 * @throws Failure `bad-usage`
 */
async function refuseBranchName(
  { engines, branch: own }: SyncContext,
  tag: string,
  allProgress: readonly PeerProgress[],
  served: ServedRefs | null,
): Promise<void> {
  const branches = await engines.use(NO_CREDENTIALS, async ({ database }) => {
    const there = await Promise.all(allProgress.map(({ remote }) => trackedBranches(database, remote)));
    const here = [own, ...(served?.branches ?? []), ...(await branchNames(database))];
    return [...here, ...allProgress.map(({ branch }) => branch), ...there.flat()];
  });
  const branch = branches.find((one) => one.toLowerCase() === tag.toLowerCase());
  if (branch === undefined) return;
  throw new Failure('bad-usage', `the tag ${tag} has the name of the branch ${branch}`, {
    hint: 'Give the tag a name that no branch has, such as `v1.2.0`.',
  });
}
