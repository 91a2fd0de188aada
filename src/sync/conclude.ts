import { Failure, toFailure } from '../core/failure.ts';
import { branchHead } from '../dolt/heads.ts';
import { isAncestor } from '../dolt/history.ts';
import type { Database } from '../dolt/sql.ts';
import { advanceBranch } from './advance.ts';
import type { PeerRun } from './peer-run.ts';

interface Move {
  readonly branch: string;
  /** The head of our branch when the run began. */
  readonly ours: string;
  readonly target: string;
}

/**
 * Moves our branch, once, and says of every peer that was only read whether it and we agree. The database is not held
 * between two engines: where somebody wrote there meanwhile, our branch stays as it is, every peer is told to have failed
 * with `contention`, and what was pushed comes in with the next run.
 * @returns the head of our branch
 */
export async function conclude(database: Database, runs: readonly PeerRun[], move: Move): Promise<string> {
  const { target, ours, branch } = move;
  const obstacle = target === ours ? null : await advance(database, move);
  if (obstacle !== null) {
    for (const run of runs) if (run.part !== null) run.failure ??= obstacle;
    return (await branchHead(database, branch)) ?? ours;
  }
  for (const run of runs) {
    if (run.failure !== null || run.head === null || run.part === null) continue;
    if (run.part.merge) run.pulledCommits = run.behind ?? 0;
    if (!run.part.push)
      run.verified = run.part.merge
        ? await isAncestor(database, run.equivalentTo ?? run.head, target)
        : run.head === ours;
  }
  return target;
}

/** @returns what stands in the way: what somebody committed, or changed without committing, since the run began */
async function advance(database: Database, { branch, ours, target }: Move): Promise<Failure | null> {
  try {
    await advanceBranch(database, { branch, from: ours, to: target });
    return null;
  } catch (thrown) {
    const failure = toFailure(thrown);
    if (failure.code !== 'non-fast-forward' && failure.code !== 'uncommitted-changes') throw failure;
    const message = `another process wrote to ${branch} during this run, so ${branch} was not moved to ${target}`;
    return new Failure('contention', message, {
      hint: 'Run again: nothing is lost, and what was pushed comes in then.',
      cause: failure,
    });
  }
}
