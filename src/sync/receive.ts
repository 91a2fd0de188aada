import type { Diagnostic } from '../core/diagnostic.ts';
import { toFailure } from '../core/failure.ts';
import { NO_CREDENTIALS } from '../dolt/engine-credentials.ts';
import type { Engine } from '../dolt/server/engines.ts';
import { branchHead, checkout, deleteBranch } from '../dolt/sql/heads.ts';
import { isAncestor, rootCommit } from '../dolt/sql/history.ts';
import type { Database } from '../dolt/sql/sql.ts';
import { uncommittedTables } from '../dolt/sql/working-set.ts';
import { compareWithin } from './fetch.ts';
import { inboxBranch } from './inbox.ts';
import { rightsOf } from './peer-actions.ts';
import type { PeerProgress } from './peer-progress.ts';
import type { LocalHead, SyncContext } from './sync-context.ts';

/** Sets our inbox at running databases, and reads the inboxes of our own database. */
export async function prepareInboxes(
  context: SyncContext,
  local: LocalHead,
  allProgress: readonly PeerProgress[],
): Promise<void> {
  const { engines, town } = context;
  const running = allProgress.filter(
    ({ peer, actions }) =>
      peer.live === true && rightsOf(peer.role).push && (actions?.push === true || actions?.merge === false),
  );
  if (running.length === 0 && allProgress.every(({ inbox }) => inbox === null)) return;
  await engines.use(NO_CREDENTIALS, async (engine) => {
    if (town !== null && running.length > 0) {
      const branch = inboxBranch(town, (await rootCommit(engine.database, local.ours)).hash);
      for (const progress of running) progress.deliverTo(branch);
    }
    await fetchInboxes(context, local, engine, allProgress);
  });
}

/** Reads the inbox branches of our own database, like a fetch of other peers. */
async function fetchInboxes(
  context: SyncContext,
  local: LocalHead,
  engine: Engine,
  allProgress: readonly PeerProgress[],
): Promise<void> {
  for (const progress of allProgress) {
    if (progress.inbox === null) continue;
    progress.countAttempt();
    try {
      const theirs = await branchHead(engine.database, progress.inbox);
      if (theirs === null) progress.foundEmpty('branch-missing');
      else await compareWithin(context, local, engine, progress, { theirs, before: null });
    } catch (thrown) {
      progress.incomparable(toFailure(thrown));
    }
  }
}

/** Removes merged inboxes. The next run removes what cannot be removed now; that fails nothing. */
export async function removeMergedInboxes(
  { engines }: SyncContext,
  allProgress: readonly PeerProgress[],
  head: string,
): Promise<void> {
  if (allProgress.every(({ inbox }) => inbox === null)) return;
  try {
    await engines.use(NO_CREDENTIALS, ({ database }) => removeInboxes(database, allProgress, head));
  } catch (thrown) {
    const failure = toFailure(thrown);
    if (failure.code === 'interrupted') throw failure;
  }
}

/**
 * Removes the inbox branches that our branch contains. Dolt has no compare-and-swap for branches, so the head is
 * compared right before. The sender's next run sends a delivery again that arrives in between.
 * @param head of our branch after the run
 */
export async function removeInboxes(
  database: Database,
  allProgress: readonly PeerProgress[],
  head: string,
): Promise<void> {
  for (const progress of allProgress) {
    const { inbox, actions, failure, head: merged } = progress;
    if (inbox === null || actions?.merge !== true || failure !== null || merged === null) continue;
    if (!(await isAncestor(database, merged, head))) continue;
    if ((await branchHead(database, inbox)) !== merged) continue;
    const tables = await database.session(async (sql) => {
      await checkout(sql, inbox);
      return uncommittedTables(sql);
    });
    if (tables.length > 0) progress.notice(inUse(inbox, tables));
    else await deleteBranch(database, inbox).catch(() => undefined);
  }
}

function inUse(inbox: string, tables: readonly string[]): Diagnostic {
  return {
    severity: 'notice',
    code: 'inbox-unread',
    message: `${inbox} is merged but was not removed: ${tables.join(', ')} has uncommitted changes on that branch`,
    hint: 'Check the branch out, commit or discard the changes, and check your own branch out again before the next run: it federates the branch that is checked out. Work on another branch: an inbox belongs to its sender.',
  };
}
