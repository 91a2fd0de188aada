import type { MergeReport } from '../contract/result.ts';

/** The merges of two attempts of one run together. */
export function addMerges(before: MergeReport | null, now: MergeReport): MergeReport {
  if (before === null) return now;
  const because = before.because ?? now.because;
  return { protocol: 2, deterministic: because === null, because, commits: before.commits + now.commits };
}
