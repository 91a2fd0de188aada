import { groupBy } from '../core/group-by.ts';
import type { Cells } from '../dolt/cell.ts';
import { keyOf, keyText } from '../dolt/row-key.ts';
import { rowWrites } from '../dolt/row-writes.ts';
import type { Sql } from '../dolt/sql.ts';
import { removeRows, rowsByKey } from '../dolt/stored-rows.ts';
import { hasTriggers, type TableShape, tableShape } from '../dolt/table-shape.ts';
import { rowsUnderOneKey } from '../dolt/unique-index.ts';
import type { Violation } from '../dolt/violations.ts';
import { compareRows, compareValues } from './compare-values.ts';
import { createdTime } from './created.ts';
import type { Merging } from './merging.ts';
import { firesTriggers } from './restore.ts';
import type { Side } from './side.ts';
import { readSideHistory } from './side-history.ts';
import type { ToldRow } from './told-row.ts';

/** A row, and what decides whether it stays. */
export interface Rival {
  readonly row: Cells;
  readonly side: Side;
  readonly created: string;
}

export interface Removed {
  readonly table: string;
  readonly key: Cells;
}

/**
 * Of rows that share a unique key, keeps the one created first (of several at one time, the one with the smaller
 * primary key) and removes the others.
 * @param broken the broken unique indexes
 * @throws Failure `constraint-violation` where that would fire a trigger
 */
export async function settleDuplicates(
  sql: Sql,
  merging: Merging,
  broken: readonly Violation[],
): Promise<{ readonly told: readonly ToldRow[]; readonly removed: readonly Removed[] }> {
  const told: ToldRow[] = [];
  const removed: Removed[] = [];
  const indexes = groupBy(broken, ({ table, name }) => JSON.stringify([table, name]));
  for (const group of indexes.values()) {
    const [first] = group;
    if (first === undefined) continue;
    const shape = await tableShape(sql, first.table);
    if (await hasTriggers(sql, shape.name)) throw firesTriggers(shape.name, 'removing duplicate');
    const index = { name: first.name, keys: group.map(({ row }) => keyOf(shape, row)) };
    for (const rows of await rowsUnderOneKey(sql, shape, index)) {
      const rivals = await rivalsOf(sql, merging, { shape, rows });
      const [kept, ...losers] = rivals.toSorted((a, b) => compareRivals(shape, a, b));
      if (kept === undefined) continue;
      for (const loser of losers) {
        told.push(toldOf(shape, kept, loser));
        removed.push({ table: shape.name, key: keyOf(shape, loser.row) });
      }
      await removeRows(
        sql,
        shape,
        losers.map(({ row }) => keyOf(shape, row)),
      );
    }
  }
  return { told, removed };
}

/** The order in which rivals stay: created first, then the smaller primary key. */
export function compareRivals(shape: TableShape, a: Rival, b: Rival): number {
  if (a.created !== b.created) return a.created < b.created ? -1 : 1;
  const keys = shape.columns.filter(({ name }) => shape.key.includes(name));
  return compareRows(a.row, b.row, keys);
}

async function rivalsOf(
  sql: Sql,
  merging: Merging,
  group: { readonly shape: TableShape; readonly rows: readonly Cells[] },
): Promise<Rival[]> {
  const { shape, rows } = group;
  const keys = rows.map((row) => keyOf(shape, row));
  const atOurs = await rowsByKey(sql, shape, { keys, commit: merging.ours });
  const ourKeys = new Set(atOurs.map((row) => keyText(shape, row)));
  const rivals: Rival[] = [];
  for (const row of rows) {
    const side: Side = ourKeys.has(keyText(shape, row)) ? 'ours' : 'theirs';
    rivals.push({ row, side, created: await createdOn(sql, merging, { shape, row, side }) });
  }
  return rivals;
}

async function createdOn(
  sql: Sql,
  merging: Merging,
  one: { readonly shape: TableShape; readonly row: Cells; readonly side: Side },
): Promise<string> {
  const { shape, row, side } = one;
  const { database } = merging;
  const head = merging[side];
  const history = { database, head, since: merging.base, shape, columns: [], keys: [keyOf(shape, row)] };
  const writes = (await rowWrites(sql, history)).get(keyText(shape, row)) ?? [];
  return createdTime(shape, { row, writes }, await readSideHistory(sql, { base: merging.base, head }));
}

function toldOf(shape: TableShape, kept: Rival, loser: Rival): ToldRow {
  const sides = { [kept.side]: kept.row, [loser.side]: loser.row };
  const reason = kept.created === loser.created ? 'smaller-key' : 'created-first';
  return {
    kind: 'duplicate',
    table: shape.name,
    key: keyOf(shape, kept.row),
    columns: shape.columns.flatMap(({ name, type }) =>
      compareValues(kept.row[name] ?? null, loser.row[name] ?? null, type) === 0 ? [] : [name],
    ),
    base: null,
    ours: sides['ours'] ?? null,
    theirs: sides['theirs'] ?? null,
    wins: [{ column: null, side: kept.side, reason }],
    left: false,
  };
}
