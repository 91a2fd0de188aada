import type { Peer } from '../config/configuration.ts';
import { Failure, toFailure } from '../core/failure.ts';
import { fileRemote } from '../sync/file-remote.ts';
import { newPeerRun, type PeerRun } from '../sync/peer-run.ts';
import { partOf } from '../sync/roles.ts';
import { leasedPart } from './leases.ts';
import type { FederateRequest } from './request.ts';

/** The runs of all peers, and those whose remote has to be registered before they can be read. */
export interface PreparedPeers {
  readonly runs: readonly PeerRun[];
  readonly toRegister: readonly Peer[];
}

/**
 * Decides what each peer's part is and refuses, before anything is sent or created, the peers that cannot take part.
 * @param branch the town's branch
 */
export async function preparePeers(
  peers: readonly Peer[],
  request: Pick<FederateRequest, 'command' | 'dryRun' | 'only' | 'leases'>,
  branch: string,
): Promise<PreparedPeers> {
  const runs: PeerRun[] = [];
  const toRegister: Peer[] = [];
  for (const peer of peers) {
    const lease = request.leases.get(peer.name) ?? null;
    const run = newPeerRun(peer, leasedPart(partOf(request.command, peer.role), lease !== null), branch);
    run.lease = lease;
    runs.push(run);
    if (run.part === null) {
      if (request.only.includes(peer.name)) run.failure = noPart(peer, request.command);
      continue;
    }
    try {
      run.registered = await canBeRegistered(run, request);
      if (run.registered) toRegister.push(peer);
    } catch (thrown) {
      run.state = 'unreachable';
      run.failure = toFailure(thrown);
    }
  }
  return { runs, toRegister };
}

/** Registering a `file://` remote creates its folder, which only a first push may do. */
async function canBeRegistered(run: PeerRun, request: Pick<FederateRequest, 'command' | 'dryRun'>): Promise<boolean> {
  if (run.peer.tier !== 'T1') {
    throw new Failure(
      'tier-unsupported',
      `${run.peer.name} has the tier ${run.peer.tier}, and only raw history can be sent`,
    );
  }
  if ((await fileRemote(run.peer.endpoint)) !== 'absent') return true;
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
