import type { Conflict } from '../../contract/result.ts';
import type { ConflictStrategy } from '../../contract/vocabulary.ts';
import type { Failure } from '../../core/failure.ts';
import { isAncestor } from '../../dolt/sql/history.ts';
import { fastForward } from '../../dolt/sql/merge.ts';
import type { Sql } from '../../dolt/sql/sql.ts';
import { mergeHead } from '../../rows/merge.ts';
import { conflictOf, type ResolvedRow } from '../../rows/resolved-row.ts';

/** A peer's head, and how conflicts with it are resolved. */
export interface StrategyHead {
  readonly head: string;
  readonly strategy: ConflictStrategy;
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
  /** What the report of each merge may take. */
  readonly reportBytes: number;
}

/** A fold in progress: the current commit on its branch, and how it was made. */
export class Folding {
  readonly #sql: Sql;
  readonly #town: FoldingDatabase;
  readonly merged: string[];
  readonly steps: FoldStep[] = [];
  head: string;
  readonly made: string[] = [];

  constructor(sql: Sql, local: FoldingDatabase & { readonly start: string }) {
    this.#sql = sql;
    this.#town = local;
    this.head = local.start;
    this.merged = [local.start];
  }

  /**
   * Whether a head needs no merge because one of the two contains the other; the fold is then at the containing one.
   */
  async takes(head: string, branch: string): Promise<boolean> {
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
    const { database, ours, reportBytes } = this.#town;
    const swapped = head === ours;
    const heads = { ours: this.head, theirs: head };
    const result = await mergeHead(sql, { database, onto: this.head, head, strategy, swapped, reportBytes });
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
