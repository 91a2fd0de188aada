import type { PeerResult } from '../contract/result.ts';
import { secondsText } from '../core/text.ts';
import { stateAfter } from './state-after.ts';

const SHORT_HASH = 8;

/** A short commit hash; `-` if there is none. */
export function shortHash(hash: string | null): string {
  return hash === null ? '-' : hash.slice(0, SHORT_HASH);
}

/** A duration for people: `340 ms`, `1.2 s`, `4 min 05 s`. */
export function duration(milliseconds: number): string {
  if (milliseconds < 1_000) return `${milliseconds} ms`;
  const seconds = Math.round(milliseconds / 1_000);
  if (seconds < 60) return secondsText(milliseconds);
  return `${Math.floor(seconds / 60)} min ${String(seconds % 60).padStart(2, '0')} s`;
}

/** A time for people, to the minute and in UTC; `-` if there is none. */
export function minute(moment: string | null): string {
  return moment === null ? '-' : `${moment.slice(0, 16).replace('T', ' ')}Z`;
}

/** Commits that we have and the peer lacks, and the other way round, after the run; `?` where they were not counted. */
export function aheadBehind(peer: PeerResult): string {
  const after = stateAfter(peer, peer.status);
  if (after === peer.state) return `${peer.ahead ?? '?'}/${peer.behind ?? '?'}`;
  return after === 'up-to-date' ? '0/0' : '?/0';
}
