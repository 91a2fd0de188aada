import type { PeerResult } from '../contract/result.ts';
import type { PeerStatus } from '../contract/vocabulary.ts';

/** What is left out first where not all can be shown. */
const WEIGHT = {
  failed: 3,
  conflict: 3,
  synced: 2,
  pulled: 2,
  pushed: 2,
  unchanged: 1,
  skipped: 0,
} as const satisfies Record<PeerStatus, number>;

/** At most `limit` peers, in their order: those with trouble rather than those that moved, and these rather than others. */
export function mostTelling(peers: readonly PeerResult[], limit: number): readonly PeerResult[] {
  if (peers.length <= limit) return peers;
  const byWeight = [...peers].sort((a, b) => WEIGHT[b.status] - WEIGHT[a.status]);
  const chosen = new Set(byWeight.slice(0, limit));
  return peers.filter((peer) => chosen.has(peer));
}
