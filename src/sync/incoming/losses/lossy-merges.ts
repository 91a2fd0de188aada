import { z } from 'zod';
import type { BlockedRow } from '../../../contract/result.ts';
import { Budget } from '../../../core/budget.ts';
import { once } from '../../../core/once.ts';
import { counted } from '../../../core/text.ts';
import { rowDiffs, SHOWN_ROWS } from '../../../dolt/rows/differing-rows.ts';
import { hasKey, keyOf, keyText, literalOf } from '../../../dolt/rows/row-key.ts';
import { rowWrites } from '../../../dolt/rows/row-writes.ts';
import { columnsAt } from '../../../dolt/schema/columns.ts';
import { type ForeignKey, foreignKeys } from '../../../dolt/schema/foreign-keys.ts';
import { tableHashes } from '../../../dolt/schema/table-changes.ts';
import { tableItemsAt } from '../../../dolt/schema/table-definitions.ts';
import { shapeOf, type TableShape } from '../../../dolt/schema/table-shape.ts';
import { uniqueKeysOf } from '../../../dolt/schema/unique-index.ts';
import { databaseName } from '../../../dolt/sql/at-revision.ts';
import { type Cells, cellsSchema } from '../../../dolt/sql/cell.ts';
import { mergeBase } from '../../../dolt/sql/history.ts';
import { quoted } from '../../../dolt/sql/identifier.ts';
import { MERGE_SUBJECT } from '../../../dolt/sql/merge.ts';
import type { Sql } from '../../../dolt/sql/sql.ts';

/**
 * A merge that took nothing of a table from one parent: bd 1.3.0 in embedded mode commits only the tables in which it
 * resolved a conflict, and leaves the other merged tables uncommitted (measured).
 */
export interface LossyMerge {
  readonly commit: string;
  /** The parent whose rows it lacks, and the other one. */
  readonly lost: string;
  readonly kept: string;
  readonly table: string;
  readonly count: number;
  readonly rows: readonly BlockedRow[];
}

/** More merges and rows than these are not read; a lossy merge is among the last commits before a push. */
export const MAX_MERGES = 20;
const MAX_ROWS = 500;
const HISTORY_BYTES = 64 * 1024 * 1024;

const mergeRow = z.object({ hash: z.string(), parents: z.string().nullable(), message: z.string() });
const hitRow = z.object({ n: z.coerce.number() });

/** Merges of other tools among the given commits that lack rows of a parent which a head still lacks. */
export async function lossyMerges(
  sql: Sql,
  range: { readonly commits: string; readonly head: string },
): Promise<LossyMerge[]> {
  const rows = await sql.rows(
    mergeRow,
    `SELECT commit_hash AS hash, parents, message FROM dolt_log(?, '--parents') WHERE parents LIKE '%, %' AND message NOT LIKE ? LIMIT ${MAX_MERGES}`,
    [range.commits, `${MERGE_SUBJECT}%`],
  );
  return await lossesOf(sql, rows, range.head);
}

/**
 * The same for a head itself, and for merges below it whose rows may still be uncommitted: bd commits its
 * `recompute is_blocked after pull` onto such a merge (measured).
 * @param uncommitted the tables with uncommitted changes
 */
export async function lossyHead(sql: Sql, head: string, uncommitted: readonly string[]): Promise<LossyMerge[]> {
  const count = uncommitted.length === 0 ? 1 : MAX_MERGES;
  const statement = `SELECT commit_hash AS hash, parents, message FROM dolt_log(?, '--parents') LIMIT ${count}`;
  const rows = await sql.rows(mergeRow, statement, [head]);
  const merges = rows.filter(({ message }) => !message.startsWith(MERGE_SUBJECT));
  const found = await lossesOf(sql, merges, head);
  return found.filter(({ commit, table }) => commit === head || uncommitted.includes(table));
}

/** A merge commit, and its parents as `dolt_log` lists them. */
export interface MergeCommit {
  readonly hash: string;
  readonly parents: string | null;
}

/** The parts of a parent that merges lack and that a head still lacks. */
export async function lossesOf(sql: Sql, merges: readonly MergeCommit[], head: string): Promise<LossyMerge[]> {
  const found: LossyMerge[] = [];
  // Both directions of a merge read the same commits, and merges share parents.
  const hashesAt = once((at: string) => tableHashes(sql, at));
  for (const { hash: commit, parents } of merges) {
    const [first, second, third] = (parents ?? '').split(', ');
    if (first === undefined || second === undefined || third !== undefined) continue;
    const base = await mergeBase(sql, first, second);
    if (base === null) continue;
    found.push(...(await losses(sql, { base, commit, kept: first, lost: second, head }, hashesAt)));
    found.push(...(await losses(sql, { base, commit, kept: second, lost: first, head }, hashesAt)));
  }
  return found;
}

type Hashes = ReadonlyMap<string, string>;

interface Sides {
  readonly base: string;
  readonly commit: string;
  readonly kept: string;
  readonly lost: string;
  readonly head: string;
}

async function losses(sql: Sql, sides: Sides, hashesAt: (commit: string) => Promise<Hashes>): Promise<LossyMerge[]> {
  const { base, commit, kept, lost, head } = sides;
  if (base === lost) return [];
  const [before, at, other] = [await hashesAt(base), await hashesAt(kept), await hashesAt(lost)];
  const [merged, now] = [await hashesAt(commit), await hashesAt(head)];
  const found: LossyMerge[] = [];
  for (const [table, hash] of other) {
    const isUntouched = merged.get(table) === at.get(table) && hash !== before.get(table) && hash !== at.get(table);
    if (!isUntouched || !before.has(table) || !merged.has(table) || !now.has(table)) continue;
    const rows = await lostRows(sql, sides, table);
    if (rows.length === 0) continue;
    const shown = rows.slice(0, SHOWN_ROWS).map((key) => ({ table, key, column: null, value: null }));
    found.push({ commit, kept, lost, table, count: rows.length, rows: shown });
  }
  return found;
}

/**
 * The keys of rows that one parent added and that the head lacks, although nothing explains it: no row has their unique
 * value, the rows that they refer to are there, and no later commit added and removed them again.
 */
async function lostRows(sql: Sql, sides: Sides, table: string): Promise<Cells[]> {
  const { base, commit, lost, head } = sides;
  const shape = await shapeAt(sql, table, head);
  if (shape.key.length === 0) return [];
  const added = (await rowDiffs(sql, { from: base, to: lost }, table)).flatMap(({ from, to }) =>
    from === null && to !== null && shape.key.every((name) => Object.hasOwn(to, name)) ? [to] : [],
  );
  const looked = added.slice(0, MAX_ROWS);
  const present = new Set<string>();
  for (const at of [commit, head]) {
    const where = hasKey(shape, looked);
    const rows = await sql.rows(
      cellsSchema,
      `SELECT ${shape.key.map(quoted).join(', ')} FROM ${quoted(table)} AS OF ? WHERE ${where.text}`,
      [at, ...where.values],
    );
    for (const row of rows) present.add(keyText(shape, row));
  }
  const missing = looked.filter((row) => !present.has(keyText(shape, row)));
  if (missing.length === 0) return [];
  const keys = (await foreignKeys(sql)).filter((key) => key.table === table);
  const unique = uniqueKeysOf(shape, await tableItemsAt(sql, table, head)).map(({ columns }) => columns);
  const unexplained: Cells[] = [];
  for (const row of missing) if (!(await isExplained(sql, { shape, head, keys, unique }, row))) unexplained.push(row);
  if (unexplained.length === 0) return [];
  const writes = await rowWrites(sql, {
    database: await databaseName(sql),
    head,
    since: commit,
    shape,
    columns: [],
    keys: unexplained.map((row) => keyOf(shape, row)),
    budget: new Budget('the histories of rows that a merge lacks', HISTORY_BYTES),
  });
  return unexplained.filter((row) => !writes.has(keyText(shape, row))).map((row) => keyOf(shape, row));
}

async function isExplained(
  sql: Sql,
  of: {
    readonly shape: TableShape;
    readonly head: string;
    readonly keys: readonly ForeignKey[];
    readonly unique: readonly (readonly string[])[];
  },
  row: Cells,
): Promise<boolean> {
  const { shape, head, keys, unique } = of;
  const exists = async (table: TableShape, columns: readonly string[], values: readonly (string | null)[]) => {
    const literals = columns.map((name, index) => literalOf(table, name, values[index] ?? null));
    const where = columns.map((name, index) => `${quoted(name)} = ${literals[index]?.text ?? 'NULL'}`).join(' AND ');
    const given = literals.flatMap((literal) => literal.values);
    const statement = `SELECT 1 AS n FROM ${quoted(table.name)} AS OF ? WHERE ${where} LIMIT 1`;
    return (await sql.rows(hitRow, statement, [head, ...given])).length > 0;
  };
  for (const columns of unique) {
    const values = columns.map((name) => row[name] ?? null);
    if (columns.length > 0 && !values.includes(null) && (await exists(shape, columns, values))) return true;
  }
  for (const { columns, parent, parentColumns } of keys) {
    const values = columns.map((name) => row[name] ?? null);
    if (values.includes(null)) continue;
    if (!(await exists(await shapeAt(sql, parent, head), parentColumns, values))) return true;
  }
  return false;
}

async function shapeAt(sql: Sql, table: string, commit: string): Promise<TableShape> {
  return shapeOf(table, await columnsAt(sql, table, commit));
}

/** The parts that a merge lacks, as the end of a sentence. */
export function mergeLossText({ commit, table, count, lost }: LossyMerge): string {
  return `${commit}, which lacks ${counted(count, 'row')} that ${lost} added to ${table}`;
}
