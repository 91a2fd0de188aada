import type { Engine } from '../dolt/engines.ts';
import { foldHeads } from './fold.ts';
import type { Dropped } from './folding.ts';
import type { MergeLimits } from './merge-limits.ts';

/**
 * Whether one head merges with ours when nobody else is involved.
 * @returns null where it does, else why not, told from our side
 */
export async function fitsOurs(
  engine: Engine,
  pair: { readonly ours: string; readonly head: string; readonly branch: string; readonly limits: MergeLimits },
): Promise<Dropped | null> {
  const { ours, head, branch, limits } = pair;
  const fold = await foldHeads(engine, { ours, newest: [ours, head], others: [], branch, limits });
  return fold.kind === 'folded' ? null : fold.obstacle;
}
