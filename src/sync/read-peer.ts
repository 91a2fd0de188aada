import type { Engine } from '../dolt/engines.ts';
import { trackingHead } from '../dolt/heads.ts';
import { fetchBranch } from '../dolt/transfer.ts';
import type { PeerRun } from './peer-run.ts';
import { readPatiently } from './retry.ts';
import { timeLimit } from './time-limits.ts';

export interface Reading {
  /** How long a verb may take, in milliseconds, where the peer does not say. */
  readonly timeoutMs: number;
  readonly retries: number;
  readonly signal: AbortSignal;
}

interface Trying {
  /** Another branch than the one that belongs to ours. Not `branch`: options of a run are handed over, and name ours so. */
  readonly otherBranch?: string;
  /** Told of each try. */
  readonly onTry?: () => void;
}

/**
 * Fetches a peer's branch, within its time and again where that may help.
 * @returns the commit that the branch points at there; null where the peer answered and has no such branch
 * @throws Failure with the class of what went wrong, `remote-empty`, `branch-missing`, `timeout`
 */
export async function readPeer(engine: Engine, run: PeerRun, reading: Reading & Trying): Promise<string | null> {
  const at = { remote: run.remote, branch: reading.otherBranch ?? run.branch, user: run.user };
  await readPatiently(async () => {
    reading.onTry?.();
    const limit = timeLimit(run.peer, 'fetch', reading.timeoutMs);
    await engine.verb(limit, run.reach, (sql) => fetchBranch(sql, at));
  }, reading);
  return await trackingHead(engine.database, at);
}
