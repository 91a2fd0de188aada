import { Failure } from '../core/failure.ts';
import type { Cells } from '../dolt/cell.ts';
import { childrenOf, foreignKeys } from '../dolt/foreign-keys.ts';
import { keyOf } from '../dolt/row-key.ts';
import type { Sql } from '../dolt/sql.ts';
import { bringBack } from '../dolt/stored-rows.ts';
import { hasTriggers, ordinaryColumns, type TableShape, tableShape } from '../dolt/table-shape.ts';
import type { Merging } from './merging.ts';
import type { Side } from './side.ts';
import type { ToldRow } from './told-row.ts';

/** Rows of one table that came back or outlived a deletion, and the side that has them. */
export interface Survivors {
  readonly shape: TableShape;
  readonly side: Side;
  readonly keys: readonly Cells[];
}

/**
 * Brings back the rows that referred to survivors in the merge base and went with them, and those that referred to
 * these, and so on: as the surviving side has them, where it still has them.
 * @throws Failure `constraint-violation` where that would fire a trigger
 */
export async function restoreChildren(sql: Sql, merging: Merging, survivors: readonly Survivors[]): Promise<ToldRow[]> {
  const references = survivors.length === 0 ? [] : await foreignKeys(sql);
  const told: ToldRow[] = [];
  const open = [...survivors];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { shape: parent, side, keys } = next;
    for (const key of references.filter((one) => one.parent.toLowerCase() === parent.name.toLowerCase())) {
      const child = await tableShape(sql, key.table);
      if (child.key.length === 0) continue;
      const children = await childrenOf(sql, { key, child, parent }, { commit: merging.base, parents: keys });
      const restored = await restoreRows(sql, merging, { shape: child, side, keys: children });
      told.push(...restored.told);
      if (restored.keys.length > 0) open.push({ shape: child, side, keys: restored.keys });
    }
  }
  return told;
}

/**
 * Brings back rows as one side has them; those that are there already, or that the side has not, are passed over.
 * @throws Failure `constraint-violation` where that would fire a trigger
 */
export async function restoreRows(
  sql: Sql,
  merging: Merging,
  rows: Survivors,
): Promise<{ readonly keys: readonly Cells[]; readonly told: readonly ToldRow[] }> {
  const { shape, side, keys } = rows;
  if (keys.length === 0) return { keys: [], told: [] };
  const triggers = await hasTriggers(sql, shape.name);
  if (triggers) throw firesTriggers(shape.name, 'bringing back');
  const restored = await bringBack(sql, shape, { commit: merging[side], keys });
  return {
    keys: restored.map((cells) => keyOf(shape, cells)),
    told: restored.map((cells) => ({
      kind: 'restored',
      table: shape.name,
      key: keyOf(shape, cells),
      columns: ordinaryColumns(shape),
      base: null,
      ours: side === 'ours' ? cells : null,
      theirs: side === 'theirs' ? cells : null,
      wins: [],
      left: false,
    })),
  };
}

/** Why a table with triggers is not written: what a peer brought must not run because of us. */
export function firesTriggers(table: string, what: string): Failure {
  return new Failure('constraint-violation', `${what} rows of ${table} would fire its triggers, so it was not done`, {
    hint: `Settle the rows of ${table} on one side by hand, or drop its triggers, then run again.`,
  });
}
