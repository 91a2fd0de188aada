import { setTimeout as delay } from 'node:timers/promises';

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
