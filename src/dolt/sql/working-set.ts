import { z } from 'zod';
import type { Identity } from '../identity.ts';
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

/**
 * Tables of the current branch that were dropped or renamed and not committed; a renamed one as `old -> new`. Beside one,
 * no fast-forward is possible (Dolt 2.3.0, measured).
 */
export async function droppedTables(sql: Sql): Promise<string[]> {
  const statement =
    "SELECT DISTINCT table_name FROM dolt_status WHERE status IN ('deleted', 'renamed') ORDER BY table_name";
  return (await sql.rows(statusRow, statement)).map((row) => row.table_name);
}

/** Tables of the current branch with staged changes. */
export async function stagedTables(sql: Sql): Promise<string[]> {
  const rows = await sql.rows(statusRow, 'SELECT table_name FROM dolt_status WHERE staged ORDER BY table_name');
  return rows.map((row) => row.table_name);
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
 * Commits all changes of the working set except those in ignored tables.
 * @param author also the committer (Dolt 2.3.0, measured); null: the user of the connection
 */
export async function commitAll(sql: Sql, message: string, author: Identity | null): Promise<void> {
  const by = author === null ? [] : ['--author', `${author.name} <${author.email}>`];
  const words = ['-A', '-m', message, ...by];
  await sql.run(`CALL DOLT_COMMIT(${words.map(() => '?').join(', ')})`, words);
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
