import { Failure, toFailure } from '../core/failure.ts';
import { NO_CREDENTIALS } from '../dolt/engine-credentials.ts';
import type { Engines } from '../dolt/server/engines.ts';
import { branchHead } from '../dolt/sql/heads.ts';
import { isAncestor } from '../dolt/sql/history.ts';
import type { Database } from '../dolt/sql/sql.ts';
import { advanceBranch, isRefusedMove } from './advance.ts';
import type { Notice } from './notice.ts';
import type { PeerRun } from './peer-run.ts';

interface Move {
  readonly branch: string;
  /** The head of our branch when the run began. */
  readonly ours: string;
  readonly target: string;
  /** Tables with uncommitted changes. */
  readonly dirty: readonly string[];
  readonly notify: (notice: Notice) => void;
}

/**
 * Moves our branch, once, and says of every peer that was only read whether it and we agree. The database is not held
 * between two engines: where somebody wrote there meanwhile, or holds it now, our branch stays as it is, every peer is
 * told to have failed, and what was pushed comes in with the next run.
 * @returns the head of our branch
 * @throws Failure `interrupted`
 */
export async function advanceLocalBranch(engines: Engines, runs: readonly PeerRun[], move: Move): Promise<string> {
  try {
    return await engines.use(NO_CREDENTIALS, ({ database }) => resolveAll(database, runs, move));
  } catch (thrown) {
    const failure = toFailure(thrown);
    if (failure.code === 'interrupted') throw failure;
    const { code, hint } = failure;
    const message = `${move.branch} was not moved to ${move.target}: ${failure.message}`;
    fail(runs, new Failure(code, message, { hint, cause: failure }));
    return move.ours;
  }
}

function fail(runs: readonly PeerRun[], failure: Failure): void {
  for (const run of runs) if (run.actions !== null) run.failure ??= failure;
}

async function resolveAll(database: Database, runs: readonly PeerRun[], move: Move): Promise<string> {
  const { target, ours, branch } = move;
  const refusal = target === ours ? null : await advance(database, move);
  if (refusal !== null) {
    const head = (await branchHead(database, branch)) ?? ours;
    fail(runs, notMoved(move, head, refusal));
    return head;
  }
  for (const run of runs) {
    // What may not be pushed to is merged all the same.
    const isRead = run.failure === null || run.failure.code === 'live-unknown';
    if (!isRead || run.head === null || run.actions === null) continue;
    const isIn = run.actions.merge && (await isAncestor(database, run.equivalentTo ?? run.head, target));
    if (isIn) run.pulledCommits = run.behind ?? 0;
    if (!run.actions.push) run.verified = run.actions.merge ? isIn : run.head === ours;
  }
  return target;
}

/** @returns why the move was refused; null where it was made */
async function advance(database: Database, { branch, ours, target, dirty, notify }: Move): Promise<Failure | null> {
  try {
    for (const notice of await advanceBranch(database, { branch, from: ours, to: target, dirty })) notify(notice);
    return null;
  } catch (thrown) {
    const failure = toFailure(thrown);
    if (!isRefusedMove(failure)) throw failure;
    return failure;
  }
}

/** @param head where our branch is now: elsewhere only if somebody committed */
function notMoved({ branch, ours, target }: Move, head: string, cause: Failure): Failure {
  if (head === ours) {
    const message = `${branch} was not moved to ${target}, since tables that it changes have uncommitted changes`;
    return new Failure('uncommitted-changes', message, { cause });
  }
  const message = `another process committed to ${branch} during this run, so ${branch} was not moved to ${target}`;
  return new Failure('contention', message, {
    hint: 'Run again: nothing is lost, and what was pushed comes in then.',
    cause,
  });
}
