import type { PeerState } from '../../contract/vocabulary.ts';
import { Failure } from '../../core/failure.ts';
import { NO_CREDENTIALS } from '../../dolt/engine-credentials.ts';
import type { Engines } from '../../dolt/server/engines.ts';
import { trackingHeads } from '../../dolt/sql/heads.ts';
import { countReachable, oldestCommitDate } from '../../dolt/sql/history.ts';
import type { Sql } from '../../dolt/sql/sql.ts';
import { rightsOf } from '../peer-actions.ts';
import type { PeerProgress } from '../peer-progress.ts';
import { headsAtPeer } from '../send-branch.ts';

/** Nothing was pushed in these states; the result of an earlier fetch is the best information. */
const UNREAD: ReadonlySet<PeerState> = new Set(['unreachable', 'unknown']);

/**
 * How many of our commits no peer has. If we may have pushed to a peer, only what was read there counts: Dolt moves its
 * tracking ref as soon as a push returns.
 * @param head of our branch after the run
 * @returns null if no engine is available: the run was interrupted, or the database is in use
 */
export async function countUnsaved(
  engines: Engines,
  allProgress: readonly PeerProgress[],
  head: string,
): Promise<number | null> {
  const pushed = allProgress.filter(({ actions, state }) => actions?.push === true && !UNREAD.has(state));
  const read = pushed.flatMap(headsAtPeer);
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

/** The dates of the oldest commits that one side lacks and should get from the other; null: none, or unknown. */
export interface MissingSince {
  /** Of any direction that the role allows. */
  readonly unsynced: string | null;
  /** Of the promised commits that the peer lacks, if its role lets it have them. */
  readonly unsent: string | null;
}

/**
 * The dates of the oldest commits that one side lacks, read from both heads. A direction that the role never allows does
 * not count: commits of a backup that we lack are not missing.
 * @param ours our head after the run
 * @param promised our commit that the peer should have, such as that of a release
 */
export async function missingSince(
  sql: Sql,
  progress: PeerProgress,
  { ours, promised }: { readonly ours: string; readonly promised: string },
): Promise<MissingSince> {
  const rights = rightsOf(progress.peer.role);
  const unsent = async (commit: string): Promise<string | null> =>
    rights.push ? oldestCommitDate(sql, { from: progress.head, to: commit }) : null;
  if (progress.head === null) {
    const lacksAll = progress.state === 'remote-empty' || progress.state === 'branch-missing';
    return lacksAll ? { unsynced: await unsent(ours), unsent: await unsent(promised) } : NOTHING;
  }
  if (progress.head === ours) return NOTHING;
  const unreceived = rights.pull ? await oldestCommitDate(sql, { from: ours, to: progress.head }) : null;
  const sent = await unsent(ours);
  const [unsynced = null] = [unreceived, sent].filter((date) => date !== null).sort();
  // A peer with an equivalent head lacks only merges that change nothing there.
  if (progress.equivalentTo === ours) return { unsynced, unsent: null };
  return { unsynced, unsent: promised === ours ? sent : await unsent(promised) };
}

const NOTHING: MissingSince = { unsynced: null, unsent: null };
