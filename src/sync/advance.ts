import { randomBytes } from 'node:crypto';
import type { Diagnostic } from '../core/diagnostic.ts';
import { Failure, toFailure } from '../core/failure.ts';
import { contentHash } from '../dolt/rows/content.ts';
import { STAGED } from '../dolt/schema/table-changes.ts';
import { changeKeys, type RecordKeys } from '../dolt/schema/uncommitted-keys.ts';
import type { OwnDatabase } from '../dolt/server/engines.ts';
import { branchHead, checkout, createBranch, deleteBranch } from '../dolt/sql/heads.ts';
import { isAncestor } from '../dolt/sql/history.ts';
import { fastForward, isMerging, resetBranch } from '../dolt/sql/merge.ts';
import type { Database, Sql } from '../dolt/sql/sql.ts';
import { changedTables, moveHeadOnly, stagedHash, stagedOf, tableStates } from '../dolt/sql/working-set.ts';
import { retireBeforeMove } from './history/change-state.ts';
import type { StatePlace } from './history/last-verified.ts';
import { forgetMove, keysOf, type MarkedMove, readOwnMoves, recordMove, withKeys } from './merge/own-moves.ts';
import { reportForeign, restoreKept, setAside } from './merge/set-aside.ts';
import { rowsToSetAside } from './merge/uncommitted.ts';
import { movedMeanwhile } from './moved-meanwhile.ts';
import type { PeerProgress } from './peer-progress.ts';
import type { MergeAgain } from './served/served-database.ts';
import type { SyncContext } from './sync-context.ts';

interface Move {
  /** The head of our branch when the run began. */
  readonly ours: string;
  readonly target: string;
}

/** A failed move, and the head of the branch afterwards; null: unknown. */
interface Failed extends Move {
  readonly head: string | null;
}

/**
 * Moves our branch, once, and sets for every peer that was only read whether it agrees with us. The database is not
 * locked between two engines. If another writer moved the branch or holds the database, our branch stays and every peer
 * fails; the next run merges what was pushed. If the run works in a copy, `mergeAgain` includes what another process wrote
 * meanwhile.
 * @param mergeAgain absent: what another process wrote meanwhile leaves our branch where it is
 * @returns the head of our branch
 * @throws Failure `interrupted`
 */
export async function advanceLocalBranch(
  context: SyncContext,
  move: Move,
  allProgress: readonly PeerProgress[],
  mergeAgain?: MergeAgain,
): Promise<string> {
  const recording = (database: OwnDatabase, moved: Move) => recordReached(database, moved, allProgress);
  const { head, failure } = await moveLocalBranch(context, move, mergeAgain, recording);
  if (failure !== null) for (const progress of allProgress) progress.notAdvanced(failure);
  return head;
}

/**
 * Moves our branch, if the target is another commit.
 * @param mergeAgain as for `advanceLocalBranch`
 * @param whenMoved called after the move, even if there was nothing to move
 * @returns the head of our branch, and why it is not the target
 * @throws Failure `interrupted`
 */
export async function moveLocalBranch(
  context: SyncContext,
  move: Move,
  mergeAgain?: MergeAgain,
  whenMoved?: (database: OwnDatabase, moved: Move) => Promise<void>,
): Promise<{ readonly head: string; readonly failure: Failure | null }> {
  const { engines, served } = context;
  let movedTo: string | null = null;
  try {
    let { ours, target } = move;
    // First, so that the scratch copy never has more than the database.
    if (target !== ours && served !== null) {
      ({ from: ours, to: target } = await served.moveTo(engines, { from: ours, to: target }, mergeAgain));
      movedTo = target;
    }
    const moved = { ours, target };
    // Uncommitted rows are away while the branch moves.
    return await engines.finish(async ({ database }) => {
      const failure = target === ours ? null : await advance(context, moved, database);
      if (failure !== null) return { head: (await branchHead(database, context.branch)) ?? ours, failure };
      await whenMoved?.(database, moved);
      return { head: target, failure: null };
    });
  } catch (thrown) {
    const failure = toFailure(thrown);
    if (failure.code === 'interrupted') throw failure;
    const { code, hint } = failure;
    const found = await outcomeOf(context, move, { movedTo, failure });
    const message = `${moveOutcome(context.branch, found)}: ${failure.message}`;
    const head = found.head === found.target ? found.target : move.ours;
    return { head, failure: new Failure(code, message, { hint, cause: failure }) };
  }
}

/** The result of a failed move. An answer that was lost does not give it, so the branch is read again. */
async function outcomeOf(
  { engines, served, branch }: SyncContext,
  move: Move,
  { movedTo, failure }: { readonly movedTo: string | null; readonly failure: Failure },
): Promise<Failed> {
  if (movedTo !== null) return { ...move, target: movedTo, head: movedTo };
  if (isRefusedMove(failure)) return { ...move, head: move.ours };
  const { moves } = await readOwnMoves(served?.recordsIn ?? engines.folder);
  // A move that another process made necessary begins at another head.
  const [begun] = [...moves.values()].flatMap((one) =>
    (one.kind === 'served' || one.kind === 'advance') && one.branch === branch ? [one] : [],
  );
  const reading = served === null ? engines.finish(({ database }) => branchHead(database, branch)) : served.headNow();
  const head = await reading.catch(() => null);
  if (begun !== undefined) return { ours: begun.from, target: begun.to, head };
  // There is no record of a move that was not begun, was undone, or was completed.
  return { ...move, head: head === move.target ? head : move.ours };
}

/** How a failure says what became of the branch. */
export function moveOutcome(branch: string, { ours, target, head }: Failed): string {
  if (head === ours) return `${branch} was not moved to ${target}`;
  if (head === target) return `${branch} was moved to ${target}, but that was not confirmed`;
  return `it is unknown whether ${branch} was moved to ${target}`;
}

/** Records what every peer has in common with our branch. */
async function recordReached(
  database: OwnDatabase,
  { target, ours }: Move,
  allProgress: readonly PeerProgress[],
): Promise<void> {
  for (const progress of allProgress) {
    const { failure, pushFailure, head, actions } = progress;
    // The head of a peer that a push did not reach is merged all the same.
    if ((failure !== null && pushFailure === null) || head === null || actions === null) continue;
    const isIn = actions.merge && (await isAncestor(database, progress.equivalentTo ?? head, target));
    if (isIn) progress.pulled(progress.behind ?? 0);
    if (!actions.push && (actions.merge ? isIn : head === ours)) progress.verify();
  }
}

/** @returns why the move was refused; null if it was made */
async function advance(
  { branch, dirty, notify }: SyncContext,
  { ours, target }: Move,
  database: OwnDatabase,
): Promise<Failure | null> {
  const refused = `${branch} was not moved to ${target}`;
  const found = await branchHead(database, branch);
  // Dolt would move a branch that was moved back forward again, and create a removed one from that of a peer.
  if (found === null) return movedMeanwhile(`${refused}: another process removed it during this run`);
  // Another run made the same move between two engines of this one, and perhaps more.
  if (found !== ours && (await isAncestor(database, target, found))) return null;
  if (found !== ours) return movedMeanwhile(`${refused}: another process moved it to ${found} during this run`);
  try {
    for (const notice of await advanceBranch(database, { branch, from: ours, to: target, dirty })) notify(notice);
    return null;
  } catch (thrown) {
    const failure = toFailure(thrown);
    if (!isRefusedMove(failure)) throw failure;
    const { hint, message, toolText } = failure;
    if (toolText === null)
      return new Failure('uncommitted-changes', `${refused}: ${message}`, { hint, cause: failure });
    const tables = `${refused}: tables that it changes have uncommitted changes`;
    return new Failure('uncommitted-changes', tables, { cause: failure });
  }
}

/**
 * A fast-forward of Dolt 2.3.0 first moves the head of the branch and then its working set. If it is killed in between,
 * the working set seems to revert everything that came in. A reset moves them in the same two steps. So during a move a
 * marker branch points to the old head, and a record in a private file says what moves where (own-moves.ts). The name
 * cannot be guessed, so no other program can create it first.
 */
const newMark = ({ kind, to, branch }: MarkedMove): string =>
  `dolt-federation-${kind}/${to}-${randomBytes(6).toString('hex')}/${branch}`;

/** @returns the name of the marker, and what adds changes of foreign keys to the record */
async function mark(
  database: OwnDatabase,
  move: MarkedMove,
): Promise<{ readonly name: string; readonly record: RecordKeys }> {
  const name = newMark(move);
  await recordMove(database.folder, name, move);
  await createBranch(database, { name, at: move.from });
  return { name, record: (keys) => recordMove(database.folder, name, withKeys(move, keys)) };
}

/** After all other steps: what is marked can be finished. */
async function unmark(database: OwnDatabase, name: string): Promise<void> {
  await deleteBranch(database, name);
  await forgetMove(database.folder, name);
}

interface Advance {
  readonly branch: string;
  readonly to: string;
}

/**
 * Moves a branch forward to a commit that contains it, so that the next run can finish an interrupted move. Uncommitted
 * rows of tables that the move changes are set aside and written back.
 * @param move.from the head of the branch
 * @param move.dirty tables with uncommitted changes
 * @returns warnings about rows and foreign keys that could not be written back
 * @throws Failure as fastForward
 */
export async function advanceBranch(
  database: OwnDatabase,
  move: Advance & { readonly from: string; readonly dirty: readonly string[] },
): Promise<Diagnostic[]> {
  const { branch, from, to } = move;
  const rows = await rowsToSetAside(database, move.dirty, move);
  if (typeof rows === 'string') throw new Failure('uncommitted-changes', `${rows} has uncommitted changes`);
  const { name, record } = await mark(database, { kind: 'advance', branch, from, to });
  const notices: Diagnostic[] = [];
  try {
    if (rows.length > 0) await setAside(database, rows, { branch: move.branch, head: move.from });
    notices.push(...(await database.session((sql) => fastForward(sql, { branch, to, record }))));
  } catch (thrown) {
    const isUndone =
      isRefusedMove(toFailure(thrown)) || (await database.session((sql) => takeBack(sql, move)).catch(() => false));
    if (isUndone) {
      await restoreKept(database, database.folder);
      await unmark(database, name);
    }
    throw thrown;
  }
  notices.push(...(await restoreKept(database, database.folder)));
  await unmark(database, name);
  return notices;
}

/**
 * Sets a branch to another commit, which need not contain it. The next run reverts an interrupted move. The old head is
 * recorded first, so that no end of the run forgets it.
 * @returns warnings about foreign keys that were lost, and about an unusable state file
 * @throws Failure `contention` if the branch is at neither of the two
 */
export async function replaceBranch(
  database: OwnDatabase,
  move: Advance & { readonly from: string },
  state: StatePlace,
): Promise<Diagnostic[]> {
  const { branch, from, to } = move;
  const notices = await retireBeforeMove(state, branch, from);
  const found = await branchHead(database, branch);
  if (found === to) return notices;
  if (found !== from) {
    throw new Failure('contention', `${branch} was not replaced: another process moved it during this run`);
  }
  const { name, record } = await mark(database, { kind: 'adopt', branch, from, to });
  notices.push(...(await database.session((sql) => resetBranch(sql, { branch, to, record }))));
  await unmark(database, name);
  return notices;
}

/** Whether a fast-forward was refused before anything moved, because of other writes to the branch or its tables. */
export function isRefusedMove({ code }: Failure): boolean {
  return code === 'non-fast-forward' || code === 'uncommitted-changes';
}

/**
 * Finishes an interrupted fast-forward and writes back the rows that it had set aside. Other uncommitted changes stay.
 * Only moves that this database recorded are finished, from and to the recorded commits. A marker that another commit
 * replaced stays. Obsolete records are removed.
 * @param folder the folder of the database, which has the records
 * @returns warnings, also about branches that look like markers and are not ours
 */
export async function finishAdvances(database: Database, folder: string): Promise<Diagnostic[]> {
  const { moves, warning } = await readOwnMoves(folder);
  const notices: Diagnostic[] = [];
  for (const [name, move] of moves) {
    if (move.kind !== 'advance' && move.kind !== 'adopt') continue;
    const marked = await branchHead(database, name);
    if (marked !== null && (await branchHead(database, move.branch)) === move.to) {
      notices.push(...(await database.session((sql) => finish(sql, move))));
    }
    if (marked === move.from) await deleteBranch(database, name);
    await forgetMove(folder, name);
  }
  const unusable: Diagnostic[] =
    warning === null ? [] : [{ severity: 'warning', code: 'memory-unusable', message: warning }];
  return [
    ...unusable,
    ...notices,
    ...(await restoreKept(database, folder)),
    ...(await reportForeign(database, folder)),
  ];
}

async function finish(sql: Sql, move: MarkedMove): Promise<Diagnostic[]> {
  // An interrupted reset is reverted completely; the user can request it again.
  if ((await takeBack(sql, move)) && move.kind === 'advance') {
    await fastForward(sql, move).catch(async (thrown: unknown) => {
      // This run merges again instead.
      if (!isRefusedMove(toFailure(thrown)) && !(await takeBack(sql, move))) throw thrown;
    });
  }
  return await changeKeys(sql, keysOf(move));
}

/**
 * Reverts the first half of a move: if the second fails, Dolt 2.3.0 rolls only that one back. The working set stays, so no
 * uncommitted change is lost. A branch that another client moved since, or where it merges, is not touched.
 * @returns whether the branch was half moved
 */
export async function takeBack(sql: Sql, move: Advance & { readonly from: string }): Promise<boolean> {
  const { branch, from, to } = move;
  await checkout(sql, branch);
  const isAtTarget = async (): Promise<boolean> => (await branchHead(sql, branch)) === to;
  if (!(await isAtTarget()) || (await isMerging(sql)) || !(await isStagedBefore(sql, move))) return false;
  // A reset has no compare-and-swap, so clients of a server get the least time to commit.
  if (!(await isAtTarget())) return false;
  await moveHeadOnly(sql, from);
  return true;
}

/**
 * Whether what is staged is as before a move that has moved the head. The second half moves it together with the working
 * set, which clients change at any time.
 */
async function isStagedBefore(
  sql: Sql,
  { from, to }: { readonly from: string; readonly to: string },
): Promise<boolean> {
  if (stagedOf(await tableStates(sql)).length === 0) return false;
  if ((await stagedHash(sql)) === (await contentHash(sql, from))) return true;
  // A user has staged changes.
  return isHalfDone({
    moved: await changedTables(sql, from, to),
    sinceOld: await changedTables(sql, from, STAGED),
    sinceNew: await changedTables(sql, to, STAGED),
  });
}

/**
 * Whether staged tables are still at the old head: a table that the move changes is as it was before.
 * @param tables.moved tables that differ between the old head and the new
 * @param tables.sinceOld those that differ between the old head and what is staged
 * @param tables.sinceNew those that differ between the new head and what is staged
 */
export function isHalfDone(tables: {
  readonly moved: readonly string[];
  readonly sinceOld: readonly string[];
  readonly sinceNew: readonly string[];
}): boolean {
  return tables.moved.some((table) => tables.sinceNew.includes(table) && !tables.sinceOld.includes(table));
}
