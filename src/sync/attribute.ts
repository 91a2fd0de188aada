import type { Conflict } from '../contract/result.ts';
import type { Sql } from '../dolt/sql.ts';
import { rowsByKey } from '../dolt/stored-rows.ts';
import { tableShape } from '../dolt/table-shape.ts';
import { shortened } from '../rows/shortened.ts';
import type { FoldStep } from './folding.ts';

/** A conflict, the head of the peer that it is told of, and the heads of other peers whose value ours is. */
export interface Attributed {
  readonly head: string;
  readonly between: readonly string[];
  readonly conflict: Conflict;
}

/**
 * Says which peer each conflict of a fold is with. Where our head was merged onto several others, that is the one that
 * has the row as the report shows it.
 */
export async function attribute(sql: Sql, steps: readonly FoldStep[], ours: string): Promise<Attributed[]> {
  const told: Attributed[] = [];
  for (const { head, onto, conflicts } of steps) {
    for (const conflict of conflicts) {
      if (head === ours) told.push({ head: await ownerOf(sql, onto, conflict), between: [], conflict });
      else told.push({ head, between: onto.includes(ours) ? [] : onto, conflict });
    }
  }
  return told;
}

async function ownerOf(sql: Sql, heads: readonly string[], conflict: Conflict): Promise<string> {
  const last = heads.at(-1) ?? '';
  if (heads.length < 2) return last;
  const shape = await tableShape(sql, conflict.table);
  for (const head of heads) {
    const [row] = await rowsByKey(sql, shape, { keys: [conflict.key], commit: head });
    const { theirs, columns } = conflict;
    const isSame =
      theirs === null ? row === undefined : columns.every((name) => shortened(row?.[name] ?? null) === theirs[name]);
    if (isSame) return head;
  }
  return last;
}
