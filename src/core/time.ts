import { setTimeout as delay } from 'node:timers/promises';

/**
 * Whole milliseconds of a clock that only runs forward, for durations and time limits: the wall clock is set while a
 * run goes on (NTP, a suspended machine) and would make a limit pass at once or never.
 */
export function monotonicMs(): number {
  return Math.floor(performance.now());
}

/** Whether work ends, well or badly, within a time; what became of it is for the caller to ask. */
export async function endsWithin(working: Promise<unknown>, milliseconds: number): Promise<boolean> {
  const timer = new AbortController();
  const ended = working.then(
    () => true,
    () => true,
  );
  try {
    return await Promise.race([ended, delay(milliseconds, false, { signal: timer.signal })]);
  } finally {
    timer.abort();
  }
}
