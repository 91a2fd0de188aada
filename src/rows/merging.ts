import type { PendingRows } from '../dolt/rows/pending-rows.ts';
import type { TableShape } from '../dolt/schema/table-shape.ts';
import type { Cells } from '../dolt/sql/cell.ts';
import type { MergeBudget } from './merge-budget.ts';
import type { TablePolicy } from './table-policy.ts';

/** An open merge: a head is merged onto another, and nothing is committed yet. */
export interface Merging {
  /** Name of the database, to read histories. */
  readonly database: string;
  readonly ours: string;
  readonly theirs: string;
  /** Their merge base. */
  readonly base: string;
  readonly policyOf: (table: string) => TablePolicy;
  /** Its memory limits. */
  readonly budget: MergeBudget;
  /** Decided rows that are written after the unique keys are resolved. */
  readonly pending: PendingRows;
}

/** The two heads of a merge: the one it started on, and the one merged onto it. */
export type Side = 'ours' | 'theirs';

/** Rows of one table, and the side that has them. */
export interface SideRows {
  readonly shape: TableShape;
  readonly side: Side;
  readonly keys: readonly Cells[];
}

/** The other side. */
export function otherSide(side: Side): Side {
  return side === 'ours' ? 'theirs' : 'ours';
}
