import { durationText } from '../contract/duration.ts';
import { Failure } from '../core/failure.ts';
import { monotonicMs } from '../core/time.ts';
import type { TimeLimit } from '../dolt/server/engines.ts';
import type { PeerProgress } from './peer-progress.ts';

/** Operations on a remote. */
export type RemoteOperation = 'fetch' | 'push' | 'first push' | 'clone' | 'drill';

/** These transfer the whole history (beads#5176). */
const WHOLE_HISTORY: readonly RemoteOperation[] = ['first push', 'clone', 'drill'];
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
        hint: `Raise \`--timeout\`, or \`federation.peers.<peer>.timeout\` for this peer only, or find out why it is slow.`,
      }),
  };
}

/** A moment of the monotonic clock until which the other peers wait. */
export interface AnswerBy {
  readonly atMs: number;
}

/** Peers that follow one that did not answer have at least this long. */
export const LEAST_WAIT_MS = 10_000;

/**
 * How long the peers that have answered wait for one peer. Engines serve groups of peers one after another, so silent
 * peers of several groups would add up. The time that one of them took is not given to the next one again.
 */
export class AnswerWait {
  readonly #waitMs: number;
  #spentMs = 0;

  constructor(waitMs: number) {
    this.#waitMs = waitMs;
  }

  /**
   * @param isUntried whether git or ssh connects, so that no connection could be tried before: a server that accepts
   * connections and stays silent is then found only here, and half of the time is the limit for connections by default
   */
  millisecondsFor(isUntried: boolean): number {
    const waitMs = isUntried ? this.#waitMs / 2 : this.#waitMs;
    return Math.max(Math.min(waitMs, LEAST_WAIT_MS), waitMs - this.#spentMs);
  }

  /** A peer did not answer within this time. */
  spend(milliseconds: number): void {
    this.#spentMs += milliseconds;
  }
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
