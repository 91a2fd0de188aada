import { toFailure } from '../core/failure.ts';
import { branchHead, deleteBranch } from '../dolt/heads.ts';
import { isAncestor } from '../dolt/history.ts';
import type { Database } from '../dolt/sql.ts';
import type { PeerRun } from './peer-run.ts';
import { compareHeads } from './survey.ts';

/** Reads the inbox branches of our own database, as other peers are fetched. */
export async function surveyInboxes(database: Database, runs: readonly PeerRun[], ours: string): Promise<void> {
  for (const run of runs) {
    if (run.inbox === null) continue;
    run.attempts += 1;
    try {
      const theirs = await branchHead(database, run.inbox);
      if (theirs === null) run.state = 'branch-missing';
      else await compareHeads(database, run, { ours, theirs });
    } catch (thrown) {
      run.state = 'unknown';
      run.failure = toFailure(thrown);
    }
  }
}

/**
 * Removes the inbox branches that our branch contains. Dolt has no compare-and-swap for branches, so the head is compared
 * right before; a delivery that arrives in between is sent again by the next run of the sender. A branch that cannot be
 * removed now is removed by the next run.
 * @param head of our branch after the run
 */
export async function removeInboxes(database: Database, runs: readonly PeerRun[], head: string): Promise<void> {
  for (const { inbox, part, failure, head: merged } of runs) {
    if (inbox === null || part?.merge !== true || failure !== null || merged === null) continue;
    if (!(await isAncestor(database, merged, head))) continue;
    if ((await branchHead(database, inbox)) !== merged) continue;
    await deleteBranch(database, inbox).catch(() => undefined);
  }
}
