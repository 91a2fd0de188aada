import { Failure } from '../../core/failure.ts';
import { ignoresTables } from '../../dolt/sql/heads.ts';
import { isAncestor } from '../../dolt/sql/history.ts';
import type { Sql } from '../../dolt/sql/sql.ts';
import type { PeerProgress } from '../peer-progress.ts';

/**
 * Refuses pushes to peers that may be running databases: a push would empty the tables there that `dolt_ignore` matches
 * (Dolt 2.3.0, measured). Such a peer is still read and merged.
 * @param target what would be pushed
 */
export async function refuseUnknownLive(sql: Sql, allProgress: readonly PeerProgress[], target: string): Promise<void> {
  for (const progress of allProgress) {
    if (progress.actions?.push !== true || progress.peer.live !== null || progress.failure !== null) continue;
    if (progress.head !== null && (await isAncestor(sql, target, progress.head))) continue;
    const heads = progress.head === null ? [target] : [target, progress.head];
    const ignoring = await Promise.all(heads.map((head) => ignoresTables(sql, head)));
    if (ignoring.includes(true)) progress.fail(liveUnknown(progress.peer.name), 'refused');
  }
}

function liveUnknown(peer: string): Failure {
  return new Failure(
    'live-unknown',
    `nothing was pushed to ${peer}: if it is a running database, the push would empty its ignored tables`,
    { hint: liveHint(peer) },
  );
}

/** Both lines to paste, and when each one is right. */
export function liveHint(peer: string): string {
  const place =
    peer === 'origin'
      ? 'Add its host to `federation.plain-hosts`, or put the primary under `federation.peers` with `role: primary` and one of these lines:'
      : `Add one of these lines to the entry of ${peer}:`;
  return [
    place,
    'live: false   # a plain remote server, such as remotesrv or a folder behind ssh that no program uses',
    'live: true    # a running database, such as a `dolt sql-server`: pushes go to an inbox branch',
  ].join('\n');
}
