import { countRowsAt, deletedRows } from '../../dolt/rows/deleted-rows.ts';
import { countDifferingRows, differingRows } from '../../dolt/rows/differing-rows.ts';
import { countRowsAfter, isAfter, timeColumns } from '../../dolt/rows/future-dates.ts';
import { movedRows } from '../../dolt/rows/moved-rows.ts';
import { type Column, columnsAt } from '../../dolt/schema/columns.ts';
import { type TableChange, tableChanges } from '../../dolt/schema/table-changes.ts';
import { isDoltTable } from '../../dolt/sql/identifier.ts';
import type { Sql } from '../../dolt/sql/sql.ts';
import { COUNTED_ROWS, isMassDeletion } from './findings.ts';
import type { Deletion, FutureRows, IncomingChanges } from './incoming-changes.ts';

interface Range {
  readonly from: string;
  readonly to: string;
}

interface Subject {
  /** Every table that the head changes, except Dolt's own. */
  readonly tables: readonly TableChange[];
  /** The latest time that does not count as future. */
  readonly limit: string;
}

/** A table that exists in the second commit. */
type KeptTable = TableChange & { readonly to: string };

/** Reads the rows of a difference that need a check, table by table. */
export async function readIncomingRows(
  sql: Sql,
  range: Range,
  { tables, limit }: Subject,
): Promise<Pick<IncomingChanges, 'deletions' | 'futureRows'>> {
  const deletions: Deletion[] = [];
  const futureRows: FutureRows[] = [];
  for (const change of tables) {
    if (change.to === null || !change.dataChanged) continue;
    const columns = await columnsAt(sql, change.to, range.to);
    const kept = { ...change, to: change.to };
    deletions.push(...(await losses(sql, range, { change: kept, columns })));
    futureRows.push(...(await future(sql, range, { change: kept, columns, limit })));
  }
  return { deletions, futureRows };
}

/** Tables that lose more rows between two commits than may be deleted at once. */
export async function massLosses(sql: Sql, range: Range, maxDelete: number): Promise<Deletion[]> {
  const found: Deletion[] = [];
  for (const change of await tableChanges(sql, range.from, range.to)) {
    const { from } = change;
    if (from === null || isDoltTable(from)) continue;
    if (change.to === null) {
      const before = await countRowsAt(sql, from, range.from);
      found.push({ table: from, before, deleted: before, added: 0, moved: 0, rows: [], whole: true });
      continue;
    }
    if (!change.dataChanged || isDoltTable(change.to)) continue;
    const columns = await columnsAt(sql, change.to, range.to);
    found.push(...(await losses(sql, range, { change: { ...change, to: change.to }, columns })));
  }
  return found.filter((deletion) => isMassDeletion(deletion, maxDelete));
}

async function losses(
  sql: Sql,
  range: Range,
  { change, columns }: { readonly change: KeptTable; readonly columns: readonly Column[] },
): Promise<Deletion[]> {
  const { from, to, comparable, recreated } = change;
  if (from === null) return [];
  const { before, deleted } = await deletedRows(sql, range, { from, to, comparable, recreated });
  // A table that is emptied under another name is a dropped one.
  const whole = from !== to && deleted === before && before > 0;
  if ((before < COUNTED_ROWS && !whole) || deleted === 0) return [];
  const keys = namesOfKeys(columns);
  const choice = { table: to, keys, where: "diff_type = 'removed'" };
  const shown = comparable && keys.length > 0;
  const rows = shown ? await differingRows(sql, range, choice) : [];
  const isMovable = comparable && from === to;
  const { added, moved } = isMovable ? await movedRows(sql, range, to) : { added: 0, moved: [] };
  return [{ table: from, before, deleted, added, moved: moved.length, rows, whole }];
}

async function future(
  sql: Sql,
  range: Range,
  rows: { readonly change: KeptTable; readonly columns: readonly Column[]; readonly limit: string },
): Promise<FutureRows[]> {
  const { change, columns, limit } = rows;
  const table = change.to;
  const keys = namesOfKeys(columns);
  const found: FutureRows[] = [];
  for (const column of timeColumns(columns)) {
    if (!change.comparable) {
      const count = await countRowsAfter(sql, { table, commit: range.to, column, limit });
      if (count > 0) found.push({ table, column: column.name, count, rows: [] });
      continue;
    }
    const choice = { table, keys, where: isAfter(column, 'to_'), parameters: [limit], column: column.name };
    const count = await countDifferingRows(sql, range, choice);
    if (count > 0) found.push({ table, column: column.name, count, rows: await differingRows(sql, range, choice) });
  }
  return found;
}

function namesOfKeys(columns: readonly Column[]): string[] {
  return columns.filter(({ primary }) => primary).map(({ name }) => name);
}
