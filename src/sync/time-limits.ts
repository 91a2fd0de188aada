import { durationText } from '../contract/duration.ts';
import { Failure } from '../core/failure.ts';
import { monotonicMs } from '../core/time.ts';
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
export function timeLimit(
  peer: Pick<PeerProgress['peer'], 'name' | 'timeout'>,
  operation: RemoteOperation,
  timeoutMs: number,
): TimeLimit {
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

/** A moment of the monotonic clock until which the other peers wait. */
export interface AnswerBy {
  readonly atMs: number;
}

/** The peer has not answered while the others waited; it is asked again. */
export class LateAnswer extends Failure {
  constructor() {
    super('timeout', 'the peer did not answer while the others waited');
  }
}

/** The earlier of a time limit and the end of the others' wait. */
export function sooner(limit: TimeLimit, answerBy: AnswerBy | null): TimeLimit {
  const left = answerBy === null ? Number.POSITIVE_INFINITY : Math.max(0, answerBy.atMs - monotonicMs());
  return left >= limit.milliseconds ? limit : { milliseconds: left, failure: () => new LateAnswer() };
}
