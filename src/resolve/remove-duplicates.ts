import type { Cells } from '../dolt/cell.ts';
import { keyOf, keyText } from '../dolt/row-key.ts';
import type { Sql } from '../dolt/sql.ts';
import { removeRows } from '../dolt/stored-rows.ts';
import { hasTriggers, type TableShape } from '../dolt/table-shape.ts';
import { firesTriggers } from '../rows/restore.ts';
import { rowName } from './conflicts-file.ts';
import type { Decided } from './decide.ts';
import type { OpenDuplicate } from './open-duplicates.ts';

/**
 * Removes the row of each pair that was not chosen to stay.
 * @throws Failure `constraint-violation` where that would fire a trigger
 */
export async function removeDuplicates(
  sql: Sql,
  duplicates: readonly OpenDuplicate[],
  decided: Decided,
): Promise<void> {
  const gone = new Map<string, { readonly shape: TableShape; readonly row: Cells }>();
  for (const { shape, left, ours, theirs } of duplicates) {
    const decision = decided.decisions.get(rowName(left));
    if (decision?.kind !== 'row') continue;
    const row = decision.take === 'ours' ? theirs : ours;
    gone.set(`${shape.name} ${keyText(shape, row)}`, { shape, row });
  }
  for (const { shape, row } of gone.values()) {
    if (await hasTriggers(sql, shape.name)) throw firesTriggers(shape.name, 'removing');
    await removeRows(sql, shape, [keyOf(shape, row)]);
  }
}
