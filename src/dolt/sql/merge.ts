import { z } from 'zod';
import type { Diagnostic } from '../../core/diagnostic.ts';
import { Failure, toFailure } from '../../core/failure.ts';
import { repairFullText } from '../schema/full-text.ts';
import { changesKeptAt, keepingKeys, type RecordKeys } from '../schema/uncommitted-keys.ts';
import { canFixCommitter, signature } from '../signature.ts';
import { doltDefect } from './failure.ts';
import { checkout } from './heads.ts';
import { requireMergeable } from './require-mergeable.ts';
import type { Sql } from './sql.ts';
import { blockingChanges, stageAgain, stagedOf, tableStates } from './working-set.ts';

/** The version of the merge rules; every published release that changes the rules must increase it. */
export const MERGE_PROTOCOL = 2;

/** Prefix of every merge commit message of dolt-federation, for all versions of the rules. */
export const MERGE_SUBJECT = 'federation merge v';
/** The line of the message that names the merge rules. */
export const PROTOCOL_LINE = `${MERGE_SUBJECT}${MERGE_PROTOCOL}`;
const ENGINE = 'engine: dolt ';

const versionRow = z.object({ version: z.string() });
const statusRow = z.object({ is_merging: z.coerce.number() });
const commitRow = z.object({ hash: z.string() });
const variableRow = z.object({ Variable_name: z.string() });

/** Prepares a session for merges: one transaction, and UTC. */
export async function beginMerging(sql: Sql): Promise<void> {
  await sql.run('SET autocommit = 0');
  await sql.run("SET time_zone = '+00:00'");
}

/** Sets a fixed committer and a given date for the next commit, as far as this Dolt can. */
async function sign(sql: Sql, date: string): Promise<void> {
  const values = signature(await variables(sql), date);
  if (values.length === 0) return;
  await sql.run(
    `SET ${values.map(([name]) => `@@${name} = ?`).join(', ')}`,
    values.map(([, value]) => value),
  );
}

/** Whether this Dolt lets us set everything that a commit's hash depends on. */
export async function signsDeterministically(sql: Sql): Promise<boolean> {
  return canFixCommitter(await variables(sql));
}

async function variables(sql: Sql): Promise<string[]> {
  const rows = await sql.rows(variableRow, "SHOW VARIABLES LIKE 'dolt\\_%'");
  return rows.map((row) => row.Variable_name);
}

/**
 * Starts a merge of a commit into the session's branch and leaves it open, also without conflicts.
 * @param merge.date author and committer date of the merge commit, `YYYY-MM-DD HH:MM:SS.mmm` in UTC
 * @throws Failure `dolt-defect` if this Dolt cannot merge the tables, or would damage one
 */
export async function openMerge(sql: Sql, merge: { readonly head: string; readonly date: string }): Promise<void> {
  await requireMergeable(sql, merge.head);
  await sign(sql, merge.date);
  await sql.run("CALL DOLT_MERGE('--no-ff', '--no-commit', ?)", [merge.head]).catch(unmergeable);
  if (!(await isMerging(sql))) throw new Failure('unknown', `merging ${merge.head} did not open a merge`);
}

/** Dolt has too many texts for heads that it cannot merge. They depend on the data and fail in every run. */
function unmergeable(thrown: unknown): never {
  const failure = toFailure(thrown);
  if (failure.code !== 'unknown') throw failure;
  throw doltDefect(
    'this Dolt cannot merge the two heads',
    failure,
    'If one side changed columns, run the same ALTER TABLE on the other side. If one side has a functional index, correct the values on the other side that its expression cannot take. If both changed a JSON document, give it one value on both. Commit, then run again.',
  );
}

/** Commits the open merge; it keeps both parents, also if nothing of theirs was taken. */
export async function commitMerge(
  sql: Sql,
  heads: { readonly ours: string; readonly theirs: string },
): Promise<string> {
  await repairFullText(sql, heads);
  const message = mergeMessage(MERGE_PROTOCOL, await engineVersion(sql));
  return await commit(sql, "CALL DOLT_COMMIT('-A', '--allow-empty', '-m', ?)", message);
}

/** Commits the session's branch like a merge: the commit depends on nothing but its parent and its rows. */
export async function commitSigned(
  sql: Sql,
  { message, date }: { readonly message: string; readonly date: string },
): Promise<string> {
  await sign(sql, date);
  return await commit(sql, "CALL DOLT_COMMIT('-A', '-m', ?)", message);
}

/** Commits, and ends the transaction. */
async function commit(sql: Sql, statement: string, message: string): Promise<string> {
  const [row] = await sql.rows(commitRow, statement, [message]);
  if (row === undefined) throw new Failure('unknown', 'a commit returned no result');
  await sql.run('COMMIT');
  return row.hash;
}

/**
 * Major and minor version of the running Dolt, such as `2.3`: another one may merge the same rows to another result.
 */
export async function engineVersion(sql: Sql): Promise<string> {
  const [row] = await sql.rows(versionRow, 'SELECT DOLT_VERSION() AS version');
  const [major, minor] = (row?.version ?? '').split('.');
  return `${major ?? ''}.${minor ?? ''}`;
}

/** The rules and the engine that made a merge commit. */
export interface MergeMaker {
  readonly protocol: number;
  /** Major and minor version of Dolt; null if the message does not name it, as under protocol 1. */
  readonly engine: string | null;
}

export function mergeMessage(protocol: number, engine: string): string {
  return `${MERGE_SUBJECT}${protocol}\n${ENGINE}${engine}`;
}

/** The maker of a merge, from its commit message; null for any other message. */
export function mergeMaker(message: string): MergeMaker | null {
  const [subject = '', ...lines] = message.split('\n');
  const version = subject.startsWith(MERGE_SUBJECT) ? subject.slice(MERGE_SUBJECT.length) : '';
  if (!/^[0-9]{1,6}$/.test(version)) return null;
  const engine = lines.find((line) => line.startsWith(ENGINE))?.slice(ENGINE.length) ?? '';
  // A peer can write any message, so a malformed version is ignored.
  return { protocol: Number(version), engine: /^\d{1,4}\.\d{1,4}$/.test(engine) ? engine : null };
}

/** Aborts an open merge completely, whether it was stored meanwhile or not. */
export async function undoMerge(sql: Sql): Promise<void> {
  await sql.run('ROLLBACK');
  if (!(await isMerging(sql))) return;
  await sql.run("CALL DOLT_MERGE('--abort')");
  await sql.run('COMMIT');
}

/** Whether the session's branch has a merge that is not committed. */
export async function isMerging(sql: Sql): Promise<boolean> {
  const [status] = await sql.rows(statusRow, 'SELECT is_merging FROM dolt_merge_status');
  return status?.is_merging === 1;
}

/** Why a branch cannot move, as the message and the hint of a failure. */
export interface Stays {
  readonly message: string;
  readonly hint: string | undefined;
}

/**
 * Why the session's branch cannot move beside an open merge or its uncommitted changes.
 * @returns null if it can
 */
export async function whyBranchStays(sql: Sql, branch: string): Promise<Stays | null> {
  if (await isMerging(sql))
    return {
      message: `${branch} has a merge that is not committed`,
      hint: 'Commit it with `dolt commit`, or undo it with `dolt merge --abort`. Then run again.',
    };
  const blocking = blockingChanges(await tableStates(sql));
  if (blocking.length === 0) return null;
  const names = blocking.map(({ table, why }) => `${table} (${why})`).join(', ');
  return {
    message: `${branch} cannot move beside the uncommitted changes of ${names}`,
    hint: blocking.find((change) => change.hint !== undefined)?.hint,
  };
}

interface BranchMove {
  readonly branch: string;
  readonly to: string;
  /** Records the changes of foreign keys that Dolt undoes, so that a later run can make them. */
  readonly record?: RecordKeys;
}

/**
 * Fast-forwards a branch; changes in tables that the move does not touch stay, and what is staged is staged again.
 * @returns warnings about uncommitted foreign keys that were lost, and about tables that could not be staged
 * @throws Failure `uncommitted-changes` if it would touch a changed table, or would lose a key of one, beside
 * `blockingChanges`, or if a merge is open; `non-fast-forward`
 */
export async function fastForward(sql: Sql, { branch, to, record }: BranchMove): Promise<Diagnostic[]> {
  await checkout(sql, branch);
  let staged: readonly string[] = [];
  const notices = await keepingKeys(sql, { to, record }, async () => {
    // Read just before the move, because clients of a server stage at any time.
    staged = await stagedBeforeMove(sql, branch);
    await sql.run("CALL DOLT_MERGE('--ff-only', ?)", [to]);
  });
  return [...notices, ...(await stageAgain(sql, staged))];
}

/**
 * Checks that the uncommitted changes of a branch do not make `fastForward` refuse a move. The branch stays.
 * @throws Failure `uncommitted-changes`
 */
export async function requireMovable(sql: Sql, { branch, to }: Pick<BranchMove, 'branch' | 'to'>): Promise<void> {
  await checkout(sql, branch);
  await changesKeptAt(sql, to);
  await stagedBeforeMove(sql, branch);
}

/** @returns the tables that are staged as they are now */
async function stagedBeforeMove(sql: Sql, branch: string): Promise<string[]> {
  const stays = await whyBranchStays(sql, branch);
  if (stays !== null) throw new Failure('uncommitted-changes', stays.message, { hint: stays.hint });
  return stagedOf(await tableStates(sql));
}

/**
 * Resets a branch and its working set to another commit. Untracked and ignored tables stay (measured on Dolt 2.3.0);
 * every other uncommitted change is lost, see `tablesUnderReset`.
 * @returns warnings about uncommitted foreign keys that were lost
 * @throws Failure `uncommitted-changes` for foreign keys that would be lost
 */
export async function resetBranch(sql: Sql, { branch, to, record }: BranchMove): Promise<Diagnostic[]> {
  await checkout(sql, branch);
  return await keepingKeys(sql, { to, record }, () => resetHard(sql, to));
}

/** Resets the session's branch and its working set like `resetBranch`, but keeps no foreign keys. */
export async function resetHard(sql: Sql, to: string): Promise<void> {
  await sql.run("CALL DOLT_RESET('--hard', ?)", [to]);
}
