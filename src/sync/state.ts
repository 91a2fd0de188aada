import type { PeerState } from '../contract/vocabulary.ts';

/** Three commits: our head, the peer's, and their best common ancestor (null where there is none). */
export interface Standing {
  readonly ours: string;
  readonly theirs: string;
  readonly base: string | null;
}

/** Where a peer's head stands against ours. `ahead` means that we have what the peer lacks. */
export function stateOf({ ours, theirs, base }: Standing): PeerState {
  if (ours === theirs) return 'up-to-date';
  if (base === null) return 'unrelated';
  if (base === theirs) return 'ahead';
  return base === ours ? 'behind' : 'diverged';
}
