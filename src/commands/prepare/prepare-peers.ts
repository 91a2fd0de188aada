import { mkdir, readdir } from 'node:fs/promises';
import type { Peer } from '../../config/configuration.ts';
import { pushesToUpstreams } from '../../config/peers.ts';
import type { Boundary } from '../../core/boundary.ts';
import { Failure, toFailure } from '../../core/failure.ts';
import { actionsOf, rightsOf } from '../../sync/peer-actions.ts';
import { newPeerPlan } from '../../sync/peer-plan.ts';
import { newPeerProgress, type PeerProgress } from '../../sync/peer-progress.ts';
import { absentForReading, fileRemote, localFolders, requirePeerWithin } from '../../sync/remotes/file-remote.ts';
import { refuseCheckoutPrograms } from '../../sync/remotes/git-programs.ts';
import type { Registered, WantedRemote } from '../../sync/remotes/registration.ts';
import { mayWrite, type SyncRequest } from '../request.ts';
import { leasedActions } from './leases.ts';
import { type AccessRules, accessTo, tierRefusal } from './peer-access.ts';

/** The progress of all peers, and the remotes to register before they can be read. */
interface PreparedPeers {
  readonly allProgress: readonly PeerProgress[];
  readonly toRegister: readonly WantedRemote[];
}

interface Preparation {
  /** Folders and environment of the job. */
  readonly job: Parameters<typeof refuseCheckoutPrograms>[1];
  readonly boundary: Boundary | null;
  readonly request: Pick<
    SyncRequest,
    'command' | 'dryRun' | 'initEmpty' | 'only' | 'leases' | 'rewrites' | 'untrusted'
  >;
  /** The local branch. */
  readonly branch: string;
  /** All peers of the configuration, also those that take no part in the run. */
  readonly configured: readonly Peer[];
  readonly access: AccessRules;
  /** Whether the configuration allows pushing. */
  readonly mayPush: boolean;
}

/**
 * Decides the actions and the access of each peer. It refuses peers that cannot take part before anything is sent or
 * created.
 */
export async function preparePeers(peers: readonly Peer[], preparation: Preparation): Promise<PreparedPeers> {
  const { request, branch, configured, access, mayPush, boundary, job } = preparation;
  const refusedPushes = await refusedByName(configured, { branch, job, request });
  const allProgress: PeerProgress[] = [];
  const toRegister: WantedRemote[] = [];
  for (const peer of peers) {
    const expected = request.leases.get(peer.name) ?? null;
    const isNamed = request.only.includes(peer.name);
    const progress = newPeerProgress(
      newPeerPlan({
        peer,
        actions: leasedActions(actionsOf(request.command, peer.role, mayPush, isNamed), expected !== null),
        branch,
        expected,
        adopt: request.rewrites.adopt.get(peer.name) ?? null,
        mergeRewritten: request.rewrites.merge.get(peer.name) ?? null,
      }),
    );
    allProgress.push(progress);
    if (progress.actions === null) {
      const isForbidden = actionsOf(request.command, peer.role) !== null;
      if (isNamed && !isForbidden) progress.fail(noActions(peer, request.command));
      continue;
    }
    try {
      const refusal = tierRefusal(peer) ?? (progress.actions.push ? refusedPushes.get(peer.name) : null) ?? null;
      if (refusal !== null) throw refusal;
      await requirePeerWithin(boundary, peer.endpoint);
      await refuseCheckoutPrograms(peer, job);
      const { url, ...reached } = accessTo(peer, access);
      progress.setAccess(reached);
      if (await canBeRegistered(progress, request)) toRegister.push({ peer: peer.name, url, ref: peer.ref });
    } catch (thrown) {
      progress.fail(toFailure(thrown));
    }
  }
  return { allProgress, toRegister };
}

/** The pushes to the branch of an upstream that only the run recognises: it knows our branch, and the folders. */
async function refusedByName(
  configured: readonly Peer[],
  { branch, job, request }: Pick<Preparation, 'branch' | 'job' | 'request'>,
): Promise<ReadonlyMap<string, Failure>> {
  if (!configured.some(({ role }) => role === 'upstream')) return new Map();
  // A change could name any folder of the runner.
  const folders = request.untrusted ? new Map() : await localFolders(configured);
  const refused = pushesToUpstreams(configured, job.env, { branch, folders });
  return new Map([...refused].map(([{ name }, failure]) => [name, failure]));
}

/**
 * Only a run that may make the first push writes into a `file://` remote without data. Registering creates its folder, but
 * not for a remote that the database has already, whose folder was removed since.
 */
async function canBeRegistered(progress: PeerProgress, request: Preparation['request']): Promise<boolean> {
  const folder = await folderOf(progress.peer).catch((thrown: unknown) => {
    progress.unreachable(toFailure(thrown));
    return null;
  });
  if (folder === null) return false;
  if (folder !== 'absent' && !(await isEmpty(progress.peer.endpoint))) return true;
  const mayFill = progress.actions?.push === true && mayWrite(request) && request.initEmpty;
  if (!mayFill || folder === 'absent') progress.foundEmpty('remote-empty');
  if (!mayFill) return false;
  const { folder: path } = progress.peer.endpoint;
  // Dolt reports why it cannot be made.
  if (folder === 'absent' && path !== null) await mkdir(path).catch(() => undefined);
  return true;
}

/** @throws Failure as `fileRemote`; `folder-missing` also if no push will ever create the folder */
async function folderOf({ endpoint, role }: Peer): ReturnType<typeof fileRemote> {
  const found = await fileRemote(endpoint);
  if (found === 'absent' && !rightsOf(role).push) throw absentForReading(endpoint.folder ?? endpoint.written);
  return found;
}

/**
 * Whether a folder holds no data of a remote. Dolt 2.3.0 writes into such a folder when it fetches from it (measured).
 */
async function isEmpty({ folder }: Peer['endpoint']): Promise<boolean> {
  if (folder === null) return false;
  return await readdir(folder).then(
    (names) => !names.includes('manifest'),
    () => false,
  );
}

/** Records the remote name of each peer in the database. The other peers cannot be reached in this run. */
export function recordRegistered(allProgress: readonly PeerProgress[], { remotes, failures }: Registered): void {
  for (const progress of allProgress) {
    const remote = remotes.get(progress.peer.name);
    if (remote !== undefined) progress.register(remote);
    const failure = failures.get(progress.peer.name);
    if (failure !== undefined) progress.cannotRegister(failure);
  }
}

function noActions(peer: Peer, command: string): Failure {
  return new Failure('bad-usage', `${command} does not use peers with the role ${peer.role}, such as ${peer.name}`, {
    hint: 'Name another peer, or change its role.',
  });
}
