import type { Database } from '../dolt/sql.ts';
import { foldHeads } from './fold.ts';
import type { Dropped } from './folding.ts';

/**
 * Whether one head merges with ours when nobody else is involved.
 * @returns null where it does, else why not, told from our side
 */
export async function fitsOurs(
  database: Database,
  pair: { readonly ours: string; readonly head: string; readonly branch: string },
): Promise<Dropped | null> {
  const { ours, head, branch } = pair;
  const fold = await foldHeads(database, { ours, newest: [ours, head], others: [], branch });
  return fold.kind === 'folded' ? null : fold.obstacle;
}
