import { basename } from 'node:path';
import type { PeerResult, RunResult } from '../contract/result.ts';
import type { PeerStatus, Role } from '../contract/vocabulary.ts';
import { plain, shorten } from '../core/text.ts';
import { stateAfter } from './state-after.ts';

/** GitHub draws at most 500 edges and 50,000 characters; a larger diagram is unreadable. */
const MAX_PEERS = 60;
const MAX_LABEL = 40;

/**
 * Links between the local database and a peer, in the direction commits may go. Mermaid has no arrow that only points
 * back.
 */
const LINKS = {
  primary: (node) => `local <--> ${node}`,
  peer: (node) => `local <--> ${node}`,
  upstream: (node) => `${node} --> local`,
  backup: (node) => `local --> ${node}`,
  archive: (node) => `local --> ${node}`,
} as const satisfies Record<Role, (node: string) => string>;

const CLASSES = {
  unchanged: 'still',
  pulled: 'moved',
  pushed: 'moved',
  synced: 'moved',
  conflict: 'conflict',
  failed: 'failed',
  skipped: 'still',
} as const satisfies Record<PeerStatus, string>;

/** A diagram of the federation with the local database in the middle; arrows show the direction commits may go. */
export function mermaid(result: RunResult): string {
  const shown = result.peers.slice(0, MAX_PEERS);
  const more = result.peers.length - shown.length;
  return [
    'flowchart LR',
    `  local(("${label([databaseName(result), ...(result.branch === null ? [] : [result.branch])])}"))`,
    ...shown.flatMap(peerLines),
    ...(more > 0 ? [`  more["${label([`${more} more`])}"]`, '  local --- more'] : []),
    '  classDef still stroke:#888888',
    '  classDef moved stroke:#1a7f37,stroke-width:2px',
    '  classDef conflict stroke:#9a6700,stroke-width:2px,stroke-dasharray:4',
    '  classDef failed stroke:#cf222e,stroke-width:2px,stroke-dasharray:2',
    '',
  ].join('\n');
}

function peerLines(peer: PeerResult, index: number): string[] {
  const lines = label([peer.name, `${peer.role}, ${peer.tier}`, `${stateAfter(peer, peer.status)}, ${peer.status}`]);
  return [`  p${index}["${lines}"]:::${CLASSES[peer.status]}`, `  ${LINKS[peer.role](`p${index}`)}`];
}

function databaseName(result: RunResult): string {
  return result.database === null ? 'database' : basename(result.database);
}

/** Lines of a quoted label; every character with a meaning in mermaid or markdown is a character code. */
function label(lines: readonly string[]): string {
  return lines
    .map((line) => shorten(plain(line), MAX_LABEL).replace(/[^\p{L}\p{N} ,-]/gu, escapeCharacter))
    .join('<br/>');
}

function escapeCharacter(character: string): string {
  return `#${character.codePointAt(0)};`;
}
