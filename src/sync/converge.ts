import type { Conflict } from '../contract/result.ts';
import type { Failure } from '../core/failure.ts';
import { swapSides } from '../dolt/conflicts.ts';
import { createBranch } from '../dolt/heads.ts';
import type { Obstacle } from '../dolt/merge-obstacle.ts';
import type { Database } from '../dolt/sql.ts';
import { headsToDrop } from './dropped-head.ts';
import { fitsOurs } from './fits-ours.ts';
import { type Fold, foldHeads } from './fold.ts';
import { headsContaining, minimalHeads } from './minimal-heads.ts';

/** Why a head was left out. `conflicts` are told from our side: ours is what this town has. */
export interface Dropped {
  readonly failure: Failure;
  readonly conflicts: readonly Conflict[];
}

export interface Converged {
  /** The commit at which everybody who can be merged meets; our head where there is nothing to merge. */
  readonly target: string;
  /** A local branch that points at the target, to push from. */
  readonly branch: string;
  /** Heads that were left out. */
  readonly dropped: ReadonlyMap<string, Dropped>;
}

interface Heads {
  /** Our head. */
  readonly ours: string;
  /** The heads of the peers that may be merged; ours may be among them. */
  readonly theirs: readonly string[];
  /** The branch that stands at our head. */
  readonly branch: string;
}

/**
 * Brings heads together as far as they go: drops what another contains, fast-forwards where one is left, folds where
 * there are several. A head whose merge is refused is left out with every head that contains it, and the fold starts
 * again without it. No branch of the town moves.
 * @param scratch makes a name for a temporary branch
 */
export async function converge(database: Database, heads: Heads, scratch: () => string): Promise<Converged> {
  const dropped = new Map<string, Dropped>();
  let candidates = [...new Set(heads.theirs)];
  for (;;) {
    const minimal = await minimalHeads(database, [heads.ours, ...candidates]);
    const [only, second] = minimal;
    if (only === undefined || (second === undefined && only === heads.ours)) {
      return { target: heads.ours, branch: heads.branch, dropped };
    }
    const branch = scratch();
    if (second === undefined) {
      await createBranch(database, { name: branch, at: only });
      return { target: only, branch, dropped };
    }
    const fold = await foldHeads(database, minimal, branch);
    if (fold.kind === 'folded') return { target: fold.head, branch, dropped };
    for (const [head, why] of await giveWay(database, { ours: heads.ours, fold, scratch })) {
      for (const containing of await headsContaining(database, candidates, head)) dropped.set(containing, why);
    }
    candidates = candidates.filter((head) => !dropped.has(head));
  }
}

type Refused = Extract<Fold, { kind: 'refused' }>;

async function giveWay(
  database: Database,
  stopped: { readonly ours: string; readonly fold: Refused; readonly scratch: () => string },
): Promise<Map<string, Dropped>> {
  const { ours, fold } = stopped;
  const told = fold.head === ours ? seenFromOurs(fold.obstacle) : fold.obstacle;
  const clashes = new Map<string, Dropped>();
  if (fold.head === ours && fold.merged.length > 1) {
    for (const head of fold.merged) {
      const alone = await fitsOurs(database, { ours, head, branch: stopped.scratch() });
      if (alone !== null) clashes.set(head, alone);
    }
  }
  const drop = headsToDrop({ ours, refused: fold.head, merged: fold.merged, clashWithOurs: [...clashes.keys()] });
  return new Map(drop.map((head) => [head, clashes.get(head) ?? told]));
}

/** The refused head was ours, so what the merge called theirs is what this town has. */
function seenFromOurs(obstacle: Obstacle): Obstacle {
  return { failure: obstacle.failure, conflicts: obstacle.conflicts.map(swapSides) };
}
