import type { Cells } from '../dolt/cell.ts';
import { anySide, type ConflictRow } from '../dolt/conflict-rows.ts';
import type { Sql } from '../dolt/sql.ts';
import { ordinaryColumns, type TableShape, tableShape } from '../dolt/table-shape.ts';
import type { Contest } from '../rows/contest.ts';
import { readContests } from '../rows/read-contests.ts';
import { readableTable, readConflicts } from '../rows/readable-table.ts';
import type { LeftCell, LeftRow } from './conflicts-file.ts';

/** The merge that is open, seen from the town. */
export interface OpenMerge {
  /** The commit that it was begun on. */
  readonly onto: string;
  /** Whether what the merge calls theirs is what this town has. */
  readonly swapped: boolean;
}

/** A row in conflict of an open merge. */
export interface OpenRow {
  readonly left: LeftRow;
  readonly conflict: ConflictRow;
  readonly contest: Contest;
}

/** What is in conflict in one table of an open merge; a table without a primary key has one row for all. */
export interface OpenTable {
  readonly shape: TableShape;
  readonly rows: readonly OpenRow[];
  /** Whether the rows were read from the commits of the merge, because Dolt shows their conflicts wrongly. */
  readonly isReadByCommit: boolean;
}

/**
 * Reads the rows in conflict of one table.
 * @throws Failure `dolt-defect` where this Dolt shows them wrongly
 */
export async function openTable(sql: Sql, table: string, merge: OpenMerge): Promise<OpenTable> {
  const shape = await tableShape(sql, table);
  const open = await readableTable(sql, shape);
  const conflicts = await readConflicts(sql, shape, open);
  const isReadByCommit = open.conflicts.length > 0;
  const contests = await readContests(sql, shape, { rows: conflicts, onto: merge.onto });
  const rows = conflicts.map((conflict, index) => {
    const contest = contests[index] ?? { kind: 'changed', contested: [], theirs: [] };
    return { conflict, contest, left: leftRow(shape, { conflict, contest }, merge.swapped) };
  });
  if (shape.key.length > 0) return { shape, rows, isReadByCommit };
  const [first] = rows;
  return { shape, rows: first === undefined ? [] : [{ ...first, left: keylessRow(table) }], isReadByCommit };
}

/** Rows of a table without a primary key cannot be told apart, so one choice counts for all of them. */
function keylessRow(table: string): LeftRow {
  return { table, key: {}, kind: 'keyless', cells: {}, choose: null };
}

function leftRow(
  shape: TableShape,
  { conflict, contest }: { readonly conflict: ConflictRow; readonly contest: Contest },
  swapped: boolean,
): LeftRow {
  const { base } = conflict;
  const [ours, theirs] = swapped ? [conflict.theirs, conflict.ours] : [conflict.ours, conflict.theirs];
  const cells = contest.contested.map((name): [string, LeftCell] => [
    name,
    {
      ...version('base', base, name),
      ...version('ours', ours, name),
      ...version('theirs', theirs, name),
      choose: null,
    },
  ]);
  const row = { table: shape.name, key: anySide(conflict, shape), cells: Object.fromEntries(cells), choose: null };
  if (contest.kind === 'changed') return { ...row, kind: 'changed' };
  if (contest.kind === 'added') return { ...row, kind: 'id-collision' };
  return { ...row, kind: 'deleted', deletedBy: ours === null ? 'ours' : 'theirs' };
}

/** A side's value, where the side has the row and the column. */
function version(side: 'base' | 'ours' | 'theirs', cells: Cells | null, name: string): Partial<LeftCell> {
  return cells !== null && Object.hasOwn(cells, name) ? { [side]: cells[name] ?? null } : {};
}

/** The columns of a table in conflict that hold values of their own and are not its key. */
export function contestable(shape: TableShape): string[] {
  return ordinaryColumns(shape).filter((name) => !shape.key.includes(name));
}
