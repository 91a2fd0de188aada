import { contentHash, onlyFederationMerges } from '../../dolt/rows/content.ts';
import type { Database } from '../../dolt/sql/sql.ts';
import type { PeerProgress } from '../peer-progress.ts';

interface Kept {
  readonly head: string;
  readonly content: string;
}

/**
 * Finds peers that are only read and whose head says nothing new: equal contents, and a history that differs from
 * another head's by federation merges only. Merging them would make one more such merge, which the peer would have to
 * merge again, for ever. Such a run is told what it is equivalent to; where that is our own head it is up to date.
 * Heads that contain ours come first, since where there is one our head gives way to it; among equals the hash decides,
 * so that every town leaves out the same ones.
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
    run.equivalent(twin, ours);
    if (twin === null) containing.push(own);
  }
  kept.push(...containing);
  for (const run of byHash.filter(({ state }) => state === 'diverged')) {
    if (run.head === null) continue;
    const own = { head: run.head, content: await contentHash(database, run.head) };
    const twin = await twinOf(database, kept, own);
    run.equivalent(twin, ours);
    if (twin === null) kept.push(own);
  }
}

/** Whether this run cannot bring the peer and us to one commit. */
function isReadOnly(run: PeerProgress): boolean {
  // Who delivers to an inbox reads our branch, too.
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
