import { durationText } from '../core/duration.ts';
import { Failure } from '../core/failure.ts';
import type { TimeLimit } from '../dolt/engines.ts';
import type { PeerRun } from './peer-run.ts';

/** What a peer can be asked for. */
export type Verb = 'fetch' | 'push' | 'first push' | 'clone';

/** Everything has to go over the wire then (beads#5176). */
const WHOLE_HISTORY: readonly Verb[] = ['first push', 'clone'];
const WHOLE_HISTORY_FACTOR = 6;

/**
 * How long a peer may take.
 * @param timeoutMs of the run; the peer's own goes before it
 */
export function timeLimit(peer: PeerRun['peer'], verb: Verb, timeoutMs: number): TimeLimit {
  const usual = peer.timeout ?? timeoutMs;
  const milliseconds = WHOLE_HISTORY.includes(verb) ? usual * WHOLE_HISTORY_FACTOR : usual;
  return {
    milliseconds,
    failure: () =>
      new Failure(
        'timeout',
        `the ${verb} did not end within ${durationText(milliseconds)}: ${peer.name} was given up`,
        {
          hint: `Raise \`timeout\` (--timeout, or \`timeout\` of the peer ${peer.name}), or find out why it is slow.`,
        },
      ),
  };
}
