import type { Peer } from '../../config/configuration.ts';
import { HASH, HASH_TEXT } from '../../contract/hash.ts';
import type { ReadOption } from '../../contract/option-value.ts';
import { Failure } from '../../core/failure.ts';
import { splitList } from '../../core/lists.ts';
import { suggestion } from '../../core/suggestion.ts';
import type { NamingOption } from '../../sync/history/lease.ts';
import { actionsOf, type PeerActions } from '../../sync/peer-actions.ts';
import type { RewriteRequest, SyncRequest } from '../request.ts';

type Named = Pick<SyncRequest, 'command' | 'leases' | 'rewrites'>;

/**
 * Refuses leases that have no effect or contradict each other, before anything is opened.
 * @param peers the peers that take part in the run
 * @throws Failure `bad-usage`, `unknown-peer`
 */
export function checkLeases(peers: readonly Peer[], request: Named): void {
  const { command, leases, rewrites } = request;
  const named = (option: NamingOption, names: Iterable<string>, needs: keyof PeerActions): void => {
    for (const name of names) checkNamed(peers, { option, name, needs, command });
  };
  named('force-with-lease', leases.keys(), 'push');
  named('adopt', rewrites.adopt.keys(), 'merge');
  named('merge-rewritten', rewrites.merge.keys(), 'merge');
  const twice = [...rewrites.adopt.keys(), ...rewrites.merge.keys()].find(
    (name) => leases.has(name) || (rewrites.adopt.has(name) && rewrites.merge.has(name)),
  );
  if (twice !== undefined) {
    throw new Failure(
      'bad-usage',
      `${twice} is named by more than one of force-with-lease, adopt and merge-rewritten`,
      {
        hint: 'Decide which history to keep for each peer, and name the peer once.',
      },
    );
  }
  if (new Set(rewrites.adopt.values()).size > 1) {
    throw new Failure('bad-usage', 'adopt names two different heads, but our branch can become only one of them', {
      hint: 'Name one head. Replace the branch of the other peer with `--force-with-lease`, or adopt it in another run.',
    });
  }
  if (rewrites.discardLocal.length > 0 && rewrites.adopt.size === 0) {
    throw new Failure('bad-usage', 'discard-local names commits, but adopt is not set', {
      hint: 'Use it together with `--adopt`, or remove it.',
    });
  }
}

interface NamedPeer {
  readonly option: NamingOption;
  readonly name: string;
  readonly needs: keyof PeerActions;
  readonly command: SyncRequest['command'];
}

function checkNamed(peers: readonly Peer[], { option, name, needs, command }: NamedPeer): void {
  const peer = peers.find((one) => one.name === name);
  if (peer === undefined) {
    const names = peers.map((one) => one.name);
    const near = suggestion(name, names);
    throw new Failure('unknown-peer', `${option} names ${name}, which is not among the peers of this run`, {
      hint: near === null ? `The peers of this run are ${names.join(', ')}.` : `Did you mean \`${near}\`?`,
    });
  }
  if (needs === 'push' && peer.live === true) {
    throw new Failure(
      'bad-usage',
      `${option} names ${name}, which is live: dolt-federation never forces a push to a running database`,
      {
        hint: 'Make the change on that server. Pushes go to its inbox branch.',
      },
    );
  }
  if (actionsOf(command, peer.role)?.[needs] === true) return;
  const does = needs === 'push' ? 'does not push to' : 'does not merge from';
  throw new Failure('bad-usage', `${option} names ${name}, but ${command} ${does} a peer with the role ${peer.role}`, {
    hint:
      needs === 'push'
        ? 'Use `push` or `sync`, and name peers whose role allows pushing.'
        : 'Use `sync` or `pull`, and name peers whose role allows merging.',
  });
}

/** The actions for a peer whose branch is to be replaced: commits that the push discards are not merged first. */
export function leasedActions(actions: PeerActions | null, isLeased: boolean): PeerActions | null {
  return actions === null || !isLeased ? actions : { ...actions, merge: false };
}

/** `peer=hash` with the whole hash: a lease on a prefix could match another commit. */
const LEASE = new RegExp(`^([A-Za-z][A-Za-z0-9_-]*)=(${HASH_TEXT})$`);

/**
 * The heads that an option names, by peer. These options require the expected head of each peer.
 * @throws Failure `bad-usage` for anything but `peer=hash`, and for a peer named twice
 */
export function requestedLeases(option: NamingOption, text: string | undefined): ReadonlyMap<string, string> {
  const leases = new Map<string, string>();
  if (text === undefined) return leases;
  const words = splitList(text);
  if (words.length === 0) throw refusal(option, 'it names no peer');
  for (const word of words) {
    const [, peer, hash] = LEASE.exec(word) ?? [];
    if (peer === undefined || hash === undefined) {
      throw refusal(option, `${JSON.stringify(word)} is not \`peer=hash\``);
    }
    if (leases.has(peer)) throw refusal(option, `${peer} is named twice`);
    leases.set(peer, hash);
  }
  return leases;
}

/**
 * The options for rewritten histories.
 * @throws Failure `bad-usage`
 */
export function requestedRewrites(read: ReadOption): RewriteRequest {
  return {
    adopt: requestedLeases('adopt', read('adopt')),
    discardLocal: requestedCommits(read('discard-local')),
    merge: requestedLeases('merge-rewritten', read('merge-rewritten')),
  };
}

function requestedCommits(text: string | undefined): readonly string[] {
  if (text === undefined) return [];
  const words = splitList(text);
  const wrong = words.find((word) => !HASH.test(word));
  if (words.length > 0 && wrong === undefined) return words;
  const why = wrong === undefined ? 'it names no commit' : `${JSON.stringify(wrong)} is not a full commit hash`;
  throw new Failure('bad-usage', `discard-local is invalid: ${why}`, {
    hint: 'Run with `--adopt` alone: the error lists every commit that would be lost.',
  });
}

function refusal(option: NamingOption, why: string): Failure {
  return new Failure('bad-usage', `${option} is invalid: ${why}`, {
    hint: 'Write the full hash of the expected head, for example `partner=0123456789abcdefghijklmnopqrstuv`; `dolt-federation status --json` prints it as `remoteHead`.',
  });
}
