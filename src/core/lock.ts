import { randomUUID } from 'node:crypto';
import { link, rename, rm, writeFile } from 'node:fs/promises';
import { systemCode } from './failure.ts';
import { readSmallText } from './files.ts';
import { pause } from './interruption.ts';
import { isAlive } from './processes.ts';

/** The longest wait for a process that holds the lock. */
const MAX_WAIT_MS = 10_000;
const POLL_MS = 20;

export interface LockOptions {
  /** The error if the process of that id does not finish in time. */
  readonly busy: (pid: number) => Error;
  readonly signal: AbortSignal;
  readonly maxWaitMs?: number;
}

/**
 * Runs work while no other process runs work under the same lock. The lock of a dead process is broken.
 *
 * To compare a file with what was read, right before the rename, is not enough: in 20 rounds of 8 concurrent `add-peer`
 * processes without the lock, 14 of 160 peers were lost without an error (docs/adr/0014, measured).
 *
 * @param lock path of a file that exists while a process works
 * @throws Failure `interrupted` while it waits
 */
export async function withLock<T>(lock: string, options: LockOptions, work: () => Promise<T>): Promise<T> {
  const release = await takeLock(lock, options);
  return await work().finally(release);
}

/**
 * Takes the same lock for work that ends in another function.
 * @returns what releases the lock
 */
export async function takeLock(
  lock: string,
  { busy, signal, maxWaitMs = MAX_WAIT_MS }: LockOptions,
): Promise<() => Promise<void>> {
  await take(lock, { busy, signal, maxWaitMs });
  return () => rm(lock, { force: true });
}

async function take(lock: string, { busy, signal, maxWaitMs }: Required<LockOptions>): Promise<void> {
  const own = `${lock}.${randomUUID()}`;
  await writeFile(own, String(process.pid), { flag: 'wx' });
  try {
    for (let waited = 0; !(await isTaken(own, lock)); waited += POLL_MS) {
      const holder = await holderOf(lock);
      if (!Number.isNaN(holder) && !isAlive(holder)) await breakLock(lock);
      else if (waited >= maxWaitMs) throw busy(holder);
      else await pause(POLL_MS, signal);
    }
  } finally {
    await rm(own, { force: true });
  }
}

/** The process id in a lock; NaN if there is none. */
async function holderOf(lock: string): Promise<number> {
  const text = await readSmallText(lock);
  return text === '' ? Number.NaN : Number(text);
}

/** A link appears together with its content or not at all. */
async function isTaken(own: string, lock: string): Promise<boolean> {
  try {
    await link(own, lock);
    return true;
  } catch (thrown) {
    if (systemCode(thrown) === 'EEXIST') return false;
    throw thrown;
  }
}

/** Renames it first: if two processes break it at the same time, one of them finds nothing. */
async function breakLock(lock: string): Promise<void> {
  const aside = `${lock}.${randomUUID()}`;
  await rename(lock, aside).catch(() => undefined);
  await rm(aside, { force: true });
}
