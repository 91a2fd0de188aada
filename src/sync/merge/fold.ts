import type { Conflict } from '../../contract/result.ts';
import type { ConflictStrategy } from '../../contract/vocabulary.ts';
import type { Failure } from '../../core/failure.ts';
import type { Engine } from '../../dolt/server/engines.ts';
import { checkout, createBranch } from '../../dolt/sql/heads.ts';
import { isAncestor } from '../../dolt/sql/history.ts';
import { beginMerging, fastForward, signsDeterministically } from '../../dolt/sql/merge.ts';
import type { Sql } from '../../dolt/sql/sql.ts';
import { mergeHead } from '../../rows/merge.ts';
import { conflictOf, type ResolvedRow } from '../../rows/resolved-row.ts';
import type { DatabaseRules } from '../../rows/table-policy.ts';
import type { MergeLimits } from './limits.ts';

/** A peer's head, and how conflicts with it are resolved. */
export interface StrategyHead {
  readonly head: string;
  readonly strategy: ConflictStrategy;
  /** Whether it is a commit of this run that a remote has, so that it must be kept like our head. */
  readonly isPublished?: boolean;
}

/** Rows that were resolved when one head was merged. */
export interface FoldStep {
  readonly head: string;
  /** The heads that had been merged before it. */
  readonly onto: readonly string[];
  readonly conflicts: readonly Conflict[];
}

/** Why a head was rejected. `conflicts` are reported from our side: `ours` is our row. */
export interface RejectedHead {
  readonly failure: Failure;
  readonly conflicts: readonly Conflict[];
}

interface FoldingDatabase {
  readonly database: string;
  readonly ours: string;
  /** Maximum size of the report of one merge, in bytes. */
  readonly reportBytes: number;
  readonly rules: DatabaseRules;
}

/** A fold in progress: the current commit on its branch, and how it was made. */
class Folding {
  readonly #sql: Sql;
  readonly #local: FoldingDatabase;
  readonly merged: string[];
  readonly steps: FoldStep[] = [];
  head: string;
  readonly made: string[] = [];

  constructor(sql: Sql, local: FoldingDatabase & { readonly start: string }) {
    this.#sql = sql;
    this.#local = local;
    this.head = local.start;
    this.merged = [local.start];
  }

  /**
   * Whether a head needs no merge because one of the two contains the other; the fold is then at the containing one.
   */
  async fastForwardOrSkip(head: string, branch: string): Promise<boolean> {
    if (await isAncestor(this.#sql, head, this.head)) return true;
    if (!(await isAncestor(this.#sql, this.head, head))) return false;
    await fastForward(this.#sql, { branch, to: head });
    await this.#sql.run('COMMIT');
    this.head = head;
    this.merged.push(head);
    return true;
  }

  /**
   * Merges one head.
   * @param sql the connection of the fold, limited to the time of the merge
   * @returns null, or why it was not merged
   */
  async merge(sql: Sql, { head, strategy }: StrategyHead): Promise<RejectedHead | null> {
    const { database, ours, reportBytes, rules } = this.#local;
    const swapped = head === ours;
    const heads = { ours: this.head, theirs: head };
    const result = await mergeHead(sql, { database, onto: this.head, head, strategy, swapped, reportBytes, rules });
    const reportRows = (rows: readonly ResolvedRow[]): Conflict[] =>
      rows.map((row) => conflictOf(row, { heads, swapped }));
    if (result.kind === 'refused') {
      return { failure: result.mergeFailure.failure, conflicts: reportRows(result.mergeFailure.rows) };
    }
    if (result.rows.length > 0) this.steps.push({ head, onto: [...this.merged], conflicts: reportRows(result.rows) });
    this.head = result.commit;
    this.made.push(result.commit);
    this.merged.push(head);
    return null;
  }
}

interface FoldPlan {
  /** Our head; conflicts are reported from its side. */
  readonly ours: string;
  /** One or more heads to fold under `newest`, in any order; none is an ancestor of another. */
  readonly newest: readonly string[];
  /** Heads to merge onto that, in this order. */
  readonly others: readonly StrategyHead[];
  /** Heads under `newest` that were rejected before; absent: none. */
  readonly rejected?: ReadonlyMap<string, RejectedHead>;
  /** Name of the branch to create; it stays in any case. */
  readonly branch: string;
  /** The limits of each merge in time and size. */
  readonly limits: MergeLimits;
  readonly rules: DatabaseRules;
}

/** A completed fold, or the head under `newest` at which it stopped. */
export type Fold =
  | {
      readonly kind: 'folded';
      readonly head: string;
      readonly steps: readonly FoldStep[];
      /** Heads with their own strategy that could not be merged. */
      readonly dropped: ReadonlyMap<string, RejectedHead>;
      /** The merge commits that this fold made. */
      readonly made: readonly string[];
      /** How many of them follow a peer's own strategy, so that they depend on more than the set of heads. */
      readonly strategyMerges: number;
      /** Whether this Dolt lets us set the committer. */
      readonly committerFixed: boolean;
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
      rules: plan.rules,
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
      if (await folding.fastForwardOrSkip(other.head, plan.branch)) continue;
      const inner = await containsOne(sql, other.head, new Map([...(plan.rejected ?? []), ...dropped]));
      // With the rejected head it can have what was decided about it. Nothing of that head is decided here.
      const refused = await merge(inner === null ? other : { ...other, strategy: 'manual' });
      if (refused !== null) dropped.set(other.head, inner ?? refused);
    }
    const { head, steps, made } = folding;
    const committerFixed = await signsDeterministically(sql);
    return { kind: 'folded', head, steps, dropped, made, strategyMerges: made.length - inCommon, committerFixed };
  });
}

/** Why the first rejected head was rejected that a head contains; null: it contains none. */
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
  pair: Pick<FoldPlan, 'ours' | 'branch' | 'limits' | 'rules'> & { readonly head: string },
): Promise<RejectedHead | null> {
  const { ours, head, branch, limits, rules } = pair;
  const fold = await foldHeads(engine, { ours, newest: [ours, head], others: [], branch, limits, rules });
  return fold.kind === 'folded' ? null : fold.mergeFailure;
}
