import { setTimeout as delay } from 'node:timers/promises';

/**
 * Milliseconds of a monotonic clock, for durations and time limits. The wall clock may be set during a run (NTP, a
 * suspended machine), so a limit could pass at once or never.
 */
export function monotonicMs(): number {
  return Math.floor(performance.now());
}

/** Node ends a longer timer at once. A time limit may be a multiple of a `timeout` of 24 days. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** Whether work settles within a time; the caller handles its outcome. */
export async function endsWithin(working: Promise<unknown>, milliseconds: number): Promise<boolean> {
  const timer = new AbortController();
  const ended = working.then(
    () => true,
    () => true,
  );
  try {
    return await Promise.race([
      ended,
      delay(Math.min(milliseconds, LONGEST_TIMER_MS), false, { signal: timer.signal }),
    ]);
  } finally {
    timer.abort();
  }
}
