import { z } from 'zod';
import type { BlockedRow } from '../../contract/result.ts';
import { bytesText, columnsAt } from '../schema/columns.ts';
import { type Cells, cellsSchema } from '../sql/cell.ts';
import { folded, quoted } from '../sql/identifier.ts';
import type { Sql } from '../sql/sql.ts';
import { SHOWN_ROWS } from './differing-rows.ts';

/** A column on both sides, as SQL expressions; `NULL` on a side that lacks it. */
export interface ColumnByName {
  /** In lower case. */
  readonly name: string;
  readonly from: string;
  readonly to: string;
}

/** The rows of a table at two commits, joined by their keys. */
export interface RowsByName {
  readonly columns: readonly ColumnByName[];
  /** The columns of the primary key of the second commit. */
  readonly keys: readonly ColumnByName[];
  readonly column: (name: string) => ColumnByName | null;
  /** FROM clause: each row of the second commit beside its row of the first, or NULLs. */
  readonly sent: Clause;
  /** FROM and WHERE clauses: rows of the first commit that the second lacks; null if the rows cannot be joined. */
  readonly removed: Clause | null;
}

/** The end of a SELECT from FROM on, and its parameters. */
export interface Clause {
  readonly text: string;
  readonly values: readonly string[];
}

const countRow = z.object({ n: z.coerce.number().int() });

export async function countRows(sql: Sql, { text, values }: Clause): Promise<number> {
  const [row] = await sql.rows(countRow, `SELECT COUNT(*) AS n ${text}`, values);
  return row?.n ?? 0;
}

/** Whether columns differ, by bytes: a collation could take two values for one. */
export function differs(columns: readonly ColumnByName[]): string {
  const same = columns.map(({ to, from }) => `${bytesText(to)} <=> ${bytesText(from)}`);
  return `NOT (${same.join(' AND ')})`;
}

/**
 * Joins the rows that two commits have under one table name and under the same column names. `dolt_diff` follows a table
 * or column that is renamed (Dolt 2.3.0), so it shows no row where another one takes its name.
 * @param table its spelling in each commit; null: the first commit lacks it
 */
export async function rowsByName(
  sql: Sql,
  range: { readonly from: string; readonly to: string },
  table: { readonly from: string | null; readonly to: string },
): Promise<RowsByName> {
  const after = await columnsAt(sql, table.to, range.to);
  const before = table.from === null ? [] : await columnsAt(sql, table.from, range.from);
  const names = [...new Set([...after, ...before].map(({ name }) => folded(name)))];
  const expression = (side: 'f' | 't', columns: typeof after, wanted: string): string => {
    const found = columns.find(({ name }) => folded(name) === wanted);
    return found === undefined ? 'NULL' : `${side}.${quoted(found.name)}`;
  };
  const columns = names.map((name) => ({
    name,
    from: expression('f', before, name),
    to: expression('t', after, name),
  }));
  // Values of two types may be equal in SQL although they are not: every text without digits equals 0.
  const [keyAfter, keyBefore] = [keyOf(after), keyOf(before)];
  const isJoined = JSON.stringify(keyAfter) === JSON.stringify(keyBefore);
  const keys = columns.filter(({ name }) => keyAfter.some(([key]) => key === name));
  const to = `(SELECT * FROM ${quoted(table.to)} AS OF ?) t`;
  const rest = { columns, keys, column: (name: string) => columns.find((one) => one.name === name) ?? null };
  const [first] = keys;
  if (table.from === null || first === undefined || !isJoined) {
    // One row of NULLs in place of each row that the first commit lacks.
    const nulls = [...new Set(before.map(({ name }) => `NULL AS ${quoted(name)}`)), 'NULL AS `none`'].join(', ');
    return { ...rest, sent: { text: `FROM ${to} JOIN (SELECT ${nulls}) f`, values: [range.to] }, removed: null };
  }
  const from = `(SELECT * FROM ${quoted(table.from)} AS OF ?) f`;
  const joined = `${keys.map((key) => `${key.from} = ${key.to}`).join(' AND ')} AND NOT (${differs(keys)})`;
  return {
    ...rest,
    sent: { text: `FROM ${to} LEFT JOIN ${from} ON ${joined}`, values: [range.to, range.from] },
    removed: {
      text: `FROM ${from} LEFT JOIN ${to} ON ${joined} WHERE ${first.to} IS NULL`,
      values: [range.from, range.to],
    },
  };
}

function keyOf(columns: Awaited<ReturnType<typeof columnsAt>>): (readonly [name: string, type: string])[] {
  const keys = columns.flatMap(({ name, type, primary }) => (primary ? [[folded(name), type] as const] : []));
  return keys.sort(([a], [b]) => (a < b ? -1 : 1));
}

/**
 * The keys of all rows of a clause.
 * @param names those of the columns of the key, as the rows are to spell them
 */
export async function keysOfRows(
  sql: Sql,
  { text, values }: Clause,
  show: { readonly keys: readonly ColumnByName[]; readonly side: 'from' | 'to'; readonly names: readonly string[] },
): Promise<Cells[]> {
  const selected = show.names.flatMap((name) =>
    show.keys.flatMap((key) => (key.name === folded(name) ? [`${key[show.side]} AS ${quoted(name)}`] : [])),
  );
  return await sql.rows(cellsSchema, `SELECT ${selected.join(', ')} ${text}`, values);
}

/** The keys of the first rows of a clause, and the value of one column if it is given. */
export async function firstRows(
  sql: Sql,
  { text, values }: Clause,
  show: {
    readonly table: string;
    readonly keys: readonly ColumnByName[];
    readonly side: 'from' | 'to';
    readonly column?: ColumnByName;
  },
): Promise<BlockedRow[]> {
  const { table, keys, side, column } = show;
  if (keys.length === 0) return [];
  const selected = keys.map((key, index) => `${key[side]} AS k${index}`);
  if (column !== undefined) selected.push(`${column[side]} AS shown`);
  const rows = await sql.rows(cellsSchema, `SELECT ${selected.join(', ')} ${text} LIMIT ${SHOWN_ROWS}`, values);
  return rows.map((cells) => ({
    table,
    key: Object.fromEntries(keys.map(({ name }, index) => [name, cells[`k${index}`] ?? null])),
    column: column?.name ?? null,
    value: cells['shown'] ?? null,
  }));
}
