import { Failure } from '../../core/failure.ts';
import { groupBy } from '../../core/lists.ts';
import { listed } from '../../core/text.ts';
import { quoted } from '../sql/identifier.ts';
import type { Sql } from '../sql/sql.ts';
import { uncommittedTables } from '../sql/working-set.ts';
import { type ForeignKey, foreignKeys, type NamedForeignKey } from './foreign-keys.ts';
import { tableItemsAt } from './table-definitions.ts';
import { columnNamesAt, tableNames } from './table-shape.ts';

/** A foreign key of a table that has uncommitted changes, ignored tables included. */
export interface UncommittedKey {
  readonly table: string;
  /** As in a CREATE TABLE. */
  readonly text: string;
}

/**
 * Moves the session's branch and keeps the foreign keys of its uncommitted tables. A fast-forward and a reset of Dolt 2.3.0
 * take all foreign keys from the commit, so that those tables lose theirs (measured).
 * @throws Failure `uncommitted-changes` before the move, if a key would have no parent after it
 */
export async function keepingKeys(sql: Sql, to: string, move: () => Promise<void>): Promise<void> {
  const tables = await uncommittedTables(sql);
  const keys = await keysOfTables(sql, tables);
  if (keys.length > 0) await requireParents(sql, tables, to);
  await move();
  await restoreKeys(sql, keys);
}

/** The foreign keys of uncommitted tables of the session's branch, except those that have no parent now. */
export async function uncommittedKeys(sql: Sql): Promise<UncommittedKey[]> {
  return await keysOfTables(sql, await uncommittedTables(sql));
}

async function keysOfTables(sql: Sql, tables: readonly string[]): Promise<UncommittedKey[]> {
  const keys = await keysOf(sql, tables);
  const found: UncommittedKey[] = [];
  for (const [table, of] of groupBy(keys, (key) => key.table)) {
    const names = of.map(({ name }) => name);
    const items = (await tableItemsAt(sql, table, null)).filter(({ kind }) => kind === 'foreign key');
    found.push(...items.flatMap(({ name, text }) => (names.includes(name) ? [{ table, text }] : [])));
  }
  return found;
}

async function keysOf(sql: Sql, tables: readonly string[]): Promise<readonly NamedForeignKey[]> {
  if (tables.length === 0) return [];
  const keys = (await foreignKeys(sql)).filter(({ table }) => tables.includes(table));
  const present = keys.length === 0 ? [] : await tableNames(sql);
  return keys.filter(({ parent }) => present.includes(parent));
}

/** Adds keys again that the session's branch lacks. Their rows are as they were, so they are not checked. */
export async function restoreKeys(sql: Sql, keys: readonly UncommittedKey[]): Promise<void> {
  for (const { table, text } of keys) {
    const items = await tableItemsAt(sql, table, null);
    if (items.some((item) => item.kind === 'foreign key' && item.text === text)) continue;
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
