import { durationText } from '../contract/duration.ts';
import { Failure } from '../core/failure.ts';
import type { TimeLimit } from '../dolt/server/engines.ts';
import type { PeerProgress } from './peer-progress.ts';

/** Operations on a remote. */
export type RemoteOperation = 'fetch' | 'push' | 'first push' | 'clone';

/** These transfer the whole history (beads#5176). */
const WHOLE_HISTORY: readonly RemoteOperation[] = ['first push', 'clone'];
const WHOLE_HISTORY_FACTOR = 6;

/**
 * Time limit of an operation.
 * @param timeoutMs of the run; the peer's own takes precedence
 */
export function timeLimit(peer: PeerProgress['peer'], operation: RemoteOperation, timeoutMs: number): TimeLimit {
  const usual = peer.timeout ?? timeoutMs;
  const milliseconds = WHOLE_HISTORY.includes(operation) ? usual * WHOLE_HISTORY_FACTOR : usual;
  return {
    milliseconds,
    failure: () =>
      new Failure('timeout', `the ${operation} of ${peer.name} did not finish within ${durationText(milliseconds)}`, {
        hint: `Raise \`timeout\` (--timeout, or \`timeout\` of the peer ${peer.name}), or find out why it is slow.`,
      }),
  };
}
