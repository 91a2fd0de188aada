import type { ConflictRow } from '../dolt/conflict-rows.ts';
import type { Sql } from '../dolt/sql.ts';
import { columnNamesAt, ordinaryColumns, type TableShape } from '../dolt/table-shape.ts';
import { type Contest, contestOf } from './contest.ts';

/**
 * What the two sides did to some rows of one table, in the order of the rows.
 * @param of.onto the commit that the merge was begun on
 */
export async function readContests(
  sql: Sql,
  shape: TableShape,
  of: { readonly rows: readonly ConflictRow[]; readonly onto: string },
): Promise<Contest[]> {
  const columns = ordinaryColumns(shape).filter((name) => !shape.key.includes(name));
  const isNew = of.rows.some(({ base }) => base !== null && columns.some((name) => !Object.hasOwn(base, name)));
  const before = isNew ? await columnNamesAt(sql, shape.name, of.onto) : null;
  const newHere = new Set(before === null ? [] : columns.filter((name) => !before.has(name)));
  return of.rows.map((row) => contestOf(row, columns, newHere));
}
