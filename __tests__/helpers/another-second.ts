import { setTimeout as pause } from 'node:timers/promises';

/**
 * Waits until a clock in seconds, truncated or rounded, differs from its time at a moment (now), so a later read of the
 * clock gives another second. It does not wait if that time has already passed.
 */
export async function anotherSecond(since = Date.now()): Promise<void> {
  const isOther = (now: number): boolean =>
    Math.floor(now / 1_000) !== Math.floor(since / 1_000) && Math.round(now / 1_000) !== Math.round(since / 1_000);
  for (let now = Date.now(); !isOther(now); now = Date.now()) await pause(500 - (now % 500));
}
