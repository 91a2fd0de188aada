import { anySide, type ConflictRow } from '../dolt/rows/conflict-rows.ts';
import { ordinaryColumns, type TableShape, tableShape } from '../dolt/schema/table-shape.ts';
import type { Cells } from '../dolt/sql/cell.ts';
import type { Sql } from '../dolt/sql/sql.ts';
import { withoutDerived } from '../rows/choose-row.ts';
import type { RowConflict } from '../rows/classify.ts';
import { readRowConflicts } from '../rows/classify.ts';
import type { AmbiguousRows } from '../rows/corrections/ambiguous-rows.ts';
import { readableTable, readConflicts } from '../rows/readable-table.ts';
import type { TablePolicy } from '../rows/table-policy.ts';
import type { UnresolvedCell, UnresolvedRow } from './conflicts-file.ts';

/** The open merge, from our side. */
export interface OpenMerge {
  /** The commit that it started on. */
  readonly onto: string;
  /** Whether `theirs` of the merge is our side. */
  readonly swapped: boolean;
}

/** A row in conflict of an open merge. */
export interface OpenRow {
  readonly unresolved: UnresolvedRow;
  readonly conflict: ConflictRow;
  readonly rowConflict: RowConflict;
}

/** The conflicts in one table of an open merge; a table without a primary key has one row for all. */
export interface OpenTable {
  readonly shape: TableShape;
  readonly rows: readonly OpenRow[];
  /** Whether the rows were read from the commits of the merge, because Dolt shows their conflicts wrongly. */
  readonly isReadByCommit: boolean;
}

/**
 * Reads the rows in conflict of one table.
 * @throws Failure `dolt-defect` if this Dolt shows them wrongly
 */
export async function openTable(
  sql: Sql,
  table: string,
  { ambiguous, policy, ...merge }: OpenMerge & { readonly ambiguous: AmbiguousRows; readonly policy: TablePolicy },
): Promise<OpenTable> {
  const shape = await tableShape(sql, table);
  const open = await readableTable(sql, shape);
  const conflicts = await readConflicts(sql, shape, open, { ambiguous: ambiguous.get(table) });
  const isReadByCommit = open.conflicts.length > 0;
  const rowConflicts = await readRowConflicts(sql, shape, { rows: conflicts, onto: merge.onto });
  const rows = conflicts.map((conflict, index) => {
    const found = rowConflicts[index] ?? { kind: 'changed', conflicting: [], theirs: [] };
    const rowConflict = withoutDerived(found, policy);
    return { conflict, rowConflict, unresolved: unresolvedRow(shape, { conflict, rowConflict }, merge.swapped) };
  });
  if (shape.key.length > 0) return { shape, rows, isReadByCommit };
  const [first] = rows;
  if (first === undefined) return { shape, rows: [], isReadByCommit };
  return { shape, rows: [{ ...first, unresolved: keylessRow(table, conflicts, merge.swapped) }], isReadByCommit };
}

/** A table without a primary key has a conflict for each group of equal rows; one choice applies to all of them. */
function keylessRow(table: string, conflicts: readonly ConflictRow[], swapped: boolean): UnresolvedRow {
  const rows = conflicts.map(({ base, ours, theirs }) => {
    const [own, other] = swapped ? [theirs, ours] : [ours, theirs];
    const found = [own, other, base].find((side) => countOf(side) > 0);
    const { [COUNT]: _, ...row } = found ?? {};
    return { row, base: countOf(base), ours: countOf(own), theirs: countOf(other) };
  });
  return { table, key: {}, kind: 'keyless', cells: {}, rows, choose: null };
}

/** Dolt 2.3.0 adds it to each version of the rows; `readableTable` refuses tables with a column of that name. */
const COUNT = 'cardinality';

function countOf(side: Cells | null): number {
  return Number(side?.[COUNT] ?? 0);
}

function unresolvedRow(
  shape: TableShape,
  { conflict, rowConflict }: { readonly conflict: ConflictRow; readonly rowConflict: RowConflict },
  swapped: boolean,
): UnresolvedRow {
  const { base } = conflict;
  const [ours, theirs] = swapped ? [conflict.theirs, conflict.ours] : [conflict.ours, conflict.theirs];
  const cells = rowConflict.conflicting.map((name): [string, UnresolvedCell] => [
    name,
    {
      ...version('base', base, name),
      ...version('ours', ours, name),
      ...version('theirs', theirs, name),
      choose: null,
    },
  ]);
  const row = { table: shape.name, key: anySide(conflict, shape), cells: Object.fromEntries(cells), choose: null };
  if (rowConflict.kind === 'changed') return { ...row, kind: 'changed' };
  if (rowConflict.kind === 'added') return { ...row, kind: 'id-collision' };
  return { ...row, kind: 'deleted', deletedBy: ours === null ? 'ours' : 'theirs' };
}

/** A side's value, if the side has the row and the column. */
function version(side: 'base' | 'ours' | 'theirs', cells: Cells | null, name: string): Partial<UnresolvedCell> {
  return cells !== null && Object.hasOwn(cells, name) ? { [side]: cells[name] ?? null } : {};
}

/** The columns of a table in conflict that are neither generated nor part of the key. */
export function comparableColumns(shape: TableShape): string[] {
  return ordinaryColumns(shape).filter((name) => !shape.key.includes(name));
}
