import type { Conflict, PeerResult, RunResult } from '../contract/result.ts';
import type { ReportValues } from '../contract/vocabulary.ts';

/**
 * What of a result may be shown where `report-values` is `level`: `none` leaves each conflicting row's table and nothing
 * else, `keys` also its key, columns and winner, `full` the values too. Rows for which a peer waits go by the same rule.
 */
export function withValues(result: RunResult, level: ReportValues): RunResult {
  if (level === 'full') return result;
  return { ...result, peers: result.peers.map((peer) => reducePeer(peer, level)) };
}

function reducePeer(peer: PeerResult, level: 'none' | 'keys'): PeerResult {
  const { held, ...rest } = peer;
  return {
    ...rest,
    conflicts: peer.conflicts.map((conflict) => reduceConflict(conflict, level)),
    ...(held === undefined || level === 'none' ? {} : { held: held.map((row) => ({ ...row, value: null })) }),
  };
}

function reduceConflict(conflict: Conflict, level: 'none' | 'keys'): Conflict {
  const silent = { base: null, ours: null, theirs: null };
  if (level === 'keys') return { ...conflict, ...silent };
  return { table: conflict.table, key: {}, columns: [], resolution: '', ...silent };
}
