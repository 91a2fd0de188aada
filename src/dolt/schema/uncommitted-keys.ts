import { Failure } from '../../core/failure.ts';
import { listed } from '../../core/text.ts';
import { quoted } from '../sql/identifier.ts';
import type { Sql } from '../sql/sql.ts';
import { uncommittedTables } from '../sql/working-set.ts';
import type { Item } from './create-table.ts';
import { type ForeignKey, foreignKeys, type NamedForeignKey } from './foreign-keys.ts';
import { definedTables, tableItemsAt } from './table-definitions.ts';
import { columnNamesAt, tableNames } from './table-shape.ts';

/** A foreign key of a table. */
interface TableKey {
  readonly table: string;
  /** As in a CREATE TABLE. */
  readonly text: string;
}

/** The uncommitted changes of foreign keys, those of ignored tables included. A changed key is dropped and added. */
export interface KeyChanges {
  readonly added: readonly TableKey[];
  readonly dropped: readonly TableKey[];
}

/**
 * Moves the session's branch and keeps the uncommitted changes of foreign keys. A fast-forward and a reset of Dolt 2.3.0
 * take all foreign keys from the commit, so that uncommitted tables lose theirs, and dropped ones return (measured).
 * @throws Failure `uncommitted-changes` before the move, if a key would have no parent after it
 */
export async function keepingKeys(sql: Sql, to: string, move: () => Promise<void>): Promise<void> {
  const tables = await uncommittedTables(sql);
  const changes = await changesOf(sql, tables);
  if (changes.added.length > 0) await requireParents(sql, tables, to);
  await move();
  await changeKeys(sql, changes);
}

/** The uncommitted changes of foreign keys of the session's branch, except keys that have no parent now. */
export async function uncommittedKeys(sql: Sql): Promise<KeyChanges> {
  return await changesOf(sql, await uncommittedTables(sql));
}

async function changesOf(sql: Sql, tables: readonly string[]): Promise<KeyChanges> {
  const added: TableKey[] = [];
  const dropped: TableKey[] = [];
  if (tables.length === 0) return { added, dropped };
  const keys = await foreignKeys(sql);
  const present = await tableNames(sql);
  const committed = await definedTables(sql, 'HEAD');
  // Another name of a column changes the keys that refer to it, and their tables do not count as changed (Dolt 2.3.0).
  const children = keys.filter(({ parent }) => tables.includes(parent)).map(({ table }) => table);
  for (const table of new Set([...tables, ...children])) {
    if (!present.includes(table)) continue;
    const orphans = keys.filter((key) => key.table === table && !present.includes(key.parent)).map(({ name }) => name);
    const now = (await keyItems(sql, table, null)).filter(({ name }) => !orphans.includes(name));
    const before = committed.has(table) ? await keyItems(sql, table, 'HEAD') : [];
    added.push(...keysMissingFrom(before, table, now));
    dropped.push(...keysMissingFrom(now, table, before));
  }
  return { added, dropped };
}

async function keyItems(sql: Sql, table: string, commit: string | null): Promise<Item[]> {
  return (await tableItemsAt(sql, table, commit)).filter(({ kind }) => kind === 'foreign key');
}

function keysMissingFrom(others: readonly Item[], table: string, items: readonly Item[]): TableKey[] {
  const texts = new Set(others.map(({ text }) => text));
  return items.flatMap(({ text }) => (texts.has(text) ? [] : [{ table, text }]));
}

async function keysOf(sql: Sql, tables: readonly string[]): Promise<readonly NamedForeignKey[]> {
  if (tables.length === 0) return [];
  const keys = (await foreignKeys(sql)).filter(({ table }) => tables.includes(table));
  const present = keys.length === 0 ? [] : await tableNames(sql);
  return keys.filter(({ parent }) => present.includes(parent));
}

/**
 * Makes changes of foreign keys again that the session's branch lacks. The rows are as they were, so they are not checked.
 */
export async function changeKeys(sql: Sql, { added, dropped }: KeyChanges): Promise<void> {
  for (const { table, text } of dropped) {
    const back = (await keyItems(sql, table, null)).find((item) => item.text === text);
    if (back !== undefined) await sql.run(`ALTER TABLE ${quoted(table)} DROP FOREIGN KEY ${quoted(back.name)}`);
  }
  for (const { table, text } of added) {
    if ((await keyItems(sql, table, null)).some((item) => item.text === text)) continue;
    await sql.run('SET foreign_key_checks = 0');
    try {
      await sql.run(`ALTER TABLE ${quoted(table)} ADD ${text}`);
    } finally {
      await sql.run('SET foreign_key_checks = 1');
    }
  }
}

/** The foreign keys of given tables of the session's branch whose parent, or a column of it, a commit lacks. */
export async function keysWithoutParent(sql: Sql, tables: readonly string[], commit: string): Promise<ForeignKey[]> {
  const lost: ForeignKey[] = [];
  for (const key of await keysOf(sql, tables)) {
    if (tables.includes(key.parent)) continue;
    const columns = await columnNamesAt(sql, key.parent, commit);
    if (!key.parentColumns.every((name) => columns.has(name))) lost.push(key);
  }
  return lost;
}

async function requireParents(sql: Sql, tables: readonly string[], commit: string): Promise<void> {
  const lost = await keysWithoutParent(sql, tables, commit);
  if (lost.length === 0) return;
  const names = lost.map(({ table, parent }) => `${table} to ${parent}`);
  throw new Failure('uncommitted-changes', `uncommitted ${listed('foreign key', names)} would have no parent`);
}
