import type { Diagnostic } from '../../core/diagnostic.ts';
import { Failure, toFailure } from '../../core/failure.ts';
import { listed } from '../../core/text.ts';
import { ORPHANED_HINT, orphanedBy } from '../rows/orphaned-rows.ts';
import { unchecked } from '../rows/stored-rows.ts';
import { atRevision } from '../sql/at-revision.ts';
import { folded, quoted } from '../sql/identifier.ts';
import type { Sql } from '../sql/sql.ts';
import { uncommittedTables } from '../sql/working-set.ts';
import type { Item } from './create-table.ts';
import { foreignKeys, type NamedForeignKey } from './foreign-keys.ts';
import { definedTables, tableItemsAt } from './table-definitions.ts';
import { columnNamesAt, ordinaryColumns, tableNames, tableShape } from './table-shape.ts';

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

/** Records the changes of foreign keys that a move makes again, before it begins. */
export type RecordKeys = (changes: KeyChanges) => Promise<void>;

/**
 * Moves the session's branch and keeps the uncommitted changes of foreign keys. A fast-forward and a reset of Dolt 2.3.0
 * take all foreign keys from the commit, so that uncommitted tables lose theirs, and dropped ones return (measured).
 * @param move.record called before the branch moves, if there are such changes
 * @returns warnings about keys that were lost
 * @throws Failure `uncommitted-changes` before the move, if a key could not be added after it, or rows would break one
 */
export async function keepingKeys(
  sql: Sql,
  { to, record }: { readonly to: string; readonly record: RecordKeys | undefined },
  move: () => Promise<void>,
): Promise<Diagnostic[]> {
  const changes = await changesKeptAt(sql, to);
  if (changes.added.length + changes.dropped.length > 0) await record?.(changes);
  await move();
  return await changeKeys(sql, changes);
}

/**
 * The uncommitted changes of foreign keys, which a move of the session's branch to a commit can keep.
 * @throws Failure `uncommitted-changes` if a key could not be added after it, or rows would break one; `auth` if the user of the
 * session may not change keys
 */
export async function changesKeptAt(sql: Sql, to: string): Promise<KeyChanges> {
  const tables = await uncommittedTables(sql);
  await requireParents(sql, tables, to);
  const changes = await changesOf(sql, tables);
  if (changes.added.length > 0) await requireKeys(sql, tables, to);
  await requireRights(sql, changes);
  return changes;
}

/** The name of no foreign key. */
const NO_KEY = 'dolt_federation_no_key';

/**
 * Each statement changes nothing: a key is there already, or is not, and no row is written. Dolt (2.3.0, measured) looks at the
 * rights of the user first.
 */
async function requireRights(sql: Sql, { added, dropped }: KeyChanges): Promise<void> {
  const attempt = async (running: Promise<void>): Promise<void> => {
    await running.catch((thrown: unknown) => {
      const { code, retryable } = toFailure(thrown);
      if (code === 'auth' || code === 'interrupted' || retryable) throw thrown;
    });
  };
  for (const { table } of dropped)
    await attempt(sql.run(`ALTER TABLE ${quoted(table)} DROP FOREIGN KEY ${quoted(NO_KEY)}`));
  // With checks, Dolt compares all rows before it finds that the key is there.
  for (const { table, text } of added) await attempt(unchecked(sql, addition(table, text)));
  for (const table of new Set(added.map((key) => key.table))) {
    const accepting = await acceptingUpdate(sql, table);
    if (accepting !== null) await attempt(sql.run(accepting));
  }
}

function addition(table: string, key: string): string {
  return `ALTER TABLE ${quoted(table)} ADD ${key}`;
}

/** The uncommitted changes of foreign keys of the session's branch, except keys that have no parent now. */
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

/** The foreign keys of given tables of the session's branch, except keys that have no parent now. */
export async function keysOfTables(sql: Sql, tables: readonly string[]): Promise<readonly NamedForeignKey[]> {
  if (tables.length === 0) return [];
  const keys = (await foreignKeys(sql)).filter(({ table }) => tables.includes(table));
  const present = keys.length === 0 ? [] : await tableNames(sql);
  return keys.filter(({ parent }) => present.includes(parent));
}

/**
 * Makes changes of foreign keys again that the session's branch lacks. The rows are as they were, so they are not checked.
 * @returns warnings about keys that do not fit any more
 */
export async function changeKeys(sql: Sql, { added, dropped }: KeyChanges): Promise<Diagnostic[]> {
  const warnings: Diagnostic[] = [];
  const made = new Set<string>();
  const present = added.length + dropped.length === 0 ? [] : await tableNames(sql);
  for (const { table, text } of dropped.filter((key) => present.includes(key.table))) {
    const back = (await keyItems(sql, table, null)).find((item) => item.text === text);
    if (back !== undefined) await sql.run(`ALTER TABLE ${quoted(table)} DROP FOREIGN KEY ${quoted(back.name)}`);
  }
  for (const { table, text } of added.filter((key) => present.includes(key.table))) {
    if ((await keyItems(sql, table, null)).some((item) => item.text === text)) continue;
    const statement = addition(table, text);
    try {
      await unchecked(sql, statement);
      made.add(table);
    } catch (thrown) {
      const failure = toFailure(thrown);
      if (failure.retryable || failure.code === 'interrupted') throw failure;
      warnings.push(lostKey(table, statement, failure.withoutValues));
    }
  }
  for (const table of made) await acceptRows(sql, table);
  return warnings;
}

/**
 * Dolt (2.3.0, measured) compares all rows with a key that was added without a check when the next INSERT uses it. If one has
 * no parent, that and every later INSERT fails. An UPDATE, also of no row, compares none, and the key is complete after it.
 */
async function acceptingUpdate(sql: Sql, table: string): Promise<string | null> {
  const [column] = ordinaryColumns(await tableShape(sql, table));
  return column === undefined ? null : `UPDATE ${quoted(table)} SET ${quoted(column)} = ${quoted(column)} WHERE FALSE`;
}

/** Completes the keys that were added to a table, whatever its rows refer to. */
async function acceptRows(sql: Sql, table: string): Promise<void> {
  const accepting = await acceptingUpdate(sql, table);
  if (accepting === null) return;
  try {
    await sql.run(accepting);
  } catch (thrown) {
    // A key that Dolt cannot complete stays as it was before the move.
    const failure = toFailure(thrown);
    if (failure.retryable || failure.code === 'interrupted') throw failure;
  }
}

function lostKey(table: string, statement: string, why: string): Diagnostic {
  const message = `${table} lost an uncommitted foreign key when the branch moved, and it could not be added again: ${why}`;
  return {
    severity: 'warning',
    code: 'uncommitted-changes',
    message,
    hint: `Correct the cause, then run \`${statement}\`.`,
  };
}

/** A foreign key that a move would lose. */
interface LostKey {
  readonly table: string;
  readonly why: string;
}

/**
 * Those of the foreign keys of tables that could not be added after a move to a commit.
 * @param keys as `keysOfTables` reads them
 * @param tables those whose keys are given
 */
export async function keysLostAt(
  sql: Sql,
  { keys, tables }: { readonly keys: readonly NamedForeignKey[]; readonly tables: readonly string[] },
  commit: string,
): Promise<LostKey[]> {
  const lost: LostKey[] = [];
  if (keys.length === 0) return lost;
  const there = await atRevision(sql, commit, foreignKeys);
  for (const key of keys) {
    const { table, name, parent, parentColumns } = key;
    const taken = there.find((other) => folded(other.name) === folded(name) && folded(other.table) !== folded(table));
    if (taken !== undefined) lost.push({ table, why: `${taken.table} has a foreign key ${name} there` });
    if (tables.includes(parent)) continue;
    const columns = await columnNamesAt(sql, parent, commit);
    const hasParent = parentColumns.every((column) => columns.has(column));
    if (!hasParent) lost.push({ table, why: `it refers to ${parent}, which is gone there` });
  }
  return lost;
}

async function requireParents(sql: Sql, tables: readonly string[], to: string): Promise<void> {
  const orphaned = await orphanedBy(sql, tables, { from: 'HEAD', to });
  if (orphaned.length === 0) return;
  const names = orphaned.map(({ table, why }) => `${table} (${why})`);
  throw new Failure('uncommitted-changes', `${listed('uncommitted table', names)} would break a foreign key`, {
    hint: ORPHANED_HINT,
  });
}

async function requireKeys(sql: Sql, tables: readonly string[], commit: string): Promise<void> {
  const lost = await keysLostAt(sql, { keys: await keysOfTables(sql, tables), tables }, commit);
  if (lost.length === 0) return;
  const names = lost.map(({ table, why }) => `${table} (${why})`);
  throw new Failure('uncommitted-changes', `${listed('uncommitted foreign key', names)} would be lost`);
}
