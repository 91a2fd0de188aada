import { Failure } from '../core/failure.ts';
import { wordList } from './word-list.ts';

/** `peer=hash`, the hash whole: a lease on the beginning of one could fit another commit. */
const LEASE = /^([A-Za-z][A-Za-z0-9_-]*)=([0-9a-v]{32})$/;

/**
 * The leases that `force-with-lease` holds, by peer: nothing is ever forced without the head that is expected there.
 * @throws Failure `bad-usage` for anything but `peer=hash`, and for a peer that stands there twice
 */
export function requestedLeases(text: string | undefined): ReadonlyMap<string, string> {
  const leases = new Map<string, string>();
  if (text === undefined) return leases;
  const words = wordList(text);
  if (words.length === 0) throw refusal('it names no peer');
  for (const word of words) {
    const [, peer, hash] = LEASE.exec(word) ?? [];
    if (peer === undefined || hash === undefined) throw refusal(`${JSON.stringify(word)} is not \`peer=hash\``);
    if (leases.has(peer)) throw refusal(`${peer} stands there twice`);
    leases.set(peer, hash);
  }
  return leases;
}

function refusal(why: string): Failure {
  return new Failure('bad-usage', `force-with-lease cannot be used: ${why}`, {
    hint: 'Write the whole head that you expect, for example `partner=0123456789abcdefghijklmnopqrstuv`; `dolt-federation status --json` prints it as `remoteHead`.',
  });
}
