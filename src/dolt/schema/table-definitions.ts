import { z } from 'zod';
import { groupBy } from '../../core/lists.ts';
import { atRevision } from '../sql/at-revision.ts';
import { quoted } from '../sql/identifier.ts';
import { remembered } from '../sql/remembered.ts';
import type { Sql } from '../sql/sql.ts';
import { type Item, tableItems, tokensOf } from './create-table.ts';

const createRow = z.record(z.string(), z.string().nullable());
const nameRow = z.record(z.string(), z.string());
const tagRow = z.object({ column_name: z.string() });

/** Names of the tables at a commit, without Dolt's own. */
export const tableNamesAt = remembered(1, async (sql, commit: string): Promise<readonly string[]> => {
  const rows = await sql.rows(nameRow, 'SHOW TABLES AS OF ?', [commit]);
  return rows.flatMap((row) => Object.values(row));
});

/** Names of the tables at a commit, or in the session's branch if null. */
export async function definedTables(sql: Sql, commit: string | null): Promise<ReadonlySet<string>> {
  if (commit !== null) return new Set(await tableNamesAt(sql, commit));
  const rows = await sql.rows(nameRow, 'SHOW TABLES');
  return new Set(rows.flatMap((row) => Object.values(row)));
}

/** The items of a table at a commit, or in the session's branch if null. */
export async function tableItemsAt(sql: Sql, table: string, commit: string | null): Promise<Item[]> {
  return tableItems(await createTableAt(sql, table, commit));
}

/** The CREATE TABLE of a table at a commit, or in the session's branch if null. */
export async function createTableAt(sql: Sql, table: string, commit: string | null): Promise<string> {
  if (commit !== null) return await committedTable(sql, commit, table);
  const [row] = await sql.rows(createRow, `SHOW CREATE TABLE ${quoted(table)}`);
  return row?.['Create Table'] ?? '';
}

const committedTable = remembered(1, async (sql, commit: string, table: string): Promise<string> => {
  const [row] = await sql.rows(createRow, `SHOW CREATE TABLE ${quoted(table)} AS OF ?`, [commit]);
  return row?.['Create Table'] ?? '';
});

const checkRow = z.object({ table_name: z.string(), name: z.string(), clause: z.string() });
const CHECKS =
  'SELECT t.table_name AS table_name, c.constraint_name AS name, c.check_clause AS clause FROM information_schema.check_constraints c ' +
  'JOIN information_schema.table_constraints t ON t.constraint_schema = c.constraint_schema AND t.constraint_name = c.constraint_name ' +
  'WHERE c.constraint_schema = DATABASE()';

/**
 * The checks of every table at a commit, by table: SHOW CREATE TABLE prints none where a column is generated (Dolt
 * 2.3.0, measured).
 */
export async function checksAt(sql: Sql, commit: string): Promise<ReadonlyMap<string, readonly Item[]>> {
  const rows = await atRevision(sql, commit, (session) => session.rows(checkRow, CHECKS));
  const byTable = groupBy(rows, (row) => row.table_name);
  return new Map(
    [...byTable].map(([table, checks]) => [
      table,
      checks.map(({ name, clause }): Item => ({ kind: 'check', name, text: clause, tokens: tokensOf(clause) })),
    ]),
  );
}

/**
 * Columns that were replaced by others of the same name between two commits, as `DOLT_UPDATE_COLUMN_TAG` does. That
 * procedure drops every index and check of the table (Dolt 2.3.0, measured).
 */
export async function replacedColumns(
  sql: Sql,
  table: string,
  range: { readonly database: string; readonly base: string; readonly head: string },
): Promise<string[]> {
  const { database, base, head } = range;
  const rows = await sql.rows(
    tagRow,
    `SELECT DISTINCT column_name FROM (SELECT commit_hash, column_name FROM ${quoted(`${database}/${head}`)}.dolt_column_diff ` +
      "WHERE table_name = ? AND diff_type IN ('added', 'removed') GROUP BY commit_hash, column_name HAVING COUNT(*) > 1) r " +
      'WHERE commit_hash IN (SELECT commit_hash FROM dolt_log(?))',
    [table, `${base}..${head}`],
  );
  return rows.map((row) => row.column_name);
}

const statementRow = z.object({ statement: z.string() });
const RENAME = /^ALTER TABLE `(?:[^`]|``)+` RENAME COLUMN `((?:[^`]|``)+)` TO `((?:[^`]|``)+)`/;
const DROP = /^ALTER TABLE `(?:[^`]|``)+` DROP `((?:[^`]|``)+)`/;

/** The column changes of a table between two commits, by Dolt's column identity rather than by name. */
export async function alterations(
  sql: Sql,
  table: string,
  range: { readonly from: string; readonly to: string },
): Promise<{ readonly renamed: readonly string[]; readonly dropped: readonly string[] }> {
  const rows = await sql.rows(statementRow, "SELECT statement FROM dolt_patch(?, ?, ?) WHERE diff_type = 'schema'", [
    range.from,
    range.to,
    table,
  ]);
  return {
    renamed: rows.flatMap(({ statement }) => {
      const [, from, to] = RENAME.exec(statement) ?? [];
      return from === undefined || to === undefined ? [] : [`${unquoted(from)} to ${unquoted(to)}`];
    }),
    dropped: rows.flatMap(({ statement }) => {
      const [, name] = DROP.exec(statement) ?? [];
      return name === undefined ? [] : [unquoted(name)];
    }),
  };
}

function unquoted(name: string): string {
  return name.replaceAll('``', '`');
}
