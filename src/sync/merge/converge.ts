import type { MergeReport } from '../../contract/result.ts';
import type { Engine } from '../../dolt/server/engines.ts';
import { createBranch } from '../../dolt/sql/heads.ts';
import { isAncestor, minimalHeads } from '../../dolt/sql/history.ts';
import type { Database, Sql } from '../../dolt/sql/sql.ts';
import type { DatabaseRules } from '../../rows/table-policy.ts';
import { type Fold, type FoldStep, foldHeads, type RejectedHead, type StrategyHead } from './fold.ts';
import { isLimit, type MergeLimits } from './limits.ts';
import { rejectHeads } from './reject-heads.ts';
import { Rejections } from './rejections.ts';

export interface Converged {
  /** The commit that contains all heads that could be merged; our head if there is nothing to merge. */
  readonly target: string;
  /** Our head, or the published commit that contains it: that is never rejected, and conflicts are reported from its side. */
  readonly kept: string;
  /** A local branch that points at the target, to push from. */
  readonly branch: string;
  /** Heads that were rejected. */
  readonly dropped: ReadonlyMap<string, RejectedHead>;
  /** Resolutions, merge by merge. */
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
  /** A branch at our head. */
  readonly branch: string;
  /** The limits of each merge in time and size. */
  readonly limits: MergeLimits;
  readonly rules: DatabaseRules;
}

const NO_MERGE: MergeReport = { protocol: 2, deterministic: true, because: null, commits: 0 };

/** The report of a merge whose head was rejected because of a limit. */
export function limited(merge: MergeReport): MergeReport {
  return { ...merge, deterministic: false, because: merge.because ?? 'limit' };
}

/**
 * Merges heads as far as possible: drops heads that another contains, fast-forwards to a single head, and folds
 * several. A head that cannot be merged is rejected with every head under `newest` that contains it, and the fold restarts
 * without them. A head that was rejected beside another one returns once if that other one is rejected later. Our head is never
 * rejected, nor a published commit that contains it: a peer that comes later must not displace those that were served. No
 * local branch moves.
 * @param scratch makes a name for a temporary branch
 */
export async function converge(engine: Engine, heads: Heads, scratch: () => string): Promise<Converged> {
  const { limits, rules } = heads;
  const { database } = engine;
  const ours = await keptHead(database, heads);
  const rejections = new Rejections();
  const clashes = new Map<string, RejectedHead | null>();
  for (;;) {
    const dropped = rejections.byHead();
    const left = heads.theirs.filter(({ head }) => !dropped.has(head));
    const newest = left.flatMap(({ head, strategy }) => (strategy === 'newest' ? [head] : []));
    const minimal = await minimalHeads(database, [ours, ...newest]);
    const others = left.filter(({ strategy }) => strategy !== 'newest');
    const [only, second] = minimal;
    if (second === undefined && (await noneNew(database, only ?? ours, others))) {
      return withoutMerge(database, { ...heads, kept: ours, target: only ?? ours, dropped, scratch });
    }
    const branch = scratch();
    const fold = await foldHeads(engine, { ours, newest: minimal, others, rejected: dropped, branch, limits, rules });
    if (fold.kind === 'folded') {
      for (const [head, why] of fold.dropped) dropped.set(head, why);
      // A head that was merged can contain a rejected one, with what was decided about it.
      for (const head of [...dropped.keys()]) if (await isAncestor(database, head, fold.head)) dropped.delete(head);
      const merge = reportOf(fold, dropped);
      return { target: fold.head, kept: ours, branch, dropped, steps: fold.steps, merge, made: fold.made };
    }
    const { heads: rejected, beside } = await rejectHeads(engine, { ours, fold, clashes, scratch, limits, rules });
    // The fold tries those with a strategy of their own.
    const all = heads.theirs.flatMap((one) => (one.strategy === 'newest' ? [one.head] : []));
    for (const [head, why] of rejected) {
      rejections.add({ head, heads: await headsContaining(database, all, head), why, beside });
    }
  }
}

/** Our head, or the last of the published commits that contains it. */
async function keptHead(sql: Sql, { ours, theirs }: Pick<Heads, 'ours' | 'theirs'>): Promise<string> {
  let kept = ours;
  for (const { head, isPublished = false } of theirs)
    if (isPublished && (await isAncestor(sql, kept, head))) kept = head;
  return kept;
}

async function noneNew(database: Database, head: string, others: readonly StrategyHead[]): Promise<boolean> {
  for (const other of others) if (!(await isAncestor(database, other.head, head))) return false;
  return true;
}

/** All heads are in one of them, so that nothing is merged. */
async function withoutMerge(
  database: Database,
  at: Heads & {
    readonly target: string;
    readonly kept: string;
    readonly dropped: ReadonlyMap<string, RejectedHead>;
    readonly scratch: () => string;
  },
): Promise<Converged> {
  const { target, kept, dropped } = at;
  const merge = passedLimit(dropped) ? limited(NO_MERGE) : NO_MERGE;
  const found = { target, kept, dropped, steps: [], merge, made: [] };
  if (target === at.ours) return { ...found, branch: at.branch };
  const branch = at.scratch();
  await createBranch(database, { name: branch, at: target });
  return { ...found, branch };
}

/** Whether a head was rejected because of a limit; another machine may have merged it. */
function passedLimit(dropped: ReadonlyMap<string, RejectedHead>): boolean {
  return [...dropped.values()].some(({ failure }) => isLimit(failure));
}

function reportOf(
  { made, strategyMerges, committerFixed }: Extract<Fold, { kind: 'folded' }>,
  dropped: ReadonlyMap<string, RejectedHead>,
): MergeReport {
  const limit = passedLimit(dropped) ? 'limit' : null;
  const because = strategyMerges > 0 ? 'strategy' : made.length > 0 && !committerFixed ? 'committer' : limit;
  return { protocol: 2, deterministic: because === null, because, commits: made.length };
}

/** Those of the heads that contain a commit. */
async function headsContaining(sql: Sql, heads: readonly string[], commit: string): Promise<string[]> {
  const contains = await Promise.all(heads.map((head) => isAncestor(sql, commit, head)));
  return heads.filter((_, index) => contains[index]);
}
