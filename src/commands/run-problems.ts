import type { Problem } from '../contract/result.ts';
import type { PeerRun } from '../sync/peer-run.ts';
import { problem } from './peer-result.ts';

/** Tables that were not federated, since they have changes that nobody committed. */
export function uncommittedProblems(dirty: readonly string[]): Problem[] {
  if (dirty.length === 0) return [];
  return [
    problem('notice', 'uncommitted-changes', { message: `not federated, since not committed: ${dirty.join(', ')}` }),
  ];
}

/** What nobody has when the runner is gone. */
export function unsavedProblems(unsaved: number | null): Problem[] {
  if (unsaved === null || unsaved === 0) return [];
  return [problem('error', 'unsaved', { message: `${unsaved} commit(s) of this town reached no peer` })];
}

/** An empty remote may be the wrong one. */
export function firstPushProblems(run: PeerRun): Problem[] {
  if (run.state !== 'remote-empty' || run.pushedCommits === 0) return [];
  return [
    problem('warning', 'remote-empty', {
      message: `${run.peer.name} was empty and got its first push`,
      hint: 'Check that this was the endpoint you meant; `init-empty: false` refuses first pushes.',
      peer: run.peer.name,
    }),
  ];
}

/** A remote that had something once has lost it, or is another place. */
export function emptiedProblems({ state, remembered, peer, branch }: PeerRun): Problem[] {
  if (remembered === null || (state !== 'remote-empty' && state !== 'branch-missing')) return [];
  const what = state === 'remote-empty' ? `${peer.name} is empty` : `${peer.name} has no branch ${branch}`;
  const since = remembered.verifiedAt === null ? '' : ` when it was last verified, ${remembered.verifiedAt}`;
  return [
    problem('warning', state, {
      message: `${what}, but it had ${remembered.head}${since}`,
      hint: 'Check that the endpoint is right and what became of its data. It is pushed to only while `init-empty` is true.',
      peer: peer.name,
    }),
  ];
}
