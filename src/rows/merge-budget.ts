import { Budget } from '../core/budget.ts';
import type { ResolvedRow } from './resolved-row.ts';

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
