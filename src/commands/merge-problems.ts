import type { MergeReport, Problem } from '../contract/result.ts';
import { problem } from './peer-result.ts';

/** What a reader should know of a run's merges besides their rows: said once, however many there were. */
export function mergeProblems(merge: MergeReport | null): Problem[] {
  if (merge?.because !== 'committer') return [];
  const message = 'this Dolt cannot fix committer and date, so two towns that merge the same heads make two commits';
  return [problem('warning', 'merge-not-deterministic', { message })];
}
