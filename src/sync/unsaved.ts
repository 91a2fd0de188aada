import type { PeerState } from '../contract/vocabulary.ts';
import { Failure } from '../core/failure.ts';
import { PLAIN_KIT } from '../dolt/engine-kit.ts';
import type { Engines } from '../dolt/engines.ts';
import { trackingHeads } from '../dolt/heads.ts';
import { countReachable } from '../dolt/history.ts';
import { headsThere } from './deliver.ts';
import type { PeerRun } from './peer-run.ts';

/** In these states nothing was pushed: what an earlier fetch saw is the best that is known. */
const UNREAD: ReadonlySet<PeerState> = new Set(['unreachable', 'unknown']);

/**
 * How many commits of ours no peer has. Of a peer that we may have pushed to, only what was read there counts:
 * Dolt moves its tracking ref as soon as a push returns.
 * @param head of our branch after the run
 * @returns null where nothing can be asked any more: the run was interrupted, or has told that its database is held
 */
export async function countUnsaved(engines: Engines, runs: readonly PeerRun[], head: string): Promise<number | null> {
  const pushed = runs.filter(({ part, state }) => part?.push === true && !UNREAD.has(state));
  const read = pushed.flatMap(headsThere);
  try {
    return await engines.use(PLAIN_KIT, async ({ database }) => {
      const seen = await trackingHeads(database, new Set(pushed.map(({ remote }) => remote)));
      return countReachable(database, head, [...new Set([...read, ...seen])]);
    });
  } catch (thrown) {
    if (!(thrown instanceof Failure)) throw thrown;
    return null;
  }
}
