import { z } from 'zod';
import type { Diagnostic } from '../../core/diagnostic.ts';
import { Failure, toFailure } from '../../core/failure.ts';
import { listed, plain, textLiteral } from '../../core/text.ts';
import type { OwnDatabase } from '../../dolt/server/engines.ts';
import { branchHead, branchNames, checkout, createBranch, deleteBranch } from '../../dolt/sql/heads.ts';
import type { Database, Sql } from '../../dolt/sql/sql.ts';
import { commitIfAny } from '../../dolt/sql/working-set.ts';
import { type UncommittedRows, workingSet, writeBack, writeRows } from './kept-changes.ts';
import { forgetMove, type KeptRows, readOwnMoves, recordMove } from './own-moves.ts';

/**
 * A fast-forward of Dolt 2.3.0 refuses to touch a table with uncommitted changes, and it cannot be rolled back (measured).
 * So the uncommitted rows are first committed on a branch of their own, then reset, and written back afterwards. The name
 * of that branch holds the time and the branch that the rows belong to.
 */
const keptName = (branch: string, at: Date): string => `dolt-federation/kept/${stamp(at)}/${branch}`;
const unrestoredName = (kept: string): string => kept.replace('/kept/', '/unrestored/');

const messageOf = (branch: string): string =>
  `federation: uncommitted changes of ${branch}, kept during a fast-forward`;

function stamp(at: Date): string {
  return at.toISOString().replaceAll(/[-:.]/g, '');
}

const commitRow = z.object({ message: z.string(), parent: z.string().nullable() });

/**
 * Commits uncommitted rows on a separate branch and resets their tables, so that a fast-forward is possible. Before it
 * touches a row, the record of the branch names the commit.
 * @returns the branch that keeps them
 * @throws Failure `uncommitted-changes` if there are none; then no table was touched
 */
export async function setAside(
  database: OwnDatabase,
  rows: readonly UncommittedRows[],
  from: { readonly branch: string; readonly head: string },
): Promise<string> {
  const { folder } = database;
  const named = rows.map(({ shape }) => shape.name).join(', ');
  const name = keptName(from.branch, new Date());
  const kept: KeptRows = { kind: 'kept', branch: from.branch, from: from.head, away: null };
  await recordMove(folder, name, kept);
  await createBranch(database, { name, at: from.head });
  const away = await database.session(async (sql) => {
    await checkout(sql, name);
    for (const one of rows) {
      await writeRows(sql, one, workingSet(database, from.branch, one));
    }
    // The branch is removed again.
    return await commitIfAny(sql, messageOf(from.branch), null);
  });
  // Without a commit there is nothing to write back, so no table is reset.
  if (away === null)
    throw new Failure('uncommitted-changes', `the uncommitted rows of ${named} are not there any more`);
  await recordMove(folder, name, { ...kept, away });
  await database.session(async (sql) => {
    await checkout(sql, from.branch);
    // Without HEAD, Dolt 2.3.0 takes the name for that of a branch or tag first, a tag even after `--` (measured).
    for (const { shape } of rows) await sql.run("CALL DOLT_CHECKOUT('HEAD', '--', ?)", [shape.name]);
  });
  return name;
}

/**
 * Writes back rows that this or an earlier run set aside. A row that was changed meanwhile stays; then the branch with
 * the older version is renamed, never removed, and a warning names it. Branches without a record are not read.
 * @param folder the folder with the records of the database
 */
export async function restoreKept(database: Database, folder: string): Promise<Diagnostic[]> {
  const notices: Diagnostic[] = [];
  for (const [name, move] of (await readOwnMoves(folder)).moves) {
    if (move.kind !== 'kept') continue;
    const commit = await branchHead(database, name);
    if (move.away === null) {
      if (commit !== null && (await isOwnCommit(database, commit, move))) await deleteBranch(database, name);
    } else {
      const notice = await restore(database, { name, move, away: move.away, commit, folder }).catch(
        (thrown: unknown) => {
          throw notRestored(name, move, toFailure(thrown));
        },
      );
      if (notice !== null) notices.push(notice);
    }
    await forgetMove(folder, name);
  }
  return notices;
}

/** Whether a branch that is to keep rows has none yet, or those of a run that ended before it reset a table. */
async function isOwnCommit(sql: Sql, commit: string, { branch, from }: KeptRows): Promise<boolean> {
  if (commit === from) return true;
  const [row] = await sql.rows(
    commitRow,
    'SELECT l.message AS message, (SELECT parent_hash FROM dolt_commit_ancestors WHERE commit_hash = ? AND parent_index = 0) AS parent FROM dolt_log(?) l LIMIT 1',
    [commit, commit],
  );
  return row?.message === messageOf(branch) && row.parent === from;
}

interface SetAsideRows {
  /** The branch that keeps the rows. */
  readonly name: string;
  readonly move: KeptRows;
  /** The commit of the rows. */
  readonly away: string;
  /** The commit of the branch, which others can move. */
  readonly commit: string | null;
  /** The folder with the record of the move. */
  readonly folder: string;
}

async function restore(
  database: Database,
  { name, move, away, commit, folder }: SetAsideRows,
): Promise<Diagnostic | null> {
  const { branch } = move;
  const isThere = (await branchHead(database, branch)) !== null;
  const left = isThere ? await database.session((sql) => writeBack(sql, { kept: away, branch })) : [branch];
  const kept = unrestoredName(name);
  if (left.length > 0 && (await branchHead(database, kept)) === null)
    await createBranch(database, { name: kept, at: away });
  await recordMove(folder, name, { ...move, away: null });
  if (commit === away) await deleteBranch(database, name);
  return left.length === 0 ? null : unrestored(kept, branch, left);
}

/** The next run tries again. Until then, only the message says where the rows are. */
function notRestored(name: string, { branch, away }: KeptRows, cause: Failure): Failure {
  if (cause.code === 'interrupted') return cause;
  const message = `uncommitted rows of ${branch} were set aside and not written back; commit ${away} of the branch ${name} has them: ${cause.message}`;
  return new Failure(cause.code, plain(message), { hint: cause.hint, cause, toolText: cause.toolText ?? undefined });
}

function unrestored(name: string, branch: string, tables: readonly string[]): Diagnostic {
  return {
    severity: 'warning',
    code: 'uncommitted-changes',
    message: `rows of ${tables.join(', ')} were uncommitted on ${branch} when a run was interrupted, and were changed again since; the branch ${name} keeps their older version`,
    hint: `Compare with \`SELECT * FROM dolt_diff(${textLiteral(name)}, 'WORKING', ${textLiteral(tables[0] ?? '')})\`, then delete the branch.`,
  };
}

/** The names of branches that runs make for a moment; only records say that this database made one. */
const OF_RUNS = /^dolt-federation(?:-advance|-adopt|\/kept)\//;

/** Reports branches that look like ours and have no record. They are neither believed nor removed. */
export async function reportForeign(database: Database, folder: string): Promise<Diagnostic[]> {
  const { moves } = await readOwnMoves(folder);
  const foreign = (await branchNames(database)).filter((name) => OF_RUNS.test(name) && !moves.has(name));
  if (foreign.length === 0) return [];
  return [
    {
      severity: 'warning',
      code: 'foreign-branch',
      message: plain(
        `${listed('branch name', foreign)} looks like one of a run, but no run on this database made it; it was neither read nor removed`,
      ),
    },
  ];
}
