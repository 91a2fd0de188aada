import { type Column, columnsAt } from '../dolt/columns.ts';
import { deletedRows } from '../dolt/deleted-rows.ts';
import { countDifferingRows, differingRows } from '../dolt/differing-rows.ts';
import { countRowsAfter, isAfter, timeColumn } from '../dolt/future-dates.ts';
import { movedRows } from '../dolt/moved-rows.ts';
import type { Sql } from '../dolt/sql.ts';
import type { TableChange } from '../dolt/table-changes.ts';
import type { Brought, Deletion, FutureRows } from './brought.ts';
import { COUNTED_ROWS } from './screen-findings.ts';

interface Range {
  readonly from: string;
  readonly to: string;
}

interface Subject {
  /** Every table that the head changes. */
  readonly brought: readonly TableChange[];
  /** Those of them that are not Dolt's own. */
  readonly tables: readonly TableChange[];
  /** The latest moment that is no future. */
  readonly limit: string;
}

/** A table that is there in the second commit. */
type KeptTable = TableChange & { readonly to: string };

/** The tables by which a commit says what stays out of commits, or comes from another branch. */
const LOCAL_TABLES = ['dolt_ignore', 'dolt_nonlocal_tables'];

/** Reads the rows of a difference that are of interest, table by table. */
export async function lookAtRows(
  sql: Sql,
  range: Range,
  { brought, tables, limit }: Subject,
): Promise<Pick<Brought, 'localTables' | 'deletions' | 'futureRows'>> {
  const localTables: Brought['localTables'][number][] = [];
  for (const { from, to } of brought) {
    const table = to ?? from ?? '';
    if (LOCAL_TABLES.includes(table)) localTables.push(await localChange(sql, range, table));
  }
  const deletions: Deletion[] = [];
  const futureRows: FutureRows[] = [];
  for (const change of tables) {
    if (change.to === null || !change.dataChanged) continue;
    const columns = await columnsAt(sql, change.to, range.to);
    const kept = { ...change, to: change.to };
    deletions.push(...(await losses(sql, range, { change: kept, columns })));
    futureRows.push(...(await future(sql, range, { change: kept, columns, limit })));
  }
  return { localTables, deletions, futureRows };
}

async function localChange(sql: Sql, range: Range, table: string): Promise<Brought['localTables'][number]> {
  const keys = table === 'dolt_ignore' ? ['pattern'] : ['table_name'];
  const choice = { table, keys, where: 'TRUE' };
  return {
    table,
    count: await countDifferingRows(sql, range, choice),
    rows: await differingRows(sql, range, choice),
  };
}

async function losses(
  sql: Sql,
  range: Range,
  { change, columns }: { readonly change: KeptTable; readonly columns: readonly Column[] },
): Promise<Deletion[]> {
  const { from, to, comparable } = change;
  if (from === null) return [];
  const { before, deleted } = await deletedRows(sql, range, { from, to, comparable });
  if (before < COUNTED_ROWS || deleted === 0) return [];
  const keys = namesOfKeys(columns);
  const choice = { table: to, keys, where: "diff_type = 'removed'" };
  const shown = comparable && keys.length > 0;
  const rows = shown ? await differingRows(sql, range, choice) : [];
  const isMovable = comparable && from === to;
  const { added, moved } = isMovable ? await movedRows(sql, range, to) : { added: 0, moved: [] };
  return [{ table: from, before, deleted, added, moved: moved.length, rows }];
}

async function future(
  sql: Sql,
  range: Range,
  rows: { readonly change: KeptTable; readonly columns: readonly Column[]; readonly limit: string },
): Promise<FutureRows[]> {
  const { change, columns, limit } = rows;
  const column = timeColumn(columns);
  if (column === null) return [];
  const table = change.to;
  if (!change.comparable) {
    const count = await countRowsAfter(sql, { table, commit: range.to, column, limit });
    return count === 0 ? [] : [{ table, column: column.name, count, rows: [] }];
  }
  const keys = namesOfKeys(columns);
  const choice = { table, keys, where: isAfter(column, 'to_'), parameters: [limit], column: column.name };
  const count = await countDifferingRows(sql, range, choice);
  if (count === 0) return [];
  return [{ table, column: column.name, count, rows: await differingRows(sql, range, choice) }];
}

function namesOfKeys(columns: readonly Column[]): string[] {
  return columns.filter(({ primary }) => primary).map(({ name }) => name);
}
