import { z } from 'zod';
import type { Diagnostic } from '../../core/diagnostic.ts';
import { toFailure } from '../../core/failure.ts';
import { shellWord } from '../../core/text.ts';
import type { Identity } from '../identity.ts';
import { isCollation } from '../schema/listed-changes.ts';
import { tableChanges } from '../schema/table-changes.ts';
import { checkout } from './heads.ts';
import { folded } from './identifier.ts';
import type { Sql } from './sql.ts';

const statusRow = z.object({ table_name: z.string() });
const hashRow = z.object({ hash: z.string() });
const stateRow = z.object({ table_name: z.string(), staged: z.coerce.number(), status: z.string() });

/** Tables of the current branch with staged or unstaged changes, except tables that `dolt_ignore` matches. */
export async function dirtyTables(sql: Sql): Promise<string[]> {
  const rows = await sql.rows(statusRow, 'SELECT DISTINCT table_name FROM dolt_status ORDER BY table_name');
  return rows.map((row) => row.table_name);
}

/** Tables of the current branch that would be lost with the branch: uncommitted ones, ignored or not. */
export async function uncommittedTables(sql: Sql): Promise<string[]> {
  const rows = await sql.rows(statusRow, 'SELECT DISTINCT table_name FROM dolt_status_ignored ORDER BY table_name');
  return rows.map((row) => row.table_name);
}

/** Those of them that `dolt_ignore` keeps out of commits. */
export async function ignoredTables(sql: Sql): Promise<string[]> {
  const rows = await sql.rows(statusRow, 'SELECT DISTINCT table_name FROM dolt_status_ignored WHERE ignored');
  return rows.map((row) => row.table_name);
}

type TableState = z.infer<typeof stateRow>;

/**
 * The changes of the current branch, staged ones first, except those in tables that `dolt_ignore` matches. A table that was
 * changed after it was staged is listed twice, a renamed one as `old -> new`.
 */
export async function tableStates(sql: Sql): Promise<TableState[]> {
  return await sql.rows(
    stateRow,
    'SELECT table_name, staged, status FROM dolt_status ORDER BY staged DESC, table_name',
  );
}

/** Whether Dolt refuses to commit the changes: it lists conflicts and violations under other states. */
export function cannotBeCommitted(states: readonly TableState[]): boolean {
  return states.some(isUnresolved);
}

/** A merge leaves such a table, and so do `dolt merge --squash` and `dolt constraints verify`, without an open merge. */
function isUnresolved({ status }: TableState): boolean {
  return !['new table', 'modified', 'deleted', 'renamed'].includes(status);
}

/** An uncommitted change beside which a branch cannot move. */
export interface BlockingChange {
  readonly table: string;
  readonly why: string;
  readonly hint?: string;
}

const CHANGED_SINCE_STAGED = {
  why: 'changed after it was staged, and Dolt cannot keep both versions',
  hint: 'Commit these changes. Or run `dolt reset`: it unstages all tables, and keeps the newer version of each. Then run again.',
};

const UNRESOLVED = {
  why: 'holds conflicts or violations of constraints, and Dolt cannot move the branch',
  hint: 'Correct these rows and commit the table, or discard its uncommitted changes with `dolt checkout <table>`. Then run again.',
};

/**
 * The changes beside which no fast-forward is possible. Dolt 2.3.0 fails beside a table that was dropped or renamed. It
 * takes the collation of the database and all that is staged from the new head (measured). A table can only be staged again
 * if it was not changed since.
 */
export function blockingChanges(states: readonly TableState[]): BlockingChange[] {
  const unstaged = new Set(states.flatMap(({ table_name, staged }) => (staged === 0 ? [table_name] : [])));
  const found = new Map<string, BlockingChange>();
  for (const state of states) {
    const { table_name: table, staged, status } = state;
    if (found.has(table)) continue;
    if (isCollation(table)) found.set(table, { table, why: 'the collation of the database, which Dolt cannot keep' });
    else if (isUnresolved(state)) found.set(table, { table, ...UNRESOLVED });
    else if (staged === 1 && unstaged.has(table)) found.set(table, { table, ...CHANGED_SINCE_STAGED });
    else if (status === 'deleted' || status === 'renamed')
      found.set(table, { table, why: 'dropped or renamed here, and Dolt cannot move the branch' });
  }
  return [...found.values()];
}

/**
 * Stages tables of the current branch, those that `dolt_ignore` matches included. Each alone: Dolt 2.3.0 stages none if one
 * is missing, as after a client of a server dropped it.
 * @returns a warning for each that could not be staged
 */
export async function stageAgain(sql: Sql, tables: readonly string[]): Promise<Diagnostic[]> {
  const warnings: Diagnostic[] = [];
  for (const table of tables) {
    try {
      await sql.run("CALL DOLT_ADD('-f', '--', ?)", [table]);
    } catch (thrown) {
      const message = `${table} was staged, and could not be staged again after the branch moved: ${toFailure(thrown).withoutValues}`;
      const hint = `If the table still exists, run \`dolt add ${shellWord(table)}\`.`;
      warnings.push({ severity: 'warning', code: 'uncommitted-changes', message, hint });
    }
  }
  return warnings;
}

/** The tables with staged changes. */
export function stagedOf(states: readonly TableState[]): string[] {
  return states.flatMap(({ table_name, staged }) => (staged === 1 ? [table_name] : []));
}

/** The hash of all staged tables, as `contentHash` is one of a commit. */
export async function stagedHash(sql: Sql): Promise<string> {
  const [row] = await sql.rows(hashRow, "SELECT dolt_hashof_db('STAGED') AS hash");
  return row?.hash ?? '';
}

/** Tables whose rows or definition differ between two commits (or `WORKING`), under their old and new names. */
export async function changedTables(sql: Sql, from: string, to: string): Promise<string[]> {
  const changes = await tableChanges(sql, from, to);
  return [...new Set(changes.flatMap((change) => [change.from, change.to]))]
    .flatMap((name) => (name === null ? [] : [name]))
    .sort();
}

/**
 * Commits all changes of the working set except those in ignored tables; nothing if the working tables equal HEAD. Staged
 * changes stay staged.
 * @param author also the committer (Dolt 2.3.0, measured); null: the user of the connection
 * @returns the commit, if any
 */
export async function commitIfAny(sql: Sql, message: string, author: Identity | null): Promise<string | null> {
  const by = author === null ? [] : ['--author', `${author.name} <${author.email}>`];
  const words = ['-A', '--skip-empty', '-m', message, ...by];
  const [row] = await sql.rows(hashRow, `CALL DOLT_COMMIT(${words.map(() => '?').join(', ')})`, words);
  return row?.hash || null;
}

/** Moves the session's branch to another commit without changing the working set. */
export async function moveHeadOnly(sql: Sql, to: string): Promise<void> {
  await sql.run("CALL DOLT_RESET('--soft', ?)", [to]);
}

/**
 * Tables whose uncommitted changes or whole contents a reset of the branch would overwrite, those of Dolt and ignored
 * ones included. An untracked table stays unless the new head has one of its name.
 */
export async function tablesUnderReset(
  sql: Sql,
  move: { readonly branch: string; readonly from: string; readonly to: string },
): Promise<string[]> {
  await checkout(sql, move.branch);
  const states = await sql.rows(stateRow, 'SELECT table_name, staged, status FROM dolt_status_ignored');
  const coming = new Set((await changedTables(sql, move.from, move.to)).map((name) => folded(name)));
  const lost = states.filter(
    ({ table_name, staged, status }) => staged === 1 || status !== 'new table' || coming.has(folded(table_name)),
  );
  return [...new Set(lost.map((row) => row.table_name))].sort();
}
