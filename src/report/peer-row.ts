import type { PeerResult } from '../contract/result.ts';
import type { PeerStatus } from '../contract/vocabulary.ts';
import { aheadBehind, duration, minute, shortHash } from './figures.ts';
import { stateAfter } from './state-after.ts';

/** The columns of a table of peers. */
export const PEER_COLUMNS: readonly string[] = [
  ...['Peer', 'Role', 'Tier', 'State', 'Status', 'Pulled', 'Pushed', 'Ahead/behind', 'Head', 'Verified', 'Time'],
  ...['Last verified', 'Oldest unsynced'],
];

/**
 * One peer as a row of such a table.
 * @param quote escapes a name for the format of the table
 */
export function peerRow(peer: PeerResult, quote: (text: string) => string): string[] {
  return [
    quote(peer.name),
    peer.role,
    peer.tier,
    stateAfter(peer, peer.status),
    peer.status,
    String(peer.pulledCommits),
    String(peer.pushedCommits),
    aheadBehind(peer),
    quote(shortHash(peer.remoteHead)),
    peer.verified ? 'yes' : 'no',
    duration(peer.durationMs),
    minute(peer.lastVerifiedAt),
    minute(peer.oldestUnsyncedAt),
  ];
}

/** Priority of rows if not all can be shown. */
const WEIGHT = {
  failed: 3,
  conflict: 3,
  synced: 2,
  pulled: 2,
  pushed: 2,
  unchanged: 1,
  skipped: 0,
} as const satisfies Record<PeerStatus, number>;

/** At most `limit` peers, in their order; failed ones have priority over those that moved, and these over others. */
export function mostImportant(peers: readonly PeerResult[], limit: number): readonly PeerResult[] {
  if (peers.length <= limit) return peers;
  const byWeight = [...peers].sort((a, b) => WEIGHT[b.status] - WEIGHT[a.status]);
  const chosen = new Set(byWeight.slice(0, limit));
  return peers.filter((peer) => chosen.has(peer));
}
