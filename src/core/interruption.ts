import { setTimeout as delay } from 'node:timers/promises';
import { Failure } from './failure.ts';

/**
 * Waits until the time has passed or the run is interrupted.
 * @throws Failure `interrupted`
 */
export async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  try {
    await delay(milliseconds, undefined, { signal });
  } catch (cause) {
    throw interrupted(cause);
  }
}

/** A signal that is aborted some time after another one: for work that an interruption must not stop at once. */
export function abortedLater(signal: AbortSignal, milliseconds: number): AbortSignal {
  const later = new AbortController();
  const begin = (): void => void setTimeout(() => later.abort(signal.reason), milliseconds).unref();
  if (signal.aborted) begin();
  else signal.addEventListener('abort', begin, { once: true });
  return later.signal;
}

/** @throws Failure `interrupted` if the run was interrupted */
export function throwIfInterrupted(signal: AbortSignal): void {
  if (signal.aborted) throw interrupted(signal.reason);
}

function interrupted(cause: unknown): Failure {
  return new Failure('interrupted', 'the run was interrupted', { cause });
}
