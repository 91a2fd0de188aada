import type { PendingRows } from '../dolt/rows/pending-rows.ts';
import type { MergeBudget } from './merge-budget.ts';
import type { TablePolicy } from './table-policy.ts';

/** One merge while it is open: a head is merged onto another, and nothing is committed yet. */
export interface Merging {
  /** Name of the database, for looking into histories. */
  readonly database: string;
  readonly ours: string;
  readonly theirs: string;
  /** Their best common ancestor, which the merge took for its base. */
  readonly base: string;
  readonly policyOf: (table: string) => TablePolicy;
  /** What it may hold in our memory. */
  readonly budget: MergeBudget;
  /** Decided rows that are written once the unique keys are settled. */
  readonly pending: PendingRows;
}

/** The two heads of a merge: what the merge was begun on, and what is merged onto it. */
export type Side = 'ours' | 'theirs';

/** The other one. */
export function otherSide(side: Side): Side {
  return side === 'ours' ? 'theirs' : 'ours';
}
