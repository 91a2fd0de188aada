import type { ReadOption } from '../contract/option-value.ts';
import { Failure } from '../core/failure.ts';
import type { NamingOption } from '../sync/lease.ts';
import type { RewriteRequest } from './request.ts';
import { wordList } from './word-list.ts';

/** `peer=hash`, the hash whole: a lease on the beginning of one could fit another commit. */
const LEASE = /^([A-Za-z][A-Za-z0-9_-]*)=([0-9a-v]{32})$/;
const COMMIT = /^[0-9a-v]{32}$/;

/**
 * The heads that an option names, by peer: none of these options does anything without the head that is expected there.
 * @throws Failure `bad-usage` for anything but `peer=hash`, and for a peer that is named twice
 */
export function requestedLeases(option: NamingOption, text: string | undefined): ReadonlyMap<string, string> {
  const leases = new Map<string, string>();
  if (text === undefined) return leases;
  const words = wordList(text);
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

/** What the user wants done about histories that were rewritten. @throws Failure `bad-usage` */
export function requestedRewrites(read: ReadOption): RewriteRequest {
  return {
    adopt: requestedLeases('adopt', read('adopt')),
    discardLocal: requestedCommits(read('discard-local')),
    merge: requestedLeases('merge-rewritten', read('merge-rewritten')),
  };
}

function requestedCommits(text: string | undefined): readonly string[] {
  if (text === undefined) return [];
  const words = wordList(text);
  const wrong = words.find((word) => !COMMIT.test(word));
  if (words.length > 0 && wrong === undefined) return words;
  const why = wrong === undefined ? 'it names no commit' : `${JSON.stringify(wrong)} is not a whole commit hash`;
  throw new Failure('bad-usage', `discard-local cannot be used: ${why}`, {
    hint: 'Run with `adopt` alone: the refusal lists every commit that would be lost.',
  });
}

function refusal(option: NamingOption, why: string): Failure {
  return new Failure('bad-usage', `${option} cannot be used: ${why}`, {
    hint: 'Write the whole head that you expect, for example `partner=0123456789abcdefghijklmnopqrstuv`; `dolt-federation status --json` prints it as `remoteHead`.',
  });
}
