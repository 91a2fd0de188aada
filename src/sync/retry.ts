import pRetry from 'p-retry';
import { Failure } from '../core/failure.ts';

interface Patience {
  /** How often to try again. */
  readonly retries: number;
  readonly signal: AbortSignal;
}

/** The first pause is about this long, each further one about twice as long as the one before. */
const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 10_000;

/**
 * Reads from a peer, again where what went wrong may pass by itself. Not where the engine is gone: it takes a new one.
 * Only reading is repeated like this; a push that failed is followed by a fetch and a merge, never by the same push.
 */
export async function readPatiently<T>(read: () => Promise<T>, { retries, signal }: Patience): Promise<T> {
  return await pRetry(read, {
    retries,
    minTimeout: FIRST_PAUSE_MS,
    maxTimeout: LONGEST_PAUSE_MS,
    randomize: true,
    signal,
    shouldRetry: ({ error }) => error instanceof Failure && error.retryable && error.code !== 'engine-lost',
  });
}

/**
 * How long to wait before a lost race is run again: longer each time, and never the same, since towns must not stay in
 * step.
 * @param attempt 0 for the first
 * @returns milliseconds
 */
export function pauseBefore(attempt: number): number {
  return Math.random() * Math.min(FIRST_PAUSE_MS * 2 ** attempt, LONGEST_PAUSE_MS);
}
