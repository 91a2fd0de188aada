import type { Conflict } from '../contract/result.ts';
import type { ConflictStrategy } from '../contract/vocabulary.ts';
import type { Failure } from '../core/failure.ts';
import { checkout, createBranch } from '../dolt/heads.ts';
import { isAncestor } from '../dolt/history.ts';
import { beginMerging, fastForward, signsDeterministically } from '../dolt/merge.ts';
import type { Database, Sql } from '../dolt/sql.ts';
import { type Merged, mergeHead } from '../merge/merge-head.ts';
import { conflictOf, type ToldRow } from '../merge/told-row.ts';

/** A peer's head, and how conflicts with it are settled. */
export interface StrategyHead {
  readonly head: string;
  readonly strategy: ConflictStrategy;
}

interface FoldPlan {
  /** This town's head; for how rows are told. */
  readonly ours: string;
  /** One or more heads to fold under `newest`, none an ancestor of another, in any order. */
  readonly newest: readonly string[];
  /** Heads to merge onto that, in this order. */
  readonly others: readonly StrategyHead[];
  /** Name of the branch to make; it stays, whatever the outcome. */
  readonly branch: string;
}

/** Rows that merging one head settled, or that stopped it. */
export interface FoldStep {
  readonly head: string;
  /** The heads that had been merged before it. */
  readonly onto: readonly string[];
  readonly conflicts: readonly Conflict[];
}

/** Why a head was left out. `conflicts` are told from our side: ours is what this town has. */
export interface Dropped {
  readonly failure: Failure;
  readonly conflicts: readonly Conflict[];
}

/** A fold that went through, or the head under `newest` at which it stopped. */
export type Fold =
  | {
      readonly kind: 'folded';
      readonly head: string;
      readonly steps: readonly FoldStep[];
      /** Heads with a strategy of their own that could not be merged. */
      readonly dropped: ReadonlyMap<string, Dropped>;
      /** Merge commits, and how many of them depend on more than the set of heads. */
      readonly commits: number;
      readonly ownWay: number;
      /** Whether this Dolt lets us fix who commits. */
      readonly signed: boolean;
    }
  | {
      readonly kind: 'refused';
      readonly head: string;
      /** The heads that were merged before it, in order. */
      readonly merged: readonly string[];
      readonly obstacle: Dropped;
    };

/**
 * Merges heads into one commit on a branch of its own. The part under `newest` is a pure function of the set of heads:
 * they are taken in hash order, and every merge is signed and dated by what it merges.
 */
export async function foldHeads(database: Database, plan: FoldPlan): Promise<Fold> {
  const [lowest = plan.ours, ...newest] = [...plan.newest].sort();
  await createBranch(database, { name: plan.branch, at: lowest });
  return database.session(async (sql) => {
    await beginMerging(sql);
    await checkout(sql, plan.branch);
    const folding = new Folding(sql, { database: database.name, ours: plan.ours, start: lowest });
    for (const head of newest) {
      const merged = [...folding.merged];
      const obstacle = await folding.merge({ head, strategy: 'newest' });
      if (obstacle !== null) return { kind: 'refused', head, merged, obstacle };
    }
    const inCommon = folding.commits;
    const dropped = new Map<string, Dropped>();
    for (const other of plan.others) {
      if (await folding.takes(other.head, plan.branch)) continue;
      const obstacle = await folding.merge(other);
      if (obstacle !== null) dropped.set(other.head, obstacle);
    }
    const { head, steps, commits } = folding;
    const signed = await signsDeterministically(sql);
    return { kind: 'folded', head, steps, dropped, commits, ownWay: commits - inCommon, signed };
  });
}

/** A fold on its way. */
class Folding {
  readonly #sql: Sql;
  readonly #town: { readonly database: string; readonly ours: string };
  readonly merged: string[];
  readonly steps: FoldStep[] = [];
  head: string;
  commits = 0;

  constructor(sql: Sql, town: { readonly database: string; readonly ours: string; readonly start: string }) {
    this.#sql = sql;
    this.#town = town;
    this.head = town.start;
    this.merged = [town.start];
  }

  /** Whether a head needs no merge, since one of the two contains the other; then that one is where the fold is. */
  async takes(head: string, branch: string): Promise<boolean> {
    if (await isAncestor(this.#sql, head, this.head)) return true;
    if (!(await isAncestor(this.#sql, this.head, head))) return false;
    await fastForward(this.#sql, { branch, to: head });
    await this.#sql.run('COMMIT');
    this.head = head;
    this.merged.push(head);
    return true;
  }

  /** Merges one head. @returns null, or why it was not merged */
  async merge({ head, strategy }: StrategyHead): Promise<Dropped | null> {
    const { database, ours } = this.#town;
    const swapped = head === ours;
    const heads = { ours: this.head, theirs: head };
    const result: Merged = await mergeHead(this.#sql, { database, onto: this.head, head, strategy, swapped });
    const tell = (rows: readonly ToldRow[]): Conflict[] => rows.map((row) => conflictOf(row, { heads, swapped }));
    if (result.kind === 'refused') {
      return { failure: result.obstacle.failure, conflicts: tell(result.obstacle.rows) };
    }
    if (result.rows.length > 0) this.steps.push({ head, onto: [...this.merged], conflicts: tell(result.rows) });
    this.head = result.commit;
    this.commits += 1;
    this.merged.push(head);
    return null;
  }
}
