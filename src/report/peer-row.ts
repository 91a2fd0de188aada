import type { PeerResult } from '../contract/result.ts';
import { aheadBehind, duration, minute, shortHash } from './figures.ts';

/** What a table of peers shows of each, in order. */
export const PEER_COLUMNS: readonly string[] = [
  ...['Peer', 'Role', 'Tier', 'State', 'Status', 'Pulled', 'Pushed', 'Ahead/behind', 'Head', 'Verified', 'Time'],
  ...['Last verified', 'Unsynced since'],
];

/**
 * One peer as a row of such a table.
 * @param quote makes a name safe for where the table stands
 */
export function peerRow(peer: PeerResult, quote: (text: string) => string): string[] {
  return [
    quote(peer.name),
    peer.role,
    peer.tier,
    peer.state,
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
