import { counted } from '../../core/text.ts';
import { stateAfter } from '../../report/state-after.ts';
import type { PeerProgress } from '../../sync/peer-progress.ts';
import type { SyncContext } from '../../sync/sync-context.ts';
import type { Context } from '../context.ts';
import { peerStatus } from './run-status.ts';

/** Reports how many peers there are before the first of them is read. */
export function announce({ onProgress }: Context, allProgress: readonly PeerProgress[]): void {
  for (const { peer, actions } of allProgress)
    if (actions !== null) onProgress({ peer: peer.name, step: 'waiting', detail: '' });
}

export function reportEnd({ onProgress }: SyncContext, progress: PeerProgress): void {
  if (progress.actions === null) return;
  const { name } = progress.peer;
  if (progress.failure === null) onProgress({ peer: name, step: 'done', detail: endText(progress) });
  else onProgress({ peer: name, step: 'failed', detail: progress.failure.code });
}

/** The commits that moved, or else how the peer compares with us. */
function endText(progress: PeerProgress): string {
  const { pulledCommits, pushedCommits } = progress;
  const moved = [
    ...(pulledCommits === 0 ? [] : [`pulled ${counted(pulledCommits, 'commit')}`]),
    ...(pushedCommits === 0 ? [] : [`pushed ${counted(pushedCommits, 'commit')}`]),
  ];
  return moved.length === 0 ? stateAfter(progress, peerStatus(progress)) : moved.join(', ');
}
