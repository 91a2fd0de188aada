import type { Peer } from '../config/configuration.ts';
import { Failure } from '../core/failure.ts';
import { type Part, partOf } from '../sync/roles.ts';
import type { FederateRequest } from './request.ts';

/**
 * Refuses leases that could do nothing, or something else than was meant: before anything is opened.
 * @param peers the peers that take part in the run
 * @throws Failure `bad-usage`, `unknown-peer`
 */
export function checkLeases(peers: readonly Peer[], request: Pick<FederateRequest, 'command' | 'leases'>): void {
  for (const name of request.leases.keys()) {
    const peer = peers.find((one) => one.name === name);
    if (peer === undefined) {
      throw new Failure('unknown-peer', `force-with-lease names ${name}, which is not among the peers of this run`);
    }
    if (peer.live === true) {
      throw new Failure(
        'bad-usage',
        `force-with-lease names ${name}, which is live: a running database is never forced`,
        {
          hint: 'Make the change on that server. Our commits are delivered to its inbox branch.',
        },
      );
    }
    if (partOf(request.command, peer.role)?.push !== true) {
      throw new Failure(
        'bad-usage',
        `force-with-lease names ${name}, but ${request.command} pushes nothing to a peer with the role ${peer.role}`,
        { hint: 'Use `push` or `sync`, and name peers whose role is written to.' },
      );
    }
  }
}

/** What a command does with a peer whose branch is to be replaced: what is to be lost there is not merged before. */
export function leasedPart(part: Part | null, isLeased: boolean): Part | null {
  return part === null || !isLeased ? part : { ...part, merge: false };
}
