import { hasShadowedDiff } from '../schema/readability.ts';
import type { TableShape } from '../schema/table-shape.ts';
import { type Cells, cellsSchema } from '../sql/cell.ts';
import { differences } from '../sql/differences.ts';
import { quoted } from '../sql/identifier.ts';
import type { Sql } from '../sql/sql.ts';
import { PAGE_BYTES, unboundedSizes } from './conflict-rows.ts';
import { rowDiffs } from './differing-rows.ts';
import { type MergeHeads, nameAt, type OpenMergeTable, shapeAt } from './open-merge-table.ts';
import { hasKey, keyOf, keyOfText, keyText } from './row-key.ts';
import { rowsByKey } from './stored-rows.ts';

/** A table of an open merge. Its columns may have other names in the commits of the merge. */
interface Table {
  readonly shape: TableShape;
  readonly open: OpenMergeTable;
}

type Commit = keyof MergeHeads;

export const COMMITS = ['base', 'ours', 'theirs'] as const satisfies readonly Commit[];

/**
 * The rows of which both sides changed given columns, by the text of the key that they had.
 * @param columns all three commits have them
 */
export async function rowsChangedByBoth(sql: Sql, table: Table, columns: readonly string[]): Promise<string[]> {
  const ours = await rowsChangedBy(sql, table, columns, 'ours');
  const theirs = ours.size === 0 ? ours : await rowsChangedBy(sql, table, columns, 'theirs');
  return [...ours].filter((key) => theirs.has(key));
}

async function rowsChangedBy(
  sql: Sql,
  { shape, open }: Table,
  columns: readonly string[],
  side: 'ours' | 'theirs',
): Promise<ReadonlySet<string>> {
  const before = shapeAt(shape, open, 'base');
  const pairs = columns.map((name) => [nameAt(open, 'base', name) ?? name, nameAt(open, side, name) ?? name] as const);
  if (hasShadowedDiff([...before.key, ...pairs.flat()])) {
    const diffs = await rowDiffs(sql, { from: open.heads.base, to: open.heads[side] }, shape.name);
    return new Set(
      diffs.flatMap(({ from, to }) => {
        const isChanged = from !== null && to !== null && pairs.some(([old, now]) => from[old] !== to[now]);
        return isChanged ? [keyText(before, from)] : [];
      }),
    );
  }
  const keys = before.key.map((name) => quoted(`from_${name}`)).join(', ');
  const changed = pairs.map(([old, now]) => `NOT (${quoted(`from_${old}`)} <=> ${quoted(`to_${now}`)})`).join(' OR ');
  const { text, values } = await differences(sql, { from: open.heads.base, to: open.heads[side] }, shape.name);
  const statement = `SELECT ${keys} FROM ${text} WHERE diff_type = 'modified' AND (${changed})`;
  const rows = await sql.rows(cellsSchema, statement, values);
  return new Set(rows.map((row) => keyText(before, keyOf(before, row, 'from_'))));
}

/** Splits the texts of keys, so that all three versions of their rows fit into memory together. */
export async function pagesThatFit(sql: Sql, { shape, open }: Table, keys: readonly string[]): Promise<string[][]> {
  const bytes = new Map<string, number>();
  for (const commit of COMMITS) {
    const then = shapeAt(shape, open, commit);
    const where = hasKey(then, keysOf(then, keys));
    const rows = await sql.rows(
      cellsSchema,
      `SELECT ${then.key.map(quoted).join(', ')}, ${['0', ...unboundedSizes(then.columns)].join(' + ')} AS dolt_federation_bytes FROM ${quoted(shape.name)} AS OF ? WHERE ${where.text}`,
      [open.heads[commit], ...where.values],
    );
    for (const row of rows) {
      const key = keyText(then, row);
      bytes.set(key, (bytes.get(key) ?? 0) + Number(row['dolt_federation_bytes'] ?? 0));
    }
  }
  const pages: string[][] = [];
  let sum = 0;
  for (const key of keys) {
    const page = pages.at(-1);
    sum += bytes.get(key) ?? 0;
    if (page !== undefined && sum <= PAGE_BYTES) {
      page.push(key);
      continue;
    }
    pages.push([key]);
    sum = bytes.get(key) ?? 0;
  }
  return pages;
}

/**
 * Rows of a commit, or of the open merge if none is given, by the texts of their keys. Their columns have the names of the
 * merged table.
 */
export async function rowsAtCommit(
  sql: Sql,
  { shape, open }: Table,
  keys: readonly string[],
  commit?: Commit,
): Promise<Map<string, Cells>> {
  const then = commit === undefined ? shape : shapeAt(shape, open, commit);
  const read = (wanted: readonly string[]): Promise<Cells[]> =>
    rowsByKey(sql, then, { keys: keysOf(then, wanted), commit: commit && open.heads[commit] });
  const rows = new Map((await read(keys)).map((row) => [keyText(then, row), row]));
  const found = new Map<string, Cells>();
  for (const key of keys) {
    // A commit may spell a key in another way that is equal under its collation.
    const row = rows.get(key) ?? (await read([key]))[0];
    if (row !== undefined) found.set(key, commit === undefined ? row : cellsNow(row, { shape, open, commit }));
  }
  return found;
}

function keysOf(shape: TableShape, texts: readonly string[]): Cells[] {
  return texts.map((text) => keyOfText(shape, text));
}

function cellsNow(row: Cells, { shape, open, commit }: Table & { readonly commit: Commit }): Cells {
  return Object.fromEntries(
    shape.columns.flatMap(({ name }) => {
      const then = nameAt(open, commit, name);
      return then === null ? [] : [[name, row[then] ?? null]];
    }),
  );
}
