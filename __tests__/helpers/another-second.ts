import { setTimeout as pause } from 'node:timers/promises';

/**
 * Waits until a clock in seconds shows another time than at a moment (now), cut off as well as rounded: what then takes
 * a time from the clock gets another one. If that time has passed already, it does not wait.
 */
export async function anotherSecond(since = Date.now()): Promise<void> {
  const isOther = (now: number): boolean =>
    Math.floor(now / 1_000) !== Math.floor(since / 1_000) && Math.round(now / 1_000) !== Math.round(since / 1_000);
  for (let now = Date.now(); !isOther(now); now = Date.now()) await pause(500 - (now % 500));
}
