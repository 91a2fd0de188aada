import { z } from 'zod';
import { databaseName } from '../sql/at-revision.ts';
import { isDoltTable, quoted } from '../sql/identifier.ts';
import { remembered } from '../sql/remembered.ts';
import type { Sql } from '../sql/sql.ts';
import { bareType, columnsAt, keyNames, type Column as ShownColumn } from './columns.ts';
import { type Generation, generatedColumns } from './generated-columns.ts';
import { createTableAt, tableNamesAt } from './table-definitions.ts';

export interface Column {
  readonly name: string;
  /** The bare type in lower case: `int`, `varchar`, `datetime`. */
  readonly type: string;
  /** null: an ordinary column. */
  readonly generated: Generation | null;
}

/** The facts about a table that merging its rows requires. */
export interface TableShape {
  readonly name: string;
  /** Names of the primary key columns; empty for a keyless table. */
  readonly key: readonly string[];
  readonly columns: readonly Column[];
}

const namesRow = z.record(z.string(), z.string());

/** Reads a table of the session's branch, or of a commit. */
export async function tableShape(sql: Sql, table: string, commit: string | null = null): Promise<TableShape> {
  const columns = await columnsAt(sql, table, commit);
  return shapeOf(table, columns, generatedColumns(await createTableAt(sql, table, commit)));
}

/** The shape of a table from its columns; without a map of generated columns, all of them count as ordinary. */
export function shapeOf(
  name: string,
  columns: readonly ShownColumn[],
  generated: ReadonlyMap<string, Generation> = new Map(),
): TableShape {
  return {
    name,
    key: keyNames(columns),
    columns: columns.map((column) => ({
      name: column.name,
      type: bareType(column),
      generated: generated.get(column.name) ?? null,
    })),
  };
}

/** Names of the columns that are not generated. */
export function ordinaryColumns(shape: TableShape): string[] {
  return shape.columns.flatMap(({ name, generated }) => (generated === null ? [name] : []));
}

/** The same, and the primary key, which may be generated: rows that wait elsewhere are found by it. */
export function columnsWithKey(shape: TableShape): string[] {
  const ordinary = new Set(ordinaryColumns(shape));
  return shape.columns.flatMap(({ name }) => (ordinary.has(name) || shape.key.includes(name) ? [name] : []));
}

/** The columns of a table at a commit without VIRTUAL ones: these follow from the others, and are not stored. */
export async function storedColumnsAt(sql: Sql, table: string, commit: string): Promise<readonly ShownColumn[]> {
  const generated = generatedColumns(await createTableAt(sql, table, commit));
  return (await columnsAt(sql, table, commit)).filter(({ name }) => generated.get(name)?.stored !== false);
}

/** Names of a table's columns at a commit; empty if it did not exist. */
export async function columnNamesAt(sql: Sql, table: string, commit: string): Promise<ReadonlySet<string>> {
  if (!(await tableNamesAt(sql, commit)).includes(table)) return new Set();
  return new Set((await columnsAt(sql, table, commit)).map(({ name }) => name));
}

/** Names that a SHOW FULL TABLES lists: the tables, or the views. */
export async function shownNames(
  sql: Sql,
  kind: 'BASE TABLE' | 'VIEW',
  statement: string,
  values: readonly string[] = [],
): Promise<string[]> {
  return (await sql.rows(namesRow, statement, values)).flatMap((row) => {
    // The other column is named after the database.
    const name = Object.entries(row).find(([column]) => column !== 'Table_type')?.[1];
    return name === undefined || row['Table_type'] !== kind ? [] : [name];
  });
}

/** Names of the user's tables at a commit, without views. */
export const baseTablesAt = remembered(1, async (sql, commit: string): Promise<readonly string[]> => {
  const names = await shownNames(sql, 'BASE TABLE', 'SHOW FULL TABLES AS OF ?', [commit]);
  return names.filter((name) => !isDoltTable(name));
});

/** Names of the tables in the session's branch. */
export async function tableNames(sql: Sql): Promise<string[]> {
  const rows = await sql.rows(
    namesRow,
    "SELECT table_name AS name FROM information_schema.tables WHERE table_schema = DATABASE() AND table_type = 'BASE TABLE'",
  );
  return rows.flatMap((row) => Object.values(row));
}

/** Names of the tables or views in the working set of a branch, ignored tables included. */
export async function shownNamesOn(sql: Sql, kind: 'BASE TABLE' | 'VIEW', branch: string): Promise<string[]> {
  const revision = quoted(`${await databaseName(sql)}/${branch}`);
  return await shownNames(sql, kind, `SHOW FULL TABLES FROM ${revision}`);
}

/** Whether a table has a trigger of any kind, in the session's branch. */
export async function hasTriggers(sql: Sql, table: string): Promise<boolean> {
  const rows = await sql.rows(
    namesRow,
    'SELECT trigger_name AS name FROM information_schema.triggers WHERE trigger_schema = DATABASE() AND event_object_table = ? LIMIT 1',
    [table],
  );
  return rows.length > 0;
}
