import { combine, type ReportRequest } from '../../src/commands/report/index.ts';
import type { ReadFile } from '../../src/commands/report/read-results.ts';
import type { ReportResult, RunResult } from '../../src/contract/result.ts';

export const REPORT_REQUEST: ReportRequest = { files: [], failOn: 'any', reportValues: 'full', untrusted: false };

/** A result as the file of a leg. */
export const asFile = (result: RunResult, index: number): ReadFile => ({ file: `r${index}.json`, kind: 'run', result });

/** The report of these results. */
export function reported(results: readonly RunResult[], over: Partial<ReportRequest> = {}): ReportResult {
  return combine(results.map(asFile), { ...REPORT_REQUEST, ...over });
}
