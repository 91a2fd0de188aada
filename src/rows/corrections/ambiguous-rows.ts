import { isDeepStrictEqual } from 'node:util';
import type { Budget } from '../../core/budget.ts';
import { inParts } from '../../core/lists.ts';
import { type ConflictRow, conflictBytes, conflictsByCommit, tablesInConflict } from '../../dolt/rows/conflict-rows.ts';
import { rowDiffs } from '../../dolt/rows/differing-rows.ts';
import { type MergeHeads, openMergeTable } from '../../dolt/rows/open-merge-table.ts';
import type { PendingRows } from '../../dolt/rows/pending-rows.ts';
import { clearConflicts, dropConflicts } from '../../dolt/rows/resolve-conflicts.ts';
import { type Rewrite, rewriteRows } from '../../dolt/rows/rewrite-rows.ts';
import { keyOf, keyText } from '../../dolt/rows/row-key.ts';
import { rowsByKeyText } from '../../dolt/rows/stored-rows.ts';
import { hasShadowedDiff } from '../../dolt/schema/readability.ts';
import { columnNamesAt, ordinaryColumns, type TableShape, tableShape } from '../../dolt/schema/table-shape.ts';
import { type Cells, cellsSchema } from '../../dolt/sql/cell.ts';
import { differences } from '../../dolt/sql/differences.ts';
import { mergeBases } from '../../dolt/sql/history.ts';
import { quoted } from '../../dolt/sql/identifier.ts';
import type { Sql } from '../../dolt/sql/sql.ts';
import { columnsOfMerge, decidedRow, resultOf } from '../classify.ts';
import { CommonRows, KEYS_PER_STATEMENT } from './row-bases.ts';
import {
  type Compared,
  depends,
  requireSameDefinition,
  requireSameOwnTables,
  requireSameTables,
  rootsOf,
  type Table,
} from './several-bases.ts';

/** Rows of one table that Dolt may merge without a conflict although both sides changed them. The commits decide them. */
export interface AmbiguousTable {
  /** Those to be resolved like other rows in conflict. */
  readonly conflicts: readonly ConflictRow[];
  /** The keys of all of them. */
  readonly keys: readonly Cells[];
}

/** By table; only tables that have ambiguous rows. */
export type AmbiguousRows = ReadonlyMap<string, AmbiguousTable>;

/**
 * Corrects the open merge where its result depends on which of several merge bases is taken: Dolt takes one, and so takes
 * back a change that was made after the two sides had merged the same commits (2.3.0, measured). The base of such rows is
 * the merge of all bases. Rows that only one side changed since are written; the others are returned as conflicts, and
 * Dolt's own conflicts of them are removed.
 * @throws Failure `dolt-defect` if a table, a part of its definition, a row without a key or of a table of Dolt depends on
 * the base
 */
export async function correctAmbiguousRows(
  sql: Sql,
  heads: MergeHeads,
  { pending, budget }: { readonly pending: PendingRows; readonly budget?: Budget | undefined },
): Promise<AmbiguousRows> {
  const bases = await mergeBases(sql, heads.ours, heads.theirs);
  if (bases.length < 2) return new Map();
  const compared = { ...heads, bases, roots: (await rootsOf(sql, bases)).roots };
  const found = new Map<string, AmbiguousTable>();
  await requireSameOwnTables(sql, compared);
  for (const table of await requireSameTables(sql, compared)) {
    const shape = await tableShape(sql, table);
    const open = await openMergeTable(sql, table);
    await requireSameDefinition(sql, compared, { shape, open });
    const rows = await ambiguousRows(sql, compared, { shape, open, budget });
    if (rows.length === 0) continue;
    await rewriteRows(sql, shape, open, await unwritten(sql, { shape, rows }), pending);
    const keys = rows.map(({ key }) => key);
    if (open.conflicts.length === 0) await dropConflicts(sql, shape, keys);
    else await clearIfNone(sql, { shape, open, keys });
    const conflicts = rows.flatMap(({ conflict, take }) => (take === null ? [conflict] : []));
    found.set(table, { conflicts, keys });
  }
  return found;
}

/**
 * The tables with rows in conflict, sorted by name.
 * @param listed those that Dolt listed before the correction
 */
export async function tablesToResolve(
  sql: Sql,
  ambiguous: AmbiguousRows,
  listed: readonly string[],
): Promise<readonly string[]> {
  // The correction removes conflicts of ambiguous rows only.
  if (ambiguous.size === 0) return listed;
  const added = [...ambiguous].flatMap(([table, { conflicts }]) => (conflicts.length > 0 ? [table] : []));
  return [...new Set([...(await tablesInConflict(sql)), ...added])].sort();
}

/** The ambiguous rows; the merge may remove them. */
export function namedRows(ambiguous: AmbiguousRows): { readonly table: string; readonly key: Cells }[] {
  return [...ambiguous].flatMap(([table, { keys }]) => keys.map((key) => ({ table, key })));
}

interface AmbiguousRow {
  readonly key: Cells;
  readonly conflict: ConflictRow;
  /** The result, if only one side changed the row since the bases; null if both did. */
  readonly take: Rewrite['take'] | null;
}

/** The rows that differ between the two sides, and for which the merge of all bases is not the base that Dolt took. */
async function ambiguousRows(
  sql: Sql,
  { bases, ours, theirs, base }: Compared,
  { shape, open, budget }: Table & { readonly budget: Budget | undefined },
): Promise<AmbiguousRow[]> {
  const candidates = await candidatesOf(sql, shape, { bases, ours, theirs, base });
  const [anyKey] = candidates.values();
  if (shape.key.length === 0 && anyKey !== undefined) throw depends(`a row of ${shape.name} is in the merge`);
  if (anyKey === undefined) return [];
  const compared = columnsOfMerge(shape, open.ours);
  const rows = new CommonRows(sql, shape, { ours, theirs });
  const found: AmbiguousRow[] = [];
  for (const keys of inParts([...candidates.values()], KEYS_PER_STATEMENT)) {
    const common = await rows.of(bases, keys);
    const [before, here, there] = [await rows.at(base, keys), await rows.at(ours, keys), await rows.at(theirs, keys)];
    for (const key of keys) {
      const id = keyText(shape, key);
      const merged = common.get(id) ?? null;
      if (isDeepStrictEqual(merged, before.get(id) ?? null)) continue;
      const sides = { ours: here.get(id) ?? null, theirs: there.get(id) ?? null };
      const conflict = { id, base: merged, ...sides, isAmbiguous: true } as const;
      budget?.take(conflictBytes(conflict));
      found.push({ key, conflict, take: resultOf(conflict, compared) });
    }
  }
  return found;
}

/** The keys of the rows that differ between the two sides, and may differ between the bases. */
async function candidatesOf(
  sql: Sql,
  shape: TableShape,
  { bases, ours, theirs, base }: Omit<Compared, 'roots'>,
): Promise<ReadonlyMap<string, Cells>> {
  const differing = await keysOf(sql, shape, { from: ours, to: theirs });
  const columns = new Set<string>();
  for (const one of bases) columns.add(JSON.stringify([...(await columnNamesAt(sql, shape.name, one))]));
  // A row is stored alike with and without a column that is NULL, so no diff shows that only one base has the column.
  if (columns.size > 1) return differing;
  const found = new Map<string, Cells>();
  for (const other of bases.slice(1)) {
    for (const [id, key] of await keysOf(sql, shape, { from: base, to: other })) {
      if (differing.has(id)) found.set(id, key);
    }
  }
  return found;
}

/** The keys of the rows that differ between two commits, by their text; of a table without a key, the whole rows. */
async function keysOf(
  sql: Sql,
  shape: TableShape,
  range: { readonly from: string; readonly to: string },
): Promise<Map<string, Cells>> {
  const { key, name } = shape;
  if (key.length > 0 && !hasShadowedDiff(key)) {
    const columns = ['to_', 'from_'].flatMap((prefix) => key.map((column) => quoted(`${prefix}${column}`)));
    const { text, values } = await differences(sql, range, name);
    const rows = await sql.rows(cellsSchema, `SELECT ${columns.join(', ')}, diff_type FROM ${text}`, values);
    const keys = rows.map((row) => keyOf(shape, row, row['diff_type'] === 'removed' ? 'from_' : 'to_'));
    return new Map(keys.map((cells) => [keyText(shape, cells), cells]));
  }
  const rows = (await rowDiffs(sql, range, name)).flatMap(({ from, to }): Cells[] => {
    const cells = to ?? from;
    return cells === null ? [] : [cells];
  });
  if (key.length === 0) return new Map(rows.map((row) => [JSON.stringify(row), row]));
  return new Map(rows.map((row) => [keyText(shape, row), keyOf(shape, row)]));
}

/** The decided rows that the merge does not have as they were decided. */
async function unwritten(
  sql: Sql,
  { shape, rows }: { readonly shape: TableShape; readonly rows: readonly AmbiguousRow[] },
): Promise<Rewrite[]> {
  const columns = ordinaryColumns(shape);
  const found: Rewrite[] = [];
  for (const part of inParts(rows, KEYS_PER_STATEMENT)) {
    const merged = await rowsByKeyText(sql, shape, { keys: part.map(({ key }) => key) });
    for (const { key, conflict, take } of part) {
      if (take === null) continue;
      const [row, wanted] = [merged.get(conflict.id) ?? null, decidedRow(conflict, take)];
      const isWritten =
        row === null || wanted === null
          ? row === wanted
          : columns.every((name) => (row[name] ?? null) === (wanted[name] ?? null));
      if (!isWritten) found.push({ key, take, set: [] });
    }
  }
  return found;
}

/** Dolt's conflicts of a table that it shows wrongly can only be removed together. */
export async function clearIfNone(
  sql: Sql,
  { shape, open, keys }: Table & { readonly keys: readonly Cells[] },
): Promise<void> {
  const ambiguous = new Set(keys.map((key) => keyText(shape, key)));
  if ((await conflictsByCommit(sql, shape, open, { ambiguous })).length === 0) await clearConflicts(sql, shape.name);
}
