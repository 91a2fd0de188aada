import { counted } from '../../core/text.ts';
import { stateAfter } from '../../report/state-after.ts';
import type { PeerProgress } from '../../sync/peer-progress.ts';
import type { SyncContext } from '../../sync/sync-context.ts';
import type { Context } from '../context.ts';
import { peerStatus } from './run-status.ts';

/** Reports how many peers there are before the first of them is read. */
export function announce({ progress }: Context, runs: readonly PeerProgress[]): void {
  for (const { peer, actions } of runs)
    if (actions !== null) progress({ peer: peer.name, step: 'waiting', detail: '' });
}

export function reportEnd({ progress }: SyncContext, run: PeerProgress): void {
  if (run.actions === null) return;
  const { name } = run.peer;
  if (run.failure === null) progress({ peer: name, step: 'done', detail: endText(run) });
  else progress({ peer: name, step: 'failed', detail: run.failure.code });
}

/** What moved, or else how the peer compares with us. */
function endText(run: PeerProgress): string {
  const { pulledCommits, pushedCommits } = run;
  const moved = [
    ...(pulledCommits === 0 ? [] : [`pulled ${counted(pulledCommits, 'commit')}`]),
    ...(pushedCommits === 0 ? [] : [`pushed ${counted(pushedCommits, 'commit')}`]),
  ];
  return moved.length === 0 ? stateAfter(run, peerStatus(run)) : moved.join(', ');
}
