import { swapSides } from '../dolt/conflicts.ts';
import type { Obstacle } from '../dolt/merge-obstacle.ts';
import type { Database } from '../dolt/sql.ts';
import { foldHeads } from './fold.ts';

/**
 * Whether one head merges with ours when nobody else is involved.
 * @returns null where it does, else why not, told from our side
 */
export async function fitsOurs(
  database: Database,
  pair: { readonly ours: string; readonly head: string; readonly branch: string },
): Promise<Obstacle | null> {
  const fold = await foldHeads(database, [pair.ours, pair.head], pair.branch);
  if (fold.kind === 'folded') return null;
  if (fold.head !== pair.ours) return fold.obstacle;
  return { failure: fold.obstacle.failure, conflicts: fold.obstacle.conflicts.map(swapSides) };
}
