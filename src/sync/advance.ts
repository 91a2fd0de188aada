import type { Diagnostic } from '../core/diagnostic.ts';
import { Failure, toFailure } from '../core/failure.ts';
import { branchHead, branchNames, checkout, createBranch, deleteBranch } from '../dolt/sql/heads.ts';
import { fastForward } from '../dolt/sql/merge.ts';
import type { Database, Sql } from '../dolt/sql/sql.ts';
import { changedTables, moveHeadOnly, resetBranch } from '../dolt/sql/working-set.ts';
import { restoreKept, setAside } from './merge/kept-changes.ts';
import { rowsToSetAside } from './merge/uncommitted.ts';

/**
 * A fast-forward of Dolt 2.3.0 moves the head of the branch first and then, in a second step, its working set. Killed in
 * between, it leaves a branch whose working set seems to take back all that came in, and which nobody would ever commit.
 * So a branch stands at the old head as long as a fast-forward goes on; its name tells the new head and whose it is. A
 * reset moves head and working set in the same two steps.
 */
const MARK = /^dolt-federation-(advance|adopt)\/([0-9a-v]{32})\/(.+)$/;

interface Advance {
  readonly branch: string;
  readonly to: string;
}

const markOf = (kind: 'advance' | 'adopt', { branch, to }: Advance): string =>
  `dolt-federation-${kind}/${to}/${branch}`;

/**
 * Moves a branch forward to a commit that contains it, in a way that the next run can finish. Uncommitted rows of tables
 * that the move changes are set aside and written back.
 * @param move.from the head of the branch
 * @param move.dirty tables with uncommitted changes
 * @returns what has to be said of rows that could not be written back
 * @throws Failure as fastForward
 */
export async function advanceBranch(
  database: Database,
  move: Advance & { readonly from: string; readonly dirty: readonly string[] },
): Promise<Diagnostic[]> {
  const mark = markOf('advance', move);
  const rows = await rowsToSetAside(database, move.dirty, move);
  if (typeof rows === 'string') throw new Failure('uncommitted-changes', `${rows} has uncommitted changes`);
  await createBranch(database, { name: mark, at: move.from });
  try {
    if (rows.length > 0) await setAside(database, rows, { branch: move.branch, head: move.from });
    await database.session((sql) => fastForward(sql, move));
  } catch (thrown) {
    // After all else the mark is needed.
    if (isRefusedMove(toFailure(thrown))) {
      await restoreKept(database);
      await deleteBranch(database, mark);
    }
    throw thrown;
  }
  const notices = await restoreKept(database);
  await deleteBranch(database, mark);
  return notices;
}

/**
 * Makes a branch another commit, which need not contain it, in a way that the next run takes back where this one dies in
 * the middle.
 * @throws Failure `contention` where the branch is not at `from`
 */
export async function replaceBranch(database: Database, move: Advance & { readonly from: string }): Promise<void> {
  const { branch, from } = move;
  if ((await branchHead(database, branch)) !== from) {
    throw new Failure('contention', `another process moved ${branch} during this run, so it was not replaced`);
  }
  const mark = markOf('adopt', move);
  await createBranch(database, { name: mark, at: from });
  await database.session((sql) => resetBranch(sql, move));
  await deleteBranch(database, mark);
}

/** Whether a fast-forward was refused before anything moved: somebody has written to the branch or to its tables. */
export function isRefusedMove({ code }: Failure): boolean {
  return code === 'non-fast-forward' || code === 'uncommitted-changes';
}

/**
 * Finishes what a run that died in the middle of a fast-forward has left, and writes back the rows that it had set aside.
 * What somebody has changed without committing stays. Marks that say nothing any more are removed.
 */
export async function finishAdvances(database: Database): Promise<Diagnostic[]> {
  for (const mark of await branchNames(database)) {
    const [, kind, to, branch] = MARK.exec(mark) ?? [];
    if (to === undefined || branch === undefined) continue;
    const from = await branchHead(database, mark);
    if (from !== null && (await branchHead(database, branch)) === to) {
      await database.session((sql) => finish(sql, { branch, from, to, isForward: kind === 'advance' }));
    }
    await deleteBranch(database, mark);
  }
  return restoreKept(database);
}

async function finish(sql: Sql, move: Advance & { readonly from: string; readonly isForward: boolean }): Promise<void> {
  await checkout(sql, move.branch);
  const tables = {
    moved: await changedTables(sql, move.from, move.to),
    sinceOld: await changedTables(sql, move.from, 'WORKING'),
    sinceNew: await changedTables(sql, move.to, 'WORKING'),
  };
  if (!isHalfDone(tables)) return;
  await moveHeadOnly(sql, move.from);
  // A reset that was half done is taken back whole: who asked for it asks again.
  if (move.isForward) await fastForward(sql, move);
}

/**
 * Whether a working set still stands at the old head: a table that the move changes is as it was before.
 * @param tables.moved tables that differ between the old head and the new
 * @param tables.sinceOld those that differ between the old head and the working set
 * @param tables.sinceNew those that differ between the new head and the working set
 */
export function isHalfDone(tables: {
  readonly moved: readonly string[];
  readonly sinceOld: readonly string[];
  readonly sinceNew: readonly string[];
}): boolean {
  return tables.moved.some((table) => tables.sinceNew.includes(table) && !tables.sinceOld.includes(table));
}
