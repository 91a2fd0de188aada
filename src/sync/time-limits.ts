import { durationText } from '../contract/duration.ts';
import { Failure } from '../core/failure.ts';
import type { TimeLimit } from '../dolt/server/engines.ts';
import type { PeerProgress } from './peer-progress.ts';

/** What a peer can be asked for. */
export type RemoteOperation = 'fetch' | 'push' | 'first push' | 'clone';

/** Everything has to go over the wire then (beads#5176). */
const WHOLE_HISTORY: readonly RemoteOperation[] = ['first push', 'clone'];
const WHOLE_HISTORY_FACTOR = 6;

/**
 * How long a peer may take.
 * @param timeoutMs of the run; the peer's own goes before it
 */
export function timeLimit(peer: PeerProgress['peer'], operation: RemoteOperation, timeoutMs: number): TimeLimit {
  const usual = peer.timeout ?? timeoutMs;
  const milliseconds = WHOLE_HISTORY.includes(operation) ? usual * WHOLE_HISTORY_FACTOR : usual;
  return {
    milliseconds,
    failure: () =>
      new Failure(
        'timeout',
        `the ${operation} did not end within ${durationText(milliseconds)}: ${peer.name} was given up`,
        {
          hint: `Raise \`timeout\` (--timeout, or \`timeout\` of the peer ${peer.name}), or find out why it is slow.`,
        },
      ),
  };
}
