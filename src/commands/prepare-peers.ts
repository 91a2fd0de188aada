import type { Peer } from '../config/configuration.ts';
import { Failure, toFailure } from '../core/failure.ts';
import type { Remote } from '../dolt/remotes.ts';
import { fileRemote } from '../sync/file-remote.ts';
import { newPeerRun, type PeerRun } from '../sync/peer-run.ts';
import { partOf } from '../sync/roles.ts';
import { leasedPart } from './leases.ts';
import { type Access, accessTo } from './peer-access.ts';
import type { FederateRequest } from './request.ts';
import { tierRefusal } from './tier.ts';

/** The runs of all peers, and the remotes that have to be registered before they can be read. */
export interface PreparedPeers {
  readonly runs: readonly PeerRun[];
  readonly toRegister: readonly Remote[];
}

interface Preparation {
  readonly request: Pick<FederateRequest, 'command' | 'dryRun' | 'only' | 'leases' | 'rewrites'>;
  /** The town's branch. */
  readonly branch: string;
  readonly access: Access;
}

/**
 * Decides what each peer's part is and how it is reached, and refuses, before anything is sent or created, the peers that
 * cannot take part.
 */
export async function preparePeers(peers: readonly Peer[], preparation: Preparation): Promise<PreparedPeers> {
  const { request, branch, access } = preparation;
  const runs: PeerRun[] = [];
  const toRegister: Remote[] = [];
  for (const peer of peers) {
    const lease = request.leases.get(peer.name) ?? null;
    const run = newPeerRun(peer, leasedPart(partOf(request.command, peer.role), lease !== null), branch);
    run.lease = lease;
    run.adopt = request.rewrites.adopt.get(peer.name) ?? null;
    run.mergeRewritten = request.rewrites.merge.get(peer.name) ?? null;
    runs.push(run);
    if (run.part === null) {
      if (request.only.includes(peer.name)) run.failure = noPart(peer, request.command);
      continue;
    }
    try {
      const refusal = tierRefusal(peer);
      if (refusal !== null) throw refusal;
      const { url, kit, user } = accessTo(peer, access);
      Object.assign(run, { kit, user });
      run.registered = await canBeRegistered(run, request);
      if (run.registered) toRegister.push({ name: peer.name, url, ref: peer.ref });
    } catch (thrown) {
      run.failure = toFailure(thrown);
    }
  }
  return { runs, toRegister };
}

/** Registering a `file://` remote creates its folder, which only a first push may do. */
async function canBeRegistered(run: PeerRun, request: Preparation['request']): Promise<boolean> {
  const folder = await fileRemote(run.peer.endpoint).catch((thrown: unknown) => {
    run.state = 'unreachable';
    throw thrown;
  });
  if (folder !== 'absent') return true;
  run.state = 'remote-empty';
  return run.part?.push === true && !request.dryRun;
}

/** Notes the peers that the database could not be made to know; nothing can be asked of them in this run. */
export function noteUnregistered(runs: readonly PeerRun[], failures: ReadonlyMap<string, Failure>): void {
  for (const run of runs) {
    const failure = failures.get(run.peer.name);
    if (failure === undefined) continue;
    run.registered = false;
    run.state = 'unreachable';
    run.failure = failure;
  }
}

function noPart(peer: Peer, command: string): Failure {
  return new Failure('bad-usage', `${peer.name} has the role ${peer.role}, which takes no part in ${command}`, {
    hint: 'Name another peer, or change its role.',
  });
}
