import type { RunResult } from '../../contract/result.ts';
import type { PullRequestLabel } from '../../contract/vocabulary.ts';

/**
 * The label of a pull request for a run, which is a dry run there unless its event may write.
 * @returns null if it says nothing about the change
 */
export function labelOf({ status, peers }: Pick<RunResult, 'status' | 'peers'>): PullRequestLabel | null {
  switch (status) {
    case 'skipped':
      return plannedLabel(peers);
    case 'conflict':
      return 'conflict';
    case 'failed':
    case 'partial':
      return 'failed';
    case 'success':
      return 'change';
    case 'unchanged':
      return peers.some(moves) ? 'change' : 'no change';
  }
}

/** Of a plan on an event that may not write. Without every peer it cannot say that nothing would change. */
function plannedLabel(peers: RunResult['peers']): PullRequestLabel | null {
  if (peers.every(({ plan }) => plan === undefined)) return null;
  if (peers.some(({ status }) => status === 'conflict')) return 'conflict';
  if (peers.some(({ status }) => status === 'failed')) return 'failed';
  if (peers.some(moves)) return 'change';
  return peers.some(({ notContacted }) => notContacted !== undefined) ? null : 'no change';
}

function moves({ plan }: RunResult['peers'][number]): boolean {
  return plan !== undefined && (plan.pull !== 'nothing' || plan.push !== 'nothing');
}
