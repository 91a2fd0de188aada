import { z } from 'zod';
import { groupBy } from '../../core/lists.ts';
import { atRevision } from '../sql/at-revision.ts';
import { quoted } from '../sql/identifier.ts';
import { remembered } from '../sql/remembered.ts';
import type { Sql } from '../sql/sql.ts';
import { type Item, tableItems, tokensOf } from './create-table.ts';

const createRow = z.record(z.string(), z.string().nullable());
const nameRow = z.record(z.string(), z.string());

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

const checkRow = z.object({ name: z.string(), clause: z.string() });
const constraintRow = z.object({ table: z.string(), name: z.string() });
const CHECKS =
  'SELECT constraint_name AS name, check_clause AS clause FROM information_schema.check_constraints ' +
  'WHERE constraint_schema = DATABASE()';
const OWNERS =
  'SELECT table_name AS `table`, constraint_name AS name FROM information_schema.table_constraints ' +
  "WHERE constraint_schema = DATABASE() AND constraint_type = 'CHECK'";

/**
 * The checks of every table at a commit, by table: SHOW CREATE TABLE prints none where a column is generated (Dolt
 * 2.3.0, measured). If several tables have a check of one name, each has the clauses of all: Dolt does not distinguish them.
 * The two lists are joined here: Dolt's join fails where the database and the commit have more than 64 characters together.
 */
export async function checksAt(sql: Sql, commit: string): Promise<ReadonlyMap<string, readonly Item[]>> {
  const { checks, owners } = await atRevision(sql, commit, async (session) => ({
    checks: await session.rows(checkRow, CHECKS),
    owners: await session.rows(constraintRow, OWNERS),
  }));
  const byName = groupBy(checks, ({ name }) => name);
  const byTable = groupBy(owners, ({ table }) => table);
  return new Map(
    [...byTable].map(([table, own]) => [
      table,
      own.flatMap(({ name }) =>
        (byName.get(name) ?? []).map(
          ({ clause }): Item => ({ kind: 'check', name, text: clause, tokens: tokensOf(clause) }),
        ),
      ),
    ]),
  );
}

const statementRow = z.object({ statement: z.string() });
const RENAME = /^ALTER TABLE `(?:[^`]|``)+` RENAME COLUMN `((?:[^`]|``)+)` TO `((?:[^`]|``)+)`/;
const DROP = /^ALTER TABLE `(?:[^`]|``)+` DROP `((?:[^`]|``)+)`/;
const ADD = /^ALTER TABLE `(?:[^`]|``)+` ADD `((?:[^`]|``)+)`/;

/** The name of a column before and after. */
export interface Rename {
  readonly from: string;
  readonly to: string;
}

interface Alterations {
  readonly renamed: readonly Rename[];
  readonly dropped: readonly string[];
  /**
   * Columns that are dropped and new under one name, as after `DOLT_UPDATE_COLUMN_TAG`. That procedure drops every index
   * and check of the table (Dolt 2.3.0, measured).
   */
  readonly replaced: readonly string[];
}

/** The column changes of a table between two commits, by Dolt's column identity rather than by name. */
export async function alterations(
  sql: Sql,
  table: string,
  range: { readonly from: string; readonly to: string },
): Promise<Alterations> {
  const rows = await sql.rows(statementRow, "SELECT statement FROM dolt_patch(?, ?, ?) WHERE diff_type = 'schema'", [
    range.from,
    range.to,
    table,
  ]);
  const named = (pattern: RegExp): string[] =>
    rows.flatMap(({ statement }) => {
      const [, name] = pattern.exec(statement) ?? [];
      return name === undefined ? [] : [unquoted(name)];
    });
  const [dropped, added] = [named(DROP), named(ADD)];
  return {
    renamed: rows.flatMap(({ statement }) => {
      const [, from, to] = RENAME.exec(statement) ?? [];
      return from === undefined || to === undefined ? [] : [{ from: unquoted(from), to: unquoted(to) }];
    }),
    dropped,
    replaced: dropped.filter((name) => added.includes(name)),
  };
}

function unquoted(name: string): string {
  return name.replaceAll('``', '`');
}
