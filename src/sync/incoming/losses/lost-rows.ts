import { Budget } from '../../../core/budget.ts';
import { inParts, sameNames } from '../../../core/lists.ts';
import { countDifferingRows } from '../../../dolt/rows/differing-rows.ts';
import { keyOf, keyText } from '../../../dolt/rows/row-key.ts';
import { rowWrites } from '../../../dolt/rows/row-writes.ts';
import type { Clause } from '../../../dolt/rows/rows-by-name.ts';
import { columnsAt, keyNames } from '../../../dolt/schema/columns.ts';
import { foreignKeys } from '../../../dolt/schema/foreign-keys.ts';
import { hasShadowedDiff } from '../../../dolt/schema/readability.ts';
import { tableHashes } from '../../../dolt/schema/table-changes.ts';
import { tableItemsAt } from '../../../dolt/schema/table-definitions.ts';
import { shapeOf } from '../../../dolt/schema/table-shape.ts';
import { uniqueKeysOf } from '../../../dolt/schema/unique-index.ts';
import { databaseName } from '../../../dolt/sql/at-revision.ts';
import { type Cells, cellsSchema } from '../../../dolt/sql/cell.ts';
import { mergeBases } from '../../../dolt/sql/history.ts';
import { quoted } from '../../../dolt/sql/identifier.ts';
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

/**
 * The keys of rows that one parent added and that the merge and the head lack, although nothing explains it: no row has
 * their unique value, the rows that they refer to are there, and no later commit added and removed them again.
 */
export async function lostRows(sql: Sql, sides: Sides, table: string): Promise<LostRows> {
  const { commit, lost, head } = sides;
  const key = keyNames(await columnsAt(sql, table, lost));
  const isKept = (await tableHashes(sql, commit)).has(table);
  const removed = { table, keys: key, where: "diff_type = 'removed'" };
  // Honest merges of changed tables end here.
  if (isKept && (await countDifferingRows(sql, { from: lost, to: commit }, removed)) === 0) return NONE;
  if (key.length === 0) return NONE;
  const missing = await missingRows(sql, sides, { table, key, isKept });
  if (missing === null) return NONE;
  const keys = await sql.rows(
    cellsSchema,
    `SELECT ${key.map((name) => `f.${quoted(name)}`).join(', ')} ${missing.text}`,
    missing.values,
  );
  if (!(await tableHashes(sql, head)).has(table)) return { rows: keys, isMore: false };
  const shape = shapeOf(table, await columnsAt(sql, table, head));
  for (const part of inParts(keys, ROWS_AT_A_TIME)) {
    const writes = await rowWrites(sql, {
      database: await databaseName(sql),
      head,
      since: [commit],
      shape,
      columns: [],
      keys: part.map((row) => keyOf(shape, row)),
      budget: new Budget('the histories of rows that a merge lacks', HISTORY_BYTES),
    });
    const rows = part.filter((row) => !writes.has(keyText(shape, row)));
    if (rows.length > 0) return { rows, isMore: keys.length > part.length };
  }
  return NONE;
}

const NONE: LostRows = { rows: [], isMore: false };

/** The rows that a parent added, and that the merge and the head lack without a reason; null if keys do not correspond. */
async function missingRows(
  sql: Sql,
  { commit, kept, lost, head }: Sides,
  of: { readonly table: string; readonly key: readonly string[]; readonly isKept: boolean },
): Promise<Clause | null> {
  const { table, key, isKept } = of;
  const isRead = isKept && !hasShadowedDiff(key);
  const names = key.map((name, index) => `${quoted(isRead ? `from_${name}` : name)} AS k${index}`).join(', ');
  const source = isRead ? `dolt_diff(?, ?, ?) WHERE diff_type = 'removed'` : `${quoted(table)} AS OF ?`;
  const on = (alias: string): string =>
    key.map((name, index) => `d.k${index} = ${alias}.${quoted(name)}`).join(' AND ');
  const joins: string[] = [];
  const conditions = ['TRUE'];
  const joined: string[] = [];
  const given: string[] = [];
  // A row of any merge base was there before, so the other parent removed it.
  for (const at of [commit, head, ...(await mergeBases(sql, kept, lost))]) {
    if (!(await tableHashes(sql, at)).has(table)) continue;
    if (!sameNames(key, keyNames(await columnsAt(sql, table, at)))) return null;
    const alias = `a${joined.length}`;
    joins.push(` LEFT JOIN ${quoted(table)} AS OF ? AS ${alias} ON ${on(alias)}`);
    conditions.push(`${alias}.${quoted(key[0] ?? '')} IS NULL`);
    joined.push(at);
  }
  for (const { text, values } of await reasons(sql, { table, head, lost })) {
    conditions.push(`NOT ${text}`);
    given.push(...values);
  }
  return {
    text:
      `FROM (SELECT ${names} FROM ${source}) AS d JOIN ${quoted(table)} AS OF ? AS f ON ${on('f')}${joins.join('')}` +
      ` WHERE ${conditions.join(' AND ')}`,
    values: [...(isRead ? [lost, commit, table] : [lost]), lost, ...joined, ...given],
  };
}

/** Conditions that explain why a head lacks a row `f`: its unique value is taken, or a row that it refers to is gone. */
async function reasons(
  sql: Sql,
  { table, head, lost }: { readonly table: string; readonly head: string; readonly lost: string },
): Promise<Clause[]> {
  const tables = await tableHashes(sql, head);
  if (!tables.has(table)) return [];
  const shape = shapeOf(table, await columnsAt(sql, table, head));
  const known = new Set((await columnsAt(sql, table, lost)).map(({ name }) => name));
  const found: Clause[] = [];
  for (const { columns } of uniqueKeysOf(shape, await tableItemsAt(sql, table, head))) {
    if (columns.length === 0 || !columns.every((name) => known.has(name))) continue;
    const same = columns.map((name) => `u.${quoted(name)} = f.${quoted(name)}`).join(' AND ');
    found.push({ text: `EXISTS (SELECT 1 FROM ${quoted(table)} AS OF ? AS u WHERE ${same})`, values: [head] });
  }
  for (const { table: child, columns, parent, parentColumns } of await foreignKeys(sql)) {
    if (child !== table || !columns.every((name) => known.has(name))) continue;
    const refers = columns.map((name) => `f.${quoted(name)} IS NOT NULL`).join(' AND ');
    const same = columns.map((name, index) => `r.${quoted(parentColumns[index] ?? '')} = f.${quoted(name)}`);
    const gone = `NOT EXISTS (SELECT 1 FROM ${quoted(parent)} AS OF ? AS r WHERE ${same.join(' AND ')})`;
    if (tables.has(parent)) found.push({ text: `(${refers} AND ${gone})`, values: [head] });
    else found.push({ text: `(${refers})`, values: [] });
  }
  return found;
}
