import type { Conflict } from '../../contract/result.ts';
import { groupBy, inParts } from '../../core/lists.ts';
import { mayHoldLarge } from '../../dolt/rows/conflict-rows.ts';
import { keyText } from '../../dolt/rows/row-key.ts';
import { rowsByKeyText } from '../../dolt/rows/stored-rows.ts';
import { tableShape } from '../../dolt/schema/table-shape.ts';
import type { Cells } from '../../dolt/sql/cell.ts';
import type { Sql } from '../../dolt/sql/sql.ts';
import { shortened } from '../../rows/resolved-row.ts';
import type { FoldStep } from './fold.ts';

/**
 * A conflict, the head of the peer that it is reported for, and the heads of other peers with the value that is ours
 * here.
 */
export interface Attributed {
  readonly head: string;
  readonly between: readonly string[];
  readonly conflict: Conflict;
}

/** Rows per statement, for tables without large rows. */
const BATCH = 200;

/**
 * Finds the peer of each conflict of a merge. If our head was merged onto several others, that is the first one with
 * the row as the report shows it, else the last.
 */
export async function attribute(sql: Sql, step: FoldStep, ours: string): Promise<Attributed[]> {
  const { head, onto, conflicts } = step;
  if (head !== ours) {
    const between = onto.includes(ours) ? [] : onto;
    return conflicts.map((conflict) => ({ head, between, conflict }));
  }
  const owners = onto.length < 2 ? new Map<Conflict, string>() : await ownersOf(sql, onto, conflicts);
  const last = onto.at(-1) ?? '';
  return conflicts.map((conflict) => ({ head: owners.get(conflict) ?? last, between: [], conflict }));
}

async function ownersOf(
  sql: Sql,
  heads: readonly string[],
  conflicts: readonly Conflict[],
): Promise<Map<Conflict, string>> {
  const owners = new Map<Conflict, string>();
  for (const [table, all] of groupBy(conflicts, (conflict) => conflict.table)) {
    const shape = await tableShape(sql, table);
    for (const part of inParts(all, mayHoldLarge(shape.columns) ? 1 : BATCH)) {
      for (const commit of heads) {
        const open = part.filter((conflict) => !owners.has(conflict));
        if (open.length === 0) break;
        const byKey = await rowsByKeyText(sql, shape, { keys: open.map(({ key }) => key), commit });
        for (const conflict of open) {
          if (isOf(conflict, byKey.get(keyText(shape, conflict.key)))) owners.set(conflict, commit);
        }
      }
    }
  }
  return owners;
}

/** Whether a row equals the `theirs` of a conflict. */
function isOf({ theirs, columns }: Conflict, row: Cells | undefined): boolean {
  if (theirs === null) return row === undefined;
  return columns.every((name) => shortened(row?.[name] ?? null) === theirs[name]);
}
