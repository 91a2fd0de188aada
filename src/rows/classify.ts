import type { ConflictRow } from '../dolt/rows/conflict-rows.ts';
import { openMergeTable } from '../dolt/rows/open-merge-table.ts';
import type { Rewrite } from '../dolt/rows/rewrite-rows.ts';
import type { TableDefinition } from '../dolt/schema/readability.ts';
import { columnNamesAt, ordinaryColumns, type TableShape } from '../dolt/schema/table-shape.ts';
import type { Cells } from '../dolt/sql/cell.ts';
import type { Sql } from '../dolt/sql/sql.ts';
import { formerCells, type IsFormer } from './former-cells.ts';

/** The changes of the two sides to one row, column by column, before any decision. */
export interface RowConflict {
  /** `changed` on both sides, `added` on both, or changed on one and deleted on the other. */
  readonly kind: 'changed' | 'added' | 'deleted-by-ours' | 'deleted-by-theirs';
  /** Columns that both changed to different values; after a deletion, those that the other side changed. */
  readonly conflicting: readonly string[];
  /** Columns that only they changed. */
  readonly theirs: readonly string[];
}

/**
 * Compares the three versions of a row. A change that was reverted does not count.
 * @param columns the merged table's ordinary columns without the key
 * @param newHere of the columns that the base lacks, those that only they added
 * @param isFormer decides about cells whose text is not that of the base
 */
export function rowConflictOf(
  row: ConflictRow,
  columns: readonly string[],
  newHere: ReadonlySet<string>,
  isFormer: IsFormer = (_, value, before) => value === before,
): RowConflict {
  const { base, ours, theirs } = row;
  if (ours === null) return { kind: 'deleted-by-ours', conflicting: differing(columns, base, theirs), theirs: [] };
  if (theirs === null) return { kind: 'deleted-by-theirs', conflicting: differing(columns, base, ours), theirs: [] };
  if (base === null) return { kind: 'added', conflicting: differing(columns, ours, theirs), theirs: [] };
  const conflicting: string[] = [];
  const onlyTheirs: string[] = [];
  for (const name of differing(columns, ours, theirs)) {
    if (!Object.hasOwn(theirs, name)) continue;
    const before = Object.hasOwn(base, name) ? (base[name] ?? null) : undefined;
    if (newHere.has(name) && before === undefined) onlyTheirs.push(name);
    else if (isFormer(name, ours[name] ?? null, before)) onlyTheirs.push(name);
    else if (!isFormer(name, theirs[name] ?? null, before)) conflicting.push(name);
  }
  return { kind: 'changed', conflicting, theirs: onlyTheirs };
}

/**
 * Whether one side deleted a row that the other one did not change. If both sides gave an ENUM another type, Dolt 2.3.0
 * lists such rows (measured).
 */
export function isOnlyDeleted({ base, ours, theirs }: ConflictRow): boolean {
  const kept = ours ?? theirs;
  if (base === null || kept === null || (ours !== null && theirs !== null)) return false;
  const cell = (row: Cells, name: string): string | null => (Object.hasOwn(row, name) ? (row[name] ?? null) : null);
  return Object.keys({ ...base, ...kept }).every((name) => cell(base, name) === cell(kept, name));
}

function differing(columns: readonly string[], a: Cells | null, b: Cells | null): string[] {
  return columns.filter((name) => (a?.[name] ?? null) !== (b?.[name] ?? null));
}

interface ComparedColumns {
  /** The ordinary columns of the merged table without the key. */
  readonly columns: readonly string[];
  /** Those that our side lacks. */
  readonly newHere: ReadonlySet<string>;
}

export function columnsOfMerge(shape: TableShape, ours: TableDefinition | null): ComparedColumns {
  const columns = ordinaryColumns(shape).filter((name) => !shape.key.includes(name));
  return { columns, newHere: new Set(columns.filter((name) => ours?.columns.includes(name) !== true)) };
}

/**
 * The row that a merge has if at most one side changed each of its cells.
 * @returns its source, null if both sides changed a cell
 */
export function resultOf(row: ConflictRow, { columns, newHere }: ComparedColumns): Rewrite['take'] | null {
  const { base, ours, theirs } = row;
  // Only one side has the row, and the base does not.
  if (base === null && theirs === null) return 'ours';
  if (base === null && ours === null) return 'row';
  const { conflicting, theirs: onlyTheirs } = rowConflictOf(row, columns, newHere);
  if (conflicting.length > 0) return null;
  if (ours === null || theirs === null) return 'deletion';
  return onlyTheirs.length === 0 ? 'ours' : onlyTheirs;
}

/** The row that such a result means; null: none. */
export function decidedRow({ ours, theirs }: ConflictRow, take: Rewrite['take']): Cells | null {
  if (take === 'deletion') return null;
  if (take === 'row') return theirs;
  const taken = take === 'ours' ? [] : take;
  return { ...theirs, ...ours, ...Object.fromEntries(taken.map((name) => [name, theirs?.[name] ?? null])) };
}

/**
 * The changes of the two sides to the given rows of one table, in the order of the rows.
 * @param of.onto the commit that the merge started on
 */
export async function readRowConflicts(
  sql: Sql,
  shape: TableShape,
  of: { readonly rows: readonly ConflictRow[]; readonly onto: string },
): Promise<RowConflict[]> {
  const columns = ordinaryColumns(shape).filter((name) => !shape.key.includes(name));
  const isNew = of.rows.some(({ base }) => base !== null && columns.some((name) => !Object.hasOwn(base, name)));
  const before = isNew ? await columnNamesAt(sql, shape.name, of.onto) : null;
  const newHere = new Set(before === null ? [] : columns.filter((name) => !before.has(name)));
  const sides = isNew ? await openMergeTable(sql, shape.name) : { ours: null, theirs: null };
  const types = new Map(shape.columns.map(({ name, type }) => [name, type]));
  const isFormer = formerCells({ ...sides, types });
  return of.rows.map((row) => rowConflictOf(row, columns, newHere, isFormer));
}
