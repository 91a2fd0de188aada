import { Budget } from '../core/budget.ts';
import type { ResolvedRow } from './resolved-row.ts';

const MIB = 1024 * 1024;

/** Rows, their versions and their histories that one merge may hold at a time. */
export const MERGE_BYTES = 256 * MIB;
/** What the reports of all merges of a run may take, as JSON: one text of it fits into memory more than once. */
export const REPORT_BYTES = 256 * MIB;
/** The most of that for one merge. */
export const MOST_REPORT_BYTES = 32 * MIB;

/** What one merge may hold in our memory. */
export interface MergeBudget {
  readonly rows: Budget;
  readonly report: Budget;
}

/** The share of one peer in what all reports may take, so that none takes it from the others. */
export function reportShare(peers: number): number {
  return Math.min(MOST_REPORT_BYTES, Math.floor(REPORT_BYTES / Math.max(1, peers)));
}

export function mergeBudget(reportBytes = MOST_REPORT_BYTES): MergeBudget {
  return {
    rows: new Budget('the rows and histories that this merge reads together', MERGE_BYTES),
    report: new Budget('the reports of the rows in conflict', reportBytes),
  };
}

/** Takes what the report of a row needs. */
export function takeReport({ report }: MergeBudget, row: ResolvedRow): void {
  report.take(JSON.stringify(row).length);
}
