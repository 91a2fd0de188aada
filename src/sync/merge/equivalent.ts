import type { PeerState } from '../../contract/vocabulary.ts';
import { contentHash, onlyFederationMerges } from '../../dolt/rows/content.ts';
import type { Database } from '../../dolt/sql/sql.ts';
import type { PeerProgress } from '../peer-progress.ts';

interface Kept {
  readonly head: string;
  readonly content: string;
}

/**
 * Finds read-only peers whose head adds nothing: equal contents, and a history that differs from another head's by
 * federation merges only. Merging it would create another such merge, which the peer would have to merge again,
 * endlessly. The run records the equivalent head; if that is ours, the peer is up to date. Heads that contain ours come
 * first, because we fast-forward to such a head. Among equals the hash decides, so that every database chooses the same
 * one.
 * @param allProgress those whose heads are known
 */
export async function recordEquivalent(
  database: Database,
  allProgress: readonly PeerProgress[],
  ours: string,
): Promise<void> {
  for (const progress of allProgress) progress.forgetEquivalent(ours);
  const readOnly = allProgress.filter(isReadOnly);
  if (readOnly.length === 0) return;
  const kept: Kept[] = [{ head: ours, content: await contentHash(database, ours) }];
  for (const progress of allProgress) {
    if (!isReadOnly(progress) && progress.actions?.merge === true && progress.head !== null)
      kept.push({ head: progress.head, content: await contentHash(database, progress.head) });
  }
  const byHash = readOnly.toSorted((a, b) => ((a.head ?? '') < (b.head ?? '') ? -1 : 1));
  const recordTwins = async (state: PeerState, known: Kept[]): Promise<void> => {
    for (const progress of byHash) {
      if (progress.state !== state || progress.head === null) continue;
      const own = { head: progress.head, content: await contentHash(database, progress.head) };
      const equivalent = await twinOf(database, known, own);
      progress.foundEquivalent(equivalent, ours);
      if (equivalent === null) known.push(own);
    }
  };
  // A head that contains ours is not compared with ours: it is ahead of it.
  const containing: Kept[] = [];
  await recordTwins('behind', containing);
  await recordTwins('diverged', [...kept, ...containing]);
}

/** Whether this run cannot bring the peer and us to one commit. */
function isReadOnly(progress: PeerProgress): boolean {
  // A database that delivers to an inbox also reads our branch.
  if (progress.inbox !== null) return false;
  return progress.peer.role === 'upstream' || (progress.actions?.merge === true && !progress.actions.push);
}

async function twinOf(database: Database, kept: readonly Kept[], own: Kept): Promise<string | null> {
  for (const { head, content } of kept) {
    if (head === own.head || content !== own.content) continue;
    if (await onlyFederationMerges(database, head, own.head)) return head;
  }
  return null;
}
