import { Budget } from '../../../core/budget.ts';
import { inParts, sameNames } from '../../../core/lists.ts';
import { countDifferingRows } from '../../../dolt/rows/differing-rows.ts';
import { keyText } from '../../../dolt/rows/row-key.ts';
import { rowWrites } from '../../../dolt/rows/row-writes.ts';
import type { Clause } from '../../../dolt/rows/rows-by-name.ts';
import { columnsAt, keyNames } from '../../../dolt/schema/columns.ts';
import { type ForeignKey, foreignKeys } from '../../../dolt/schema/foreign-keys.ts';
import { listedChanges } from '../../../dolt/schema/listed-changes.ts';
import { hasShadowedDiff } from '../../../dolt/schema/readability.ts';
import { tableChanges, tableHashes } from '../../../dolt/schema/table-changes.ts';
import { tableItemsAt } from '../../../dolt/schema/table-definitions.ts';
import { columnNamesAt, shapeOf } from '../../../dolt/schema/table-shape.ts';
import { uniqueKeysOf } from '../../../dolt/schema/unique-index.ts';
import { atRevision, databaseName } from '../../../dolt/sql/at-revision.ts';
import { type Cells, cellsSchema } from '../../../dolt/sql/cell.ts';
import { differences } from '../../../dolt/sql/differences.ts';
import { mergeBases } from '../../../dolt/sql/history.ts';
import { isDoltTable, quoted } from '../../../dolt/sql/identifier.ts';
import type { Sql } from '../../../dolt/sql/sql.ts';

/** The histories of so many rows are read at a time, until one of them is lost. */
const ROWS_AT_A_TIME = 500;
const HISTORY_BYTES = 64 * 1024 * 1024;

/** A merge, its parents, and the head whose rows count. */
export interface Sides {
  readonly commit: string;
  readonly kept: string;
  readonly lost: string;
  readonly head: string;
}

interface LostRows {
  /** Keys of the first of them. */
  readonly rows: readonly Cells[];
  readonly isMore: boolean;
}

/** A table and its key columns. */
interface Keyed {
  readonly table: string;
  readonly key: readonly string[];
}

/** A table of a parent, as another commit has it: under its name there. */
interface Version {
  readonly at: string;
  readonly table: string;
  /** The columns that correspond to the key of the parent, in its order; null: rows do not correspond. */
  readonly key: readonly string[] | null;
}

/** A table of a parent in another commit, under any name; null if that commit lacks it. */
async function versionAt(sql: Sql, parent: string, at: string, { table, key }: Keyed): Promise<Version | null> {
  const changes = await tableChanges(sql, parent, at);
  const change = changes.find(({ from }) => from === table);
  if (change === undefined) return { at, table, key };
  // Dolt can take a table that was dropped and created again for another one.
  const name = change.to ?? changes.find(({ to }) => to === table)?.to ?? null;
  if (name === null) return null;
  const names = keyNames(await columnsAt(sql, name, at));
  if (names.length !== key.length) return { at, table: name, key: null };
  if (key.every((one) => names.includes(one))) return { at, table: name, key };
  // Columns of the key were renamed.
  return { at, table: name, key: change.to !== null && change.comparable ? names : null };
}

/**
 * The keys of rows that one parent added and that the merge and the head lack, although nothing explains it: no row has
 * their unique value, the rows that they refer to are there, and no later commit added and removed them again.
 */
export async function lostRows(sql: Sql, sides: Sides, table: string): Promise<LostRows> {
  const { commit, kept, lost, head } = sides;
  const own = { table, key: keyNames(await columnsAt(sql, table, lost)) };
  if (own.key.length === 0) return NONE;
  if (await hasAllRows(sql, sides, own)) return NONE;
  const merged = await versionAt(sql, lost, commit, own);
  const now = await versionAt(sql, lost, head, own);
  const before: Version[] = [];
  for (const base of await mergeBases(sql, kept, lost)) {
    const version = await versionAt(sql, lost, base, own);
    if (version !== null) before.push(version);
  }
  // A table that one side dropped is another finding. So is one that a later commit dropped.
  if (now === null && (merged !== null || before.length > 0)) return NONE;
  const missing = await missingRows(sql, sides, own, { merged, now, before });
  if (missing === null) return NONE;
  const keys = await sql.rows(
    cellsSchema,
    `SELECT ${own.key.map((name) => `f.${quoted(name)}`).join(', ')} ${missing.text}`,
    missing.values,
  );
  if (now === null) return { rows: keys, isMore: false };
  const shape = shapeOf(now.table, await columnsAt(sql, now.table, head));
  const keyNow = (row: Cells): Cells =>
    Object.fromEntries((now.key ?? []).map((name, index) => [name, row[own.key[index] ?? ''] ?? null]));
  for (const part of inParts(keys, ROWS_AT_A_TIME)) {
    const writes = await rowWrites(sql, {
      database: await databaseName(sql),
      head,
      since: [commit],
      shape,
      columns: [],
      keys: part.map(keyNow),
      budget: new Budget('the histories of rows that a merge lacks', HISTORY_BYTES),
    });
    const rows = part.filter((row) => !writes.has(keyText(shape, keyNow(row))));
    if (rows.length > 0) return { rows, isMore: keys.length > part.length };
  }
  return NONE;
}

/** Whether a merge has every row of a parent. Honest merges do, so that nothing else is read of them. */
async function hasAllRows(sql: Sql, { commit, lost }: Sides, { table, key }: Keyed): Promise<boolean> {
  const change = (await listedChanges(sql, lost, commit)).find(({ from }) => from === table);
  const name = change === undefined ? table : change.to;
  if (name === null || !(isDoltTable(name) || (await tableHashes(sql, commit)).has(name))) return false;
  const removed = { table: name, keys: key, where: "diff_type = 'removed'" };
  return (await countDifferingRows(sql, { from: lost, to: commit }, removed)) === 0;
}

const NONE: LostRows = { rows: [], isMore: false };

interface Versions {
  readonly merged: Version | null;
  readonly now: Version | null;
  readonly before: readonly Version[];
}

/** The rows that a parent added, and that the merge and the head lack without a reason; null if keys do not correspond. */
async function missingRows(
  sql: Sql,
  { commit, kept, lost }: Sides,
  own: Keyed,
  { merged, now, before }: Versions,
): Promise<Clause | null> {
  const { table, key } = own;
  const removed =
    merged !== null && !hasShadowedDiff(key) ? await differences(sql, { from: lost, to: commit }, merged.table) : null;
  const names = key.map((name, index) => `${quoted(removed === null ? name : `from_${name}`)} AS k${index}`).join(', ');
  const source = removed === null ? `${quoted(table)} AS OF ?` : `${removed.text} WHERE diff_type = 'removed'`;
  const on = (alias: string, columns: readonly string[]): string =>
    columns.map((name, index) => `d.k${index} = ${alias}.${quoted(name)}`).join(' AND ');
  const joins: string[] = [];
  const conditions = ['TRUE'];
  const joined: string[] = [];
  const given: string[] = [];
  // A row of any merge base was there before, so the other parent removed it.
  for (const version of [merged, now, ...before]) {
    if (version === null) continue;
    if (version.key === null) return null;
    const alias = `a${joined.length}`;
    joins.push(` LEFT JOIN ${quoted(version.table)} AS OF ? AS ${alias} ON ${on(alias, version.key)}`);
    conditions.push(`${alias}.${quoted(version.key[0] ?? '')} IS NULL`);
    joined.push(version.at);
  }
  for (const { text, values } of now === null ? [] : await reasons(sql, { own, now, lost, kept })) {
    conditions.push(`NOT ${text}`);
    given.push(...values);
  }
  return {
    text:
      `FROM (SELECT ${names} FROM ${source}) AS d JOIN ${quoted(table)} AS OF ? AS f ON ${on('f', key)}${joins.join('')}` +
      ` WHERE ${conditions.join(' AND ')}`,
    values: [...(removed?.values ?? [lost]), lost, ...joined, ...given],
  };
}

interface Reasons {
  readonly own: Keyed;
  readonly now: Version;
  readonly lost: string;
  readonly kept: string;
}

/**
 * Conditions that explain why a head lacks a row `f`: its unique value is taken, or a row that it refers to is gone. Only
 * keys of both parents count: a peer can add one in or after its merge.
 */
async function reasons(sql: Sql, { own, now, lost, kept }: Reasons): Promise<Clause[]> {
  const { table, at: head } = now;
  const inHead = new Set((await columnsAt(sql, table, head)).map(({ name }) => name));
  const found: Clause[] = [];
  for (const columns of await sharedUniqueKeys(sql, { own, lost, kept })) {
    if (!columns.every((name) => inHead.has(name))) continue;
    const same = columns.map((name) => `u.${quoted(name)} = f.${quoted(name)}`).join(' AND ');
    found.push({ text: `EXISTS (SELECT 1 FROM ${quoted(table)} AS OF ? AS u WHERE ${same})`, values: [head] });
  }
  for (const { columns, parent, parentColumns } of await sharedForeignKeys(sql, { own, lost, kept })) {
    const refers = columns.map((name) => `f.${quoted(name)} IS NOT NULL`).join(' AND ');
    const there = await versionAt(sql, lost, head, { table: parent, key: parentColumns });
    const present = there === null ? new Set() : await columnNamesAt(sql, there.table, head);
    if (there === null || !parentColumns.every((name) => present.has(name))) {
      found.push({ text: `(${refers})`, values: [] });
      continue;
    }
    const same = columns.map((name, index) => `r.${quoted(parentColumns[index] ?? '')} = f.${quoted(name)}`);
    const gone = `NOT EXISTS (SELECT 1 FROM ${quoted(there.table)} AS OF ? AS r WHERE ${same.join(' AND ')})`;
    found.push({ text: `(${refers} AND ${gone})`, values: [head] });
  }
  return found;
}

/** The foreign keys of a table of a parent that the other parent has, too. */
async function sharedForeignKeys(
  sql: Sql,
  { own, lost, kept }: Pick<Reasons, 'own' | 'lost' | 'kept'>,
): Promise<ForeignKey[]> {
  const keysAt = async (of: string, at: string): Promise<ForeignKey[]> =>
    (await atRevision(sql, at, foreignKeys)).filter(({ table }) => table === of);
  const other = await versionAt(sql, lost, kept, own);
  if (other === null) return [];
  const others = await keysAt(other.table, kept);
  // The other parent may have renamed the table that the rows refer to.
  const isShared = (key: ForeignKey): boolean => others.some(({ columns }) => sameNames(columns, key.columns));
  return (await keysAt(own.table, lost)).filter(isShared);
}

/** The columns of each unique key that a table of a parent has, and that the other parent has, too. */
async function sharedUniqueKeys(
  sql: Sql,
  { own, lost, kept }: Pick<Reasons, 'own' | 'lost' | 'kept'>,
): Promise<(readonly string[])[]> {
  const keysAt = async (table: string, at: string): Promise<(readonly string[])[]> => {
    const shape = shapeOf(table, await columnsAt(sql, table, at));
    const keys = uniqueKeysOf(shape, await tableItemsAt(sql, table, at));
    return keys.map(({ columns }) => columns).filter((columns) => columns.length > 0);
  };
  const other = await versionAt(sql, lost, kept, own);
  if (other === null) return [];
  const others = await keysAt(other.table, kept);
  return (await keysAt(own.table, lost)).filter((columns) => others.some((one) => sameNames(columns, one)));
}
