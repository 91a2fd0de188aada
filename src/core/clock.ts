/**
 * Whole milliseconds of a clock that only runs forward, for durations and time limits: the wall clock is set while a
 * run goes on (NTP, a suspended machine) and would make a limit pass at once or never.
 */
export function monotonicMs(): number {
  return Math.floor(performance.now());
}
