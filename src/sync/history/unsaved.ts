import type { PeerState } from '../../contract/vocabulary.ts';
import { Failure } from '../../core/failure.ts';
import { NO_CREDENTIALS } from '../../dolt/engine-credentials.ts';
import type { Engines } from '../../dolt/server/engines.ts';
import { trackingHeads } from '../../dolt/sql/heads.ts';
import { countReachable, oldestCommitDate } from '../../dolt/sql/history.ts';
import type { Sql } from '../../dolt/sql/sql.ts';
import { headsThere } from '../deliver.ts';
import { rightsOf } from '../peer-actions.ts';
import type { PeerProgress } from '../peer-progress.ts';

/** In these states nothing was pushed: what an earlier fetch saw is the best that is known. */
const UNREAD: ReadonlySet<PeerState> = new Set(['unreachable', 'unknown']);

/**
 * How many commits of ours no peer has. Of a peer that we may have pushed to, only what was read there counts:
 * Dolt moves its tracking ref as soon as a push returns.
 * @param head of our branch after the run
 * @returns null where nothing can be asked any more: the run was interrupted, or has told that its database is held
 */
export async function countUnsaved(
  engines: Engines,
  runs: readonly PeerProgress[],
  head: string,
): Promise<number | null> {
  const pushed = runs.filter(({ actions, state }) => actions?.push === true && !UNREAD.has(state));
  const read = pushed.flatMap(headsThere);
  try {
    return await engines.use(NO_CREDENTIALS, async ({ database }) => {
      const seen = await trackingHeads(database, new Set(pushed.map(({ remote }) => remote)));
      return countReachable(database, head, [...new Set([...read, ...seen])]);
    });
  } catch (thrown) {
    if (!(thrown instanceof Failure)) throw thrown;
    return null;
  }
}

/**
 * When the oldest commit was made that one side should get from the other and lacks. It is read from both heads and needs
 * no memory. A direction that the role never allows does not count: what a backup has and we lack is not waited for.
 * @param ours our head after the run
 * @returns null where nothing is missing, or where the peer's head is not known
 */
export async function oldestUnsynced(sql: Sql, run: PeerProgress, ours: string): Promise<string | null> {
  const rights = rightsOf(run.peer.role);
  if (run.head === null) {
    const lacksAll = run.state === 'remote-empty' || run.state === 'branch-missing';
    return lacksAll && rights.push ? oldestCommitDate(sql, { from: null, to: ours }) : null;
  }
  if (run.head === ours) return null;
  const dates = [
    rights.pull ? await oldestCommitDate(sql, { from: ours, to: run.head }) : null,
    rights.push ? await oldestCommitDate(sql, { from: run.head, to: ours }) : null,
  ];
  return dates.filter((date) => date !== null).sort()[0] ?? null;
}
