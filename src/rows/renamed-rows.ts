import { groupBy } from '../core/lists.ts';
import { movedRows } from '../dolt/rows/moved-rows.ts';
import { keyText } from '../dolt/rows/row-key.ts';
import { columnNamesAt, tableShape } from '../dolt/schema/table-shape.ts';
import type { Sql } from '../dolt/sql/sql.ts';
import type { Merging } from './merging.ts';
import { otherSide, type Side } from './merging.ts';
import type { ResolvedRow } from './resolved-row.ts';

/**
 * Finds renamed rows among those that survived a deletion: the side that deleted the row added one with equal contents
 * under another key. Both rows are in the merge, so a person has to check them.
 * @param reported the results of a merge
 * @returns the same, with these rows as `renamed`
 */
export async function markRenamed(
  sql: Sql,
  merging: Merging,
  reported: readonly ResolvedRow[],
): Promise<ResolvedRow[]> {
  const outlived = reported.flatMap((row) => {
    const keeper = survivingSide(row);
    return keeper === null ? [] : [{ row, keeper }];
  });
  const renamed = new Map<ResolvedRow, ResolvedRow>();
  for (const group of groupBy(outlived, ({ row, keeper }) => JSON.stringify([row.table, keeper])).values()) {
    const [first] = group;
    if (first === undefined) continue;
    const { table } = first.row;
    const to = merging[otherSide(first.keeper)];
    if ((await columnNamesAt(sql, table, merging.base)).size === 0) continue;
    if ((await columnNamesAt(sql, table, to)).size === 0) continue;
    const { moved } = await movedRows(sql, { from: merging.base, to }, table);
    if (moved.length === 0) continue;
    const shape = await tableShape(sql, table);
    const keys = new Map(moved.map((one) => [keyText(shape, one.from), one.to]));
    for (const { row, keeper } of group) {
      const otherKey = keys.get(keyText(shape, row.key));
      if (otherKey === undefined) continue;
      // A restored row has no changes of its own.
      const columns = row.kind === 'restored' ? [] : row.columns;
      renamed.set(row, { ...row, kind: 'renamed', columns, otherKey, left: true, from: keeper });
    }
  }
  return reported.map((row) => renamed.get(row) ?? row);
}

/** The side of a row that the other side deleted and that is in the merge; null for any other row. */
function survivingSide({ kind, ours, theirs, wins }: ResolvedRow): Side | null {
  if (kind === 'deleted') return wins[0]?.reason === 'changed' ? wins[0].side : null;
  if (kind !== 'restored') return null;
  return ours === null && theirs !== null ? 'theirs' : theirs === null && ours !== null ? 'ours' : null;
}
