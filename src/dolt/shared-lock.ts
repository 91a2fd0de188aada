import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import type { Env } from '../core/env.ts';
import { pause } from '../core/interruption.ts';
import { monotonicMs } from '../core/time.ts';
import { runOnFile } from './process.ts';

const POLL_MS = 200;

/**
 * Programs that lock an open file: flock(1) of Linux, and Perl, which macOS has. Node has no flock. The lock belongs to
 * the open file that both processes share, so it stays when the program ends. It is released when this process closes
 * the file or ends. 1 is the exit code of both if another process has the lock.
 */
const PROGRAMS: readonly [string, readonly string[]][] = [
  ['flock', ['-s', '-n', '0']],
  ['perl', ['-MFcntl=:flock', '-e', 'flock(STDIN, LOCK_SH | LOCK_NB) or exit($!{EWOULDBLOCK} ? 1 : 2)']],
];
const LOCKED_BY_OTHER = 1;

/** How an attempt to lock a file ended. `impossible`: the file or this machine does not permit it, and `why` says more. */
export type SharedLock =
  | { readonly kind: 'held'; release(): Promise<void> }
  | { readonly kind: 'busy' }
  | { readonly kind: 'impossible'; readonly why: string };

/**
 * Locks a file with flock(2), shared, and creates it if it is missing.
 * @param maxWaitMs how long to wait for a process that has it exclusively
 * @throws Failure `interrupted` while it waits
 */
export async function lockShared(
  file: string,
  { env, signal, maxWaitMs }: { readonly env: Env; readonly signal: AbortSignal; readonly maxWaitMs: number },
): Promise<SharedLock> {
  // Windows has other locks, and none of these programs.
  if (process.platform === 'win32') return { kind: 'impossible', why: 'not supported on Windows' };
  const handle = await open(file, constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW, 0o600).catch(
    (thrown: unknown) => String(thrown),
  );
  if (typeof handle === 'string') return { kind: 'impossible', why: handle };
  const lock = await attempts(handle, env, { signal, maxWaitMs }).catch(async (thrown: unknown) => {
    await handle.close();
    throw thrown;
  });
  if (lock.kind !== 'held') await handle.close();
  return lock;
}

async function attempts(
  handle: FileHandle,
  env: Env,
  { signal, maxWaitMs }: { readonly signal: AbortSignal; readonly maxWaitMs: number },
): Promise<SharedLock> {
  const began = monotonicMs();
  for (;;) {
    const ended = await attempt(handle.fd, env);
    if (ended === 0) return { kind: 'held', release: () => handle.close() };
    if (ended === null) return { kind: 'impossible', why: 'neither flock nor perl can be run' };
    if (ended !== LOCKED_BY_OTHER) return { kind: 'impossible', why: 'the file system does not support it' };
    if (monotonicMs() - began >= maxWaitMs) return { kind: 'busy' };
    await pause(POLL_MS, signal);
  }
}

/** @returns the exit code; null if no program could be run */
async function attempt(descriptor: number, env: Env): Promise<number | null> {
  for (const [program, args] of PROGRAMS) {
    const ended = await runOnFile(program, args, { env: { PATH: env['PATH'] ?? '/usr/bin:/bin' }, descriptor });
    if (ended !== null) return ended;
  }
  return null;
}
