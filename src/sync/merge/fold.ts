import type { Engine } from '../../dolt/server/engines.ts';
import { checkout, createBranch } from '../../dolt/sql/heads.ts';
import { isAncestor } from '../../dolt/sql/history.ts';
import { beginMerging, signsDeterministically } from '../../dolt/sql/merge.ts';
import type { Sql } from '../../dolt/sql/sql.ts';
import { Folding, type FoldStep, type RejectedHead, type StrategyHead } from './folding.ts';
import type { MergeLimits } from './limits.ts';

interface FoldPlan {
  /** Our head; conflicts are reported from its side. */
  readonly ours: string;
  /** One or more heads to fold under `newest`, in any order; none is an ancestor of another. */
  readonly newest: readonly string[];
  /** Heads to merge onto that, in this order. */
  readonly others: readonly StrategyHead[];
  /** Name of the branch to create; it stays in any case. */
  readonly branch: string;
  /** What each merge may take. */
  readonly limits: MergeLimits;
}

/** A completed fold, or the head under `newest` at which it stopped. */
export type Fold =
  | {
      readonly kind: 'folded';
      readonly head: string;
      readonly steps: readonly FoldStep[];
      /** Heads with their own strategy that could not be merged. */
      readonly dropped: ReadonlyMap<string, RejectedHead>;
      /** Merge commits, and how many of them depend on more than the set of heads. */
      readonly made: readonly string[];
      readonly ownWay: number;
      /** Whether this Dolt lets us set the committer. */
      readonly signed: boolean;
    }
  | {
      readonly kind: 'refused';
      readonly head: string;
      /** The heads that were merged before it, in order. */
      readonly merged: readonly string[];
      readonly mergeFailure: RejectedHead;
    };

/**
 * Merges heads into one commit on a separate branch. The part under `newest` is a pure function of the set of heads:
 * they are taken in hash order, and author and date of every merge derive from its parents.
 */
export async function foldHeads(engine: Engine, plan: FoldPlan): Promise<Fold> {
  const { database } = engine;
  const [lowest = plan.ours, ...newest] = [...plan.newest].sort();
  await createBranch(database, { name: plan.branch, at: lowest });
  return database.session(async (sql, connection) => {
    await beginMerging(sql);
    await checkout(sql, plan.branch);
    const folding = new Folding(sql, {
      database: database.name,
      ours: plan.ours,
      start: lowest,
      reportBytes: plan.limits.reportBytes,
    });
    const merge = (head: StrategyHead): Promise<RejectedHead | null> => {
      const step = { merged: folding.merged, head: head.head };
      return plan.limits.merge(engine, { session: { sql, connection }, step }, (bound) => folding.merge(bound, head));
    };
    for (const head of newest) {
      const merged = [...folding.merged];
      const mergeFailure = await merge({ head, strategy: 'newest' });
      if (mergeFailure !== null) return { kind: 'refused', head, merged, mergeFailure };
    }
    const inCommon = folding.made.length;
    const dropped = new Map<string, RejectedHead>();
    for (const other of plan.others) {
      if (await folding.takes(other.head, plan.branch)) continue;
      const why = (await containsOne(sql, other.head, dropped)) ?? (await merge(other));
      if (why !== null) dropped.set(other.head, why);
    }
    const { head, steps, made } = folding;
    const signed = await signsDeterministically(sql);
    return { kind: 'folded', head, steps, dropped, made, ownWay: made.length - inCommon, signed };
  });
}

/** Why a head is rejected that contains a rejected one. */
async function containsOne(
  sql: Sql,
  head: string,
  dropped: ReadonlyMap<string, RejectedHead>,
): Promise<RejectedHead | null> {
  for (const [inner, why] of dropped) if (await isAncestor(sql, inner, head)) return why;
  return null;
}

/**
 * Whether one head merges with ours alone.
 * @returns null if it does, else the reason, from our side
 */
export async function fitsOurs(
  engine: Engine,
  pair: { readonly ours: string; readonly head: string; readonly branch: string; readonly limits: MergeLimits },
): Promise<RejectedHead | null> {
  const { ours, head, branch, limits } = pair;
  const fold = await foldHeads(engine, { ours, newest: [ours, head], others: [], branch, limits });
  return fold.kind === 'folded' ? null : fold.mergeFailure;
}
