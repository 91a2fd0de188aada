import { groupBy } from '../core/group-by.ts';
import { parentsOf } from '../dolt/foreign-keys.ts';
import { keyOf, keyText } from '../dolt/row-key.ts';
import type { Sql } from '../dolt/sql.ts';
import { tableShape } from '../dolt/table-shape.ts';
import type { Violation } from '../dolt/violations.ts';
import type { Removed } from './duplicates.ts';
import type { Merging } from './merging.ts';
import { restoreFamily, restoreRows } from './restore.ts';
import type { ToldRow } from './told-row.ts';

/**
 * Brings back the rows that orphans refer to, from the side that still has them, and what belongs to these. A parent
 * that neither side has stays away.
 * @param broken.orphans the broken foreign keys
 * @param broken.removed rows that this merge removed itself; they do not come back
 * @throws Failure `constraint-violation` where that would fire a trigger
 */
export async function restoreParents(
  sql: Sql,
  merging: Merging,
  broken: { readonly orphans: readonly Violation[]; readonly removed: readonly Removed[] },
): Promise<ToldRow[]> {
  const told: ToldRow[] = [];
  for (const group of groupBy(broken.orphans, ({ table, name }) => JSON.stringify([table, name])).values()) {
    const [first] = group;
    if (first === undefined || first.parent === null) continue;
    const child = await tableShape(sql, first.table);
    const parent = await tableShape(sql, first.parent.table);
    const key = { table: child.name, columns: first.columns, parent: parent.name, parentColumns: first.parent.columns };
    const children = group.map(({ row }) => keyOf(child, row));
    const gone = broken.removed.flatMap((one) => (one.table === parent.name ? [keyText(parent, one.key)] : []));
    for (const side of ['ours', 'theirs'] as const) {
      const parents = await parentsOf(sql, { key, child, parent }, { commit: merging[side], children });
      const keys = parents.filter((cells) => !gone.includes(keyText(parent, cells)));
      const restored = await restoreRows(sql, merging, { shape: parent, side, keys });
      told.push(...restored.told);
      told.push(...(await restoreFamily(sql, merging, [{ shape: parent, side, keys: restored.keys }])));
    }
  }
  return told;
}
