import type { PeerState } from '../contract/vocabulary.ts';

/** Three commits: our head, the peer's, and their merge base (null if there is none). */
export interface ComparedHeads {
  readonly ours: string;
  readonly theirs: string;
  readonly base: string | null;
}

/** The state of a peer's head relative to ours. `ahead`: we have commits that the peer lacks. */
export function stateOf({ ours, theirs, base }: ComparedHeads): PeerState {
  if (ours === theirs) return 'up-to-date';
  if (base === null) return 'unrelated';
  if (base === theirs) return 'ahead';
  return base === ours ? 'behind' : 'diverged';
}
