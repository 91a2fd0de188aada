import { constants } from 'node:fs';
import { type FileHandle, open, rm } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname } from 'node:path';
import { z } from 'zod';
import type { Env } from '../core/env.ts';
import { systemCode } from '../core/failure.ts';
import { isThere, readSmallText, statOf } from '../core/files.ts';
import { pause } from '../core/interruption.ts';
import { parsedJson } from '../core/json.ts';
import { identityOf, isInView } from '../core/processes.ts';
import { monotonicMs } from '../core/time.ts';
import { runOnFile } from './process.ts';

const FIRST_PAUSE_MS = 20;
const LONGEST_PAUSE_MS = 200;

type Mode = 'shared' | 'exclusive';

/**
 * Programs that lock an open file, and can wait for it: flock(1) of Linux, and Perl, which macOS has. Node has no flock.
 * The lock belongs to the open file that both processes share, so it stays when the program ends. It is released when
 * this process closes the file or ends. 1 is the exit code of both if another process has the lock.
 */
const PROGRAMS: readonly [string, (mode: Mode, waits: boolean) => readonly string[]][] = [
  ['flock', (mode, waits) => [mode === 'shared' ? '-s' : '-x', ...(waits ? [] : ['-n']), '0']],
  ['perl', (mode, waits) => ['-MFcntl=:flock', '-e', perl(mode === 'shared' ? 'LOCK_SH' : 'LOCK_EX', waits)]],
];
const LOCKED_BY_OTHER = 1;

function perl(mode: string, waits: boolean): string {
  return `flock(STDIN, ${mode}${waits ? '' : ' | LOCK_NB'}) or exit($!{EWOULDBLOCK} ? 1 : 2)`;
}

/** libuv's UV_FS_O_EXLOCK: Windows opens the file for one process only. */
const WINDOWS_EXCLUSIVE = 0x1000_0000;

/** How an attempt to lock a file ended. `impossible`: the file or this machine does not permit it, and `why` says more. */
export type FileLock =
  | { readonly kind: 'held'; release(): Promise<void> }
  | { readonly kind: 'busy' }
  | { readonly kind: 'impossible'; readonly why: string };

interface LockOptions {
  readonly env: Env;
  readonly signal: AbortSignal;
  /** How long to wait for a process that has it. */
  readonly maxWaitMs: number;
}

/**
 * Locks a file with flock(2), shared, and creates it if it is missing. The file stays.
 * @throws Failure `interrupted` while it waits
 */
export async function lockShared(file: string, options: LockOptions): Promise<FileLock> {
  if (process.platform === 'win32') return { kind: 'impossible', why: 'not supported on Windows' };
  return await attempts(options, async (waiting) => {
    const opened = await openedAndLocked(file, 'shared', waiting);
    return opened.kind === 'held' ? { kind: 'held', release: () => opened.handle.close() } : opened;
  });
}

/**
 * Locks a file exclusively. The system releases it when this process ends, in every container of the machine, so a lock
 * is never taken for abandoned and never has to be broken. The file says who has it, and is removed on release.
 * @throws Failure `interrupted` while it waits
 */
export async function lockExclusively(file: string, options: LockOptions): Promise<FileLock> {
  return await attempts(options, async (waiting) => {
    const opened = await openedAndLocked(file, 'exclusive', waiting);
    if (opened.kind !== 'held') return opened;
    const { handle } = opened;
    // The former holder may have removed the file after it was opened here.
    if ((await statOf(file))?.ino !== (await handle.stat()).ino) {
      await handle.close();
      return { kind: 'busy' };
    }
    // On a full disk, only the message to others lacks the owner.
    await handle
      .truncate()
      .then(() => handle.write(JSON.stringify(ownNote()), 0))
      .catch(() => undefined);
    const isWindows = process.platform === 'win32';
    const release = async (): Promise<void> => {
      if (!isWindows) await rm(file, { force: true });
      await handle.close();
      // Another process may have opened it by now.
      if (isWindows) await rm(file, { force: true }).catch(() => undefined);
    };
    return { kind: 'held', release };
  });
}

/**
 * Locks a folder exclusively, without a file, so that all users who can read it share the lock. For a missing folder,
 * the nearest parent that exists is locked. Windows cannot lock a folder.
 * @throws Failure `interrupted` while it waits
 */
export async function lockFolder(folder: string, options: LockOptions): Promise<FileLock> {
  if (process.platform === 'win32') return { kind: 'impossible', why: 'not supported on Windows' };
  return await attempts(options, async (waiting) => {
    const nearest = await nearestFolder(folder);
    const opened = await lockedIn(nearest, constants.O_RDONLY | constants.O_DIRECTORY, 'exclusive', waiting);
    if (opened.kind !== 'held') return opened;
    const { handle } = opened;
    // The former holder may have made or replaced the folder.
    if ((await statOf(await nearestFolder(folder)))?.ino === (await handle.stat()).ino)
      return { kind: 'held', release: () => handle.close() };
    await handle.close();
    return { kind: 'busy' };
  });
}

async function nearestFolder(folder: string): Promise<string> {
  const parent = dirname(folder);
  return parent === folder || (await isThere(folder)) ? folder : await nearestFolder(parent);
}

const noteSchema = z.strictObject({ pid: z.int().positive(), host: z.string(), identity: z.string().nullable() });

function ownNote(): z.infer<typeof noteSchema> {
  return { pid: process.pid, host: hostname(), identity: identityOf(process.pid) };
}

/** The process that has an exclusive lock. Its id means something only among the processes that this one can see. */
export interface LockOwner {
  readonly pid: number;
  /** The name of its container or machine; null: this process can see it. */
  readonly elsewhere: string | null;
}

/** @returns null if the file does not say it */
export async function ownerOfLock(file: string): Promise<LockOwner | null> {
  const note = noteSchema.safeParse(parsedJson(await readSmallText(file))).data;
  if (note === undefined) return null;
  const isSeen = note.identity === null ? note.host === hostname() : isInView(note.identity);
  return { pid: note.pid, elsewhere: isSeen ? null : note.host };
}

type Opened = { readonly kind: 'held'; readonly handle: FileHandle } | Exclude<FileLock, { kind: 'held' }>;

/**
 * The system queues those who wait for one lock; an attempt that ends `busy` early begins again. The last attempt does
 * not wait, so that a slow start of the program counts for nothing.
 */
async function attempts(options: LockOptions, attempt: (waiting: LockOptions) => Promise<FileLock>): Promise<FileLock> {
  const { signal, maxWaitMs } = options;
  const began = monotonicMs();
  for (let wait = FIRST_PAUSE_MS; ; wait = Math.min(2 * wait, LONGEST_PAUSE_MS)) {
    const left = Math.max(0, maxWaitMs - (monotonicMs() - began));
    // An interrupted run can still take a lock that is free.
    const lock = await attempt({ ...options, maxWaitMs: signal.aborted ? 0 : left });
    if (lock.kind !== 'busy' || left === 0) return lock;
    await pause(wait, signal);
  }
}

async function openedAndLocked(file: string, mode: Mode, waiting: LockOptions): Promise<Opened> {
  const kind = process.platform === 'win32' ? WINDOWS_EXCLUSIVE : constants.O_NOFOLLOW;
  return await lockedIn(file, constants.O_RDWR | constants.O_CREAT | kind, mode, waiting);
}

async function lockedIn(path: string, flags: number, mode: Mode, waiting: LockOptions): Promise<Opened> {
  const isWindows = process.platform === 'win32';
  let handle: FileHandle;
  try {
    handle = await open(path, flags, 0o600);
  } catch (thrown) {
    if (isWindows && systemCode(thrown) === 'EBUSY') return { kind: 'busy' };
    return { kind: 'impossible', why: String(thrown) };
  }
  const ended = isWindows ? 0 : await lockedBy(handle.fd, mode, waiting);
  if (ended === 0) return { kind: 'held', handle };
  await handle.close();
  if (ended === null) return { kind: 'impossible', why: 'neither flock nor perl can be run' };
  if (ended !== LOCKED_BY_OTHER) return { kind: 'impossible', why: 'the file system does not support it' };
  return { kind: 'busy' };
}

/** @returns the exit code; null if no program could be run */
async function lockedBy(
  descriptor: number,
  mode: Mode,
  { env, signal, maxWaitMs }: LockOptions,
): Promise<number | null> {
  const waits = maxWaitMs > 0;
  const options = { env: { PATH: env['PATH'] ?? '/usr/bin:/bin' }, descriptor };
  for (const [program, argsFor] of PROGRAMS) {
    const args = argsFor(mode, waits);
    const ended = await runOnFile(program, args, waits ? { ...options, signal, timeoutMs: maxWaitMs } : options);
    if (ended !== null) return ended === 'ended' ? LOCKED_BY_OTHER : ended;
  }
  return null;
}
