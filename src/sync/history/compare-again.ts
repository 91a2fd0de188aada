import { NO_CREDENTIALS } from '../../dolt/engine-credentials.ts';
import { compareWithin } from '../fetch.ts';
import type { PeerProgress } from '../peer-progress.ts';
import type { LocalHead, SyncContext } from '../sync-context.ts';
import { findReturning, findTakenBack } from './begun-pushes.ts';

/**
 * Finds the commits that must not return, when all peers have been read: those that peers took back since a run passed them
 * on, and those that this run discards with `force-with-lease`. A peer that still has one is compared again, and refused.
 */
export async function compareAgain(
  context: SyncContext,
  local: LocalHead,
  allProgress: readonly PeerProgress[],
): Promise<LocalHead> {
  const discarded = allProgress.flatMap(({ lease }) => lease ?? []);
  if (discarded.length === 0 && allProgress.every(({ passedOn }) => passedOn.length === 0)) return local;
  return await context.engines.use(NO_CREDENTIALS, async (engine) => {
    const takenBack = await findTakenBack(engine.database, local, allProgress);
    const now = { ...local, dropped: [...new Set([...local.dropped, ...discarded])], takenBack };
    const gone = [...takenBack, ...discarded.map((commit) => ({ commit, by: local.ours }))];
    for (const progress of allProgress) {
      if (progress.head === null || !progress.isMerged || progress.lease !== null) continue;
      const returning = await findReturning(engine.database, { ours: local.ours, takenBack: gone }, progress);
      if (returning === null) continue;
      progress.tryAgain();
      await compareWithin(context, now, engine, progress, { theirs: progress.head, before: null });
    }
    return now;
  });
}
