import { Failure } from '../../core/failure.ts';
import { NO_CREDENTIALS } from '../../dolt/engine-credentials.ts';
import { reachableOnlyFrom } from '../../dolt/sql/history.ts';
import type { EarlierConflicts } from '../merge/report-conflicts.ts';
import type { PeerProgress } from '../peer-progress.ts';
import type { LocalHead, SyncContext } from '../sync-context.ts';

/**
 * Asks a running server whether its uncommitted changes, which the scratch copy lacks, refuse the move to a merged commit:
 * rows there can refer to rows that it removes. Nothing that it refuses is pushed, so all heads that are not yet at a remote wait.
 * A run that moves nothing brings nothing to the server.
 * @returns whether heads wait
 */
export async function refuseAtServer(
  { engines, served, branch, dryRun }: SyncContext,
  { ours, accepted }: LocalHead,
  target: string,
  { allProgress, earlier }: { readonly allProgress: readonly PeerProgress[]; readonly earlier: EarlierConflicts },
): Promise<boolean> {
  if (dryRun || target === ours || served?.whyRefused === undefined || served.uncommitted.length === 0) return false;
  const merging = allProgress.filter(
    ({ actions, isMerged, equivalentTo }) => actions?.merge === true && isMerged && equivalentTo !== ours,
  );
  const brought = await engines.use(NO_CREDENTIALS, async ({ database }) => {
    const found: PeerProgress[] = [];
    for (const progress of merging) {
      const { head } = progress;
      if (head !== null && (await reachableOnlyFrom(database, head, [ours, ...accepted]))) found.push(progress);
    }
    return found;
  });
  if (brought.length === 0) return false;
  const why = await served.whyRefused(engines, { from: ours, to: target });
  if (why === null) return false;
  const message = `${branch} cannot move at the running server: ${why.message}; nothing was merged from the peers`;
  const failure = new Failure(why.code, message, { hint: why.hint, cause: why });
  for (const progress of brought) progress.reject(failure, earlier.get(progress) ?? []);
  return true;
}
