import type { Peer } from '../config/configuration.ts';
import { Failure } from '../core/failure.ts';
import type { NamingOption } from '../sync/lease.ts';
import { type Part, partOf } from '../sync/roles.ts';
import type { FederateRequest } from './request.ts';

type Named = Pick<FederateRequest, 'command' | 'leases' | 'rewrites'>;

/**
 * Refuses heads that were named in vain, or for something else than was meant: before anything is opened.
 * @param peers the peers that take part in the run
 * @throws Failure `bad-usage`, `unknown-peer`
 */
export function checkLeases(peers: readonly Peer[], request: Named): void {
  const { command, leases, rewrites } = request;
  const named = (option: NamingOption, names: Iterable<string>, needs: keyof Part): void => {
    for (const name of names) checkNamed(peers, { option, name, needs, command });
  };
  named('force-with-lease', leases.keys(), 'push');
  named('adopt', rewrites.adopt.keys(), 'merge');
  named('merge-rewritten', rewrites.merge.keys(), 'merge');
  const twice = [...rewrites.adopt.keys(), ...rewrites.merge.keys()].find(
    (name) => leases.has(name) || (rewrites.adopt.has(name) && rewrites.merge.has(name)),
  );
  if (twice !== undefined) {
    throw new Failure('bad-usage', `${twice} is named by two of force-with-lease, adopt and merge-rewritten`, {
      hint: 'Decide for each peer whose history is to remain, and name it once.',
    });
  }
  if (new Set(rewrites.adopt.values()).size > 1) {
    throw new Failure('bad-usage', 'adopt names two different heads, and our branch can become only one', {
      hint: 'Name the head to take; the other peer follows with `force-with-lease`, or in a run of its own.',
    });
  }
  if (rewrites.discardLocal.length > 0 && rewrites.adopt.size === 0) {
    throw new Failure('bad-usage', 'discard-local names commits, but nothing is adopted', {
      hint: 'Use it together with `adopt`, or leave it out.',
    });
  }
}

interface NamedPeer {
  readonly option: NamingOption;
  readonly name: string;
  readonly needs: keyof Part;
  readonly command: FederateRequest['command'];
}

function checkNamed(peers: readonly Peer[], { option, name, needs, command }: NamedPeer): void {
  const peer = peers.find((one) => one.name === name);
  if (peer === undefined) {
    throw new Failure('unknown-peer', `${option} names ${name}, which is not among the peers of this run`);
  }
  if (needs === 'push' && peer.live === true) {
    throw new Failure('bad-usage', `${option} names ${name}, which is live: a running database is never forced`, {
      hint: 'Make the change on that server. Our commits are delivered to its inbox branch.',
    });
  }
  if (partOf(command, peer.role)?.[needs] === true) return;
  const does = needs === 'push' ? 'pushes nothing to' : 'merges nothing from';
  throw new Failure('bad-usage', `${option} names ${name}, but ${command} ${does} a peer with the role ${peer.role}`, {
    hint:
      needs === 'push'
        ? 'Use `push` or `sync`, and name peers whose role is written to.'
        : 'Use `sync` or `pull`, and name peers whose role is read from.',
  });
}

/** What a command does with a peer whose branch is to be replaced: what is to be lost there is not merged before. */
export function leasedPart(part: Part | null, isLeased: boolean): Part | null {
  return part === null || !isLeased ? part : { ...part, merge: false };
}
