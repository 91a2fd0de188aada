import { Failure, toFailure } from '../core/failure.ts';
import { NO_CREDENTIALS } from '../dolt/engine-credentials.ts';
import { branchHead } from '../dolt/sql/heads.ts';
import { isAncestor } from '../dolt/sql/history.ts';
import type { Database } from '../dolt/sql/sql.ts';
import { advanceBranch, isRefusedMove } from './advance.ts';
import type { PeerProgress } from './peer-progress.ts';
import type { SyncContext } from './sync-context.ts';

interface Move {
  /** The head of our branch when the run began. */
  readonly ours: string;
  readonly target: string;
}

/**
 * Moves our branch, once, and sets for every peer that was only read whether it agrees with us. The database is not
 * locked between two engines. If another writer moved the branch or holds the database, our branch stays and every peer
 * fails; the next run merges what was pushed.
 * @returns the head of our branch
 * @throws Failure `interrupted`
 */
export async function advanceLocalBranch(
  context: SyncContext,
  move: Move,
  runs: readonly PeerProgress[],
): Promise<string> {
  try {
    return await context.engines.use(NO_CREDENTIALS, ({ database }) => advanceIn(context, move, database, runs));
  } catch (thrown) {
    const failure = toFailure(thrown);
    if (failure.code === 'interrupted') throw failure;
    const { code, hint } = failure;
    const message = `${context.branch} was not moved to ${move.target}: ${failure.message}`;
    fail(runs, new Failure(code, message, { hint, cause: failure }));
    return move.ours;
  }
}

function fail(runs: readonly PeerProgress[], failure: Failure): void {
  for (const run of runs) run.notAdvanced(failure);
}

async function advanceIn(
  context: SyncContext,
  move: Move,
  database: Database,
  runs: readonly PeerProgress[],
): Promise<string> {
  const { target, ours } = move;
  const { branch } = context;
  const refusal = target === ours ? null : await advance(context, move, database);
  if (refusal !== null) {
    const head = (await branchHead(database, branch)) ?? ours;
    fail(runs, notMoved(branch, move, head, refusal));
    return head;
  }
  for (const run of runs) {
    // A peer that cannot be pushed to is still merged.
    const isRead = run.failure === null || run.failure.code === 'live-unknown';
    if (!isRead || run.head === null || run.actions === null) continue;
    const isIn = run.actions.merge && (await isAncestor(database, run.equivalentTo ?? run.head, target));
    if (isIn) run.pulled(run.behind ?? 0);
    if (!run.actions.push && (run.actions.merge ? isIn : run.head === ours)) run.verify();
  }
  return target;
}

/** @returns why the move was refused; null if it was made */
async function advance(
  { branch, dirty, notify }: SyncContext,
  { ours, target }: Move,
  database: Database,
): Promise<Failure | null> {
  try {
    for (const notice of await advanceBranch(database, { branch, from: ours, to: target, dirty })) notify(notice);
    return null;
  } catch (thrown) {
    const failure = toFailure(thrown);
    if (!isRefusedMove(failure)) throw failure;
    return failure;
  }
}

/** @param head the current head of our branch; it differs only if another writer committed */
function notMoved(branch: string, { ours, target }: Move, head: string, cause: Failure): Failure {
  if (head === ours) {
    const message = `${branch} was not moved to ${target}: tables that it changes have uncommitted changes`;
    return new Failure('uncommitted-changes', message, { cause });
  }
  const message = `${branch} was not moved to ${target}: another process committed to it during this run`;
  return new Failure('contention', message, {
    hint: 'Run again. Nothing is lost: the next run merges the pushed commits.',
    cause,
  });
}
