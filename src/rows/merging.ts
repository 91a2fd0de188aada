import { Budget } from '../core/budget.ts';
import type { PendingRows } from '../dolt/rows/pending-rows.ts';
import type { TableShape } from '../dolt/schema/table-shape.ts';
import type { Cells } from '../dolt/sql/cell.ts';
import type { AmbiguousRows } from './corrections/ambiguous-rows.ts';
import type { ResolvedRow } from './resolved-row.ts';
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
  /** Rows that Dolt merged with one of several merge bases, or by a wrong document. */
  readonly ambiguous: AmbiguousRows;
  /** Decided rows that are written after the unique keys are resolved. */
  readonly pending: PendingRows;
}

/** The two heads of a merge: the one it started on, and the one merged onto it. */
export type Side = (typeof SIDES)[number];

export const SIDES = ['ours', 'theirs'] as const;

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

const MIB = 1024 * 1024;

/** Memory for rows, their versions and their histories in one merge. */
export const MERGE_BYTES = 256 * MIB;
/** Size of the reports of all merges of a run, as JSON; several copies of the text fit into memory. */
export const REPORT_BYTES = 256 * MIB;
/** The maximum for one merge. */
export const MOST_REPORT_BYTES = 32 * MIB;

/** The memory limits of one merge. */
export interface MergeBudget {
  readonly rows: Budget;
  readonly report: Budget;
}

/** The share of one peer in the size of all reports, so that no peer uses that of the others. */
export function reportShare(peers: number): number {
  return Math.min(MOST_REPORT_BYTES, Math.floor(REPORT_BYTES / Math.max(1, peers)));
}

export function mergeBudget(reportBytes = MOST_REPORT_BYTES): MergeBudget {
  return {
    rows: new Budget('the rows and histories that this merge reads together', MERGE_BYTES),
    report: new Budget('the reports of the rows in conflict', reportBytes),
  };
}

/** Charges the report of a row. */
export function takeReport({ report }: MergeBudget, row: ResolvedRow): void {
  report.take(JSON.stringify(row).length);
}
