import type { MergeReport } from '../contract/result.ts';
import { createBranch } from '../dolt/heads.ts';
import { isAncestor } from '../dolt/history.ts';
import type { Database } from '../dolt/sql.ts';
import { headsToDrop } from './dropped-head.ts';
import { fitsOurs } from './fits-ours.ts';
import { type Fold, foldHeads } from './fold.ts';
import type { Dropped, FoldStep, StrategyHead } from './folding.ts';
import { headsContaining, minimalHeads } from './minimal-heads.ts';

export interface Converged {
  /** The commit at which everybody who can be merged meets; our head where there is nothing to merge. */
  readonly target: string;
  /** A local branch that points at the target, to push from. */
  readonly branch: string;
  /** Heads that were left out. */
  readonly dropped: ReadonlyMap<string, Dropped>;
  /** What was settled on the way, merge by merge. */
  readonly steps: readonly FoldStep[];
  readonly merge: MergeReport;
  /** The merge commits behind the target that this call made. */
  readonly made: readonly string[];
}

interface Heads {
  /** Our head. */
  readonly ours: string;
  /** The heads of the peers that may be merged, in the order of their names; ours may be among them. */
  readonly theirs: readonly StrategyHead[];
  /** The branch that stands at our head. */
  readonly branch: string;
}

const NO_MERGE: MergeReport = { protocol: 2, deterministic: true, because: null, commits: 0 };

/**
 * Brings heads together as far as they go: drops what another contains, fast-forwards where one is left, folds where
 * there are several. A head whose merge is refused is left out with every head that contains it, and the fold starts
 * again without it. No branch of the town moves.
 * @param scratch makes a name for a temporary branch
 */
export async function converge(database: Database, heads: Heads, scratch: () => string): Promise<Converged> {
  const { ours } = heads;
  const dropped = new Map<string, Dropped>();
  for (;;) {
    const left = heads.theirs.filter(({ head }) => !dropped.has(head));
    const newest = left.flatMap(({ head, strategy }) => (strategy === 'newest' ? [head] : []));
    const minimal = await minimalHeads(database, [ours, ...newest]);
    const others = left.filter(({ strategy }) => strategy !== 'newest');
    const [only, second] = minimal;
    if (second === undefined && (await noneNew(database, only ?? ours, others))) {
      return settle(database, { ...heads, target: only ?? ours, dropped, scratch });
    }
    const branch = scratch();
    const fold = await foldHeads(database, { ours, newest: minimal, others, branch });
    if (fold.kind === 'folded') {
      for (const [head, why] of fold.dropped) dropped.set(head, why);
      return { target: fold.head, branch, dropped, steps: fold.steps, merge: reportOf(fold), made: fold.made };
    }
    for (const [head, why] of await giveWay(database, { ours, fold, scratch })) {
      const all = left.map((one) => one.head);
      for (const containing of await headsContaining(database, all, head)) dropped.set(containing, why);
    }
  }
}

async function noneNew(database: Database, head: string, others: readonly StrategyHead[]): Promise<boolean> {
  for (const other of others) if (!(await isAncestor(database, other.head, head))) return false;
  return true;
}

async function settle(
  database: Database,
  at: Heads & {
    readonly target: string;
    readonly dropped: ReadonlyMap<string, Dropped>;
    readonly scratch: () => string;
  },
): Promise<Converged> {
  const { target, dropped } = at;
  const found = { target, dropped, steps: [], merge: NO_MERGE, made: [] };
  if (target === at.ours) return { ...found, branch: at.branch };
  const branch = at.scratch();
  await createBranch(database, { name: branch, at: target });
  return { ...found, branch };
}

function reportOf({ made, ownWay, signed }: Extract<Fold, { kind: 'folded' }>): MergeReport {
  const because = ownWay > 0 ? 'strategy' : made.length > 0 && !signed ? 'committer' : null;
  return { protocol: 2, deterministic: because === null, because, commits: made.length };
}

type Refused = Extract<Fold, { kind: 'refused' }>;

async function giveWay(
  database: Database,
  stopped: { readonly ours: string; readonly fold: Refused; readonly scratch: () => string },
): Promise<Map<string, Dropped>> {
  const { ours, fold } = stopped;
  const clashes = new Map<string, Dropped>();
  if (fold.head === ours && fold.merged.length > 1) {
    for (const head of fold.merged) {
      const alone = await fitsOurs(database, { ours, head, branch: stopped.scratch() });
      if (alone !== null) clashes.set(head, alone);
    }
  }
  const drop = headsToDrop({ ours, refused: fold.head, merged: fold.merged, clashWithOurs: [...clashes.keys()] });
  return new Map(drop.map((head) => [head, clashes.get(head) ?? fold.obstacle]));
}
