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
 * @param runs those whose heads are known
 */
export async function recordEquivalent(database: Database, runs: readonly PeerProgress[], ours: string): Promise<void> {
  for (const run of runs) run.forgetEquivalent(ours);
  const readOnly = runs.filter(isReadOnly);
  if (readOnly.length === 0) return;
  const kept: Kept[] = [{ head: ours, content: await contentHash(database, ours) }];
  for (const run of runs) {
    if (!isReadOnly(run) && run.actions?.merge === true && run.head !== null)
      kept.push({ head: run.head, content: await contentHash(database, run.head) });
  }
  const byHash = readOnly.toSorted((a, b) => ((a.head ?? '') < (b.head ?? '') ? -1 : 1));
  const containing: Kept[] = [];
  for (const run of byHash.filter(({ state }) => state === 'behind')) {
    if (run.head === null) continue;
    const own = { head: run.head, content: await contentHash(database, run.head) };
    const twin = await twinOf(database, containing, own);
    run.foundEquivalent(twin, ours);
    if (twin === null) containing.push(own);
  }
  kept.push(...containing);
  for (const run of byHash.filter(({ state }) => state === 'diverged')) {
    if (run.head === null) continue;
    const own = { head: run.head, content: await contentHash(database, run.head) };
    const twin = await twinOf(database, kept, own);
    run.foundEquivalent(twin, ours);
    if (twin === null) kept.push(own);
  }
}

/** Whether this run cannot bring the peer and us to one commit. */
function isReadOnly(run: PeerProgress): boolean {
  // A database that delivers to an inbox also reads our branch.
  if (run.inbox !== null) return false;
  return run.peer.role === 'upstream' || (run.actions?.merge === true && !run.actions.push);
}

async function twinOf(database: Database, kept: readonly Kept[], own: Kept): Promise<string | null> {
  for (const { head, content } of kept) {
    if (head === own.head || content !== own.content) continue;
    if (await onlyFederationMerges(database, head, own.head)) return head;
  }
  return null;
}
