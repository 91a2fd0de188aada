import { readFile } from 'node:fs/promises';
import { totalmem } from 'node:os';
import { Failure } from '../../core/failure.ts';
import type { RunningProcess } from '../process.ts';
import { killAll, marked } from './processes.ts';

const MIB = 1024 * 1024;
export const LEAST_ENGINE_BYTES = 1_024 * MIB;
export const MOST_ENGINE_BYTES = 4_096 * MIB;
/** Go collects garbage harder from this share on; below the limit, because it may exceed its target. */
const TARGET_SHARE = 0.75;
const INTERVAL_MS = 100;

/** Memory limit of an engine in bytes: half of the machine's or container's memory, between 1 and 4 GiB. */
export function engineMemory(available: number = memoryHere()): number {
  return Math.min(MOST_ENGINE_BYTES, Math.max(LEAST_ENGINE_BYTES, Math.floor(available / 2)));
}

function memoryHere(): number {
  const contained = process.constrainedMemory();
  return contained > 0 ? Math.min(contained, totalmem()) : totalmem();
}

/** The value of GOMEMLIMIT. */
export function goMemoryLimit(bytes: number): string {
  return `${Math.floor((bytes * TARGET_SHARE) / MIB)}MiB`;
}

/**
 * Ends an engine, or another program of Dolt, that exceeds its memory limit. GOMEMLIMIT alone only makes Go collect more
 * often, and a limit of the address space (RLIMIT_AS) also counts mapped files. Only Linux shows a process's memory in a
 * file.
 * @param what the program, for the message
 * @returns a function that gives the reason if that has happened
 */
export function watchMemory(child: RunningProcess, limit: number, what = 'the Dolt server'): () => Failure | null {
  let memoryFailure: Failure | null = null;
  const { pid } = child;
  if (pid === undefined || process.platform !== 'linux') return () => memoryFailure;
  whileAlive(child, INTERVAL_MS, async () => {
    const bytes = await residentBytesOf(pid);
    if (bytes <= limit || memoryFailure !== null) return;
    memoryFailure = new Failure(
      'too-large',
      `${what} used more than ${Math.floor(limit / MIB)} MiB of memory and was stopped`,
    );
    child.kill('SIGKILL');
  });
  return () => memoryFailure;
}

/** Reading the environment of every process takes longer than reading one file. */
const PROGRAMS_INTERVAL_MS = 500;

/**
 * Ends git, ssh and what they start when one of them exceeds the limit: git keeps every ref that a server names. Dolt
 * then reports the failure of the remote operation, and the engine goes on. Linux only.
 * @param mark of the engine
 */
export function watchPrograms(child: RunningProcess, mark: string, limit: number): void {
  if (process.platform !== 'linux') return;
  whileAlive(child, PROGRAMS_INTERVAL_MS, async () => {
    const programs = marked(mark).filter((pid) => pid !== child.pid);
    const sizes = await Promise.all(programs.map(async (pid) => [pid, await residentBytesOf(pid)] as const));
    killAll(sizes.flatMap(([pid, bytes]) => (bytes > limit ? [pid] : [])));
  });
}

/** Reads at intervals until a process ends, one reading at a time. A failed reading is repeated at the next interval. */
function whileAlive(child: RunningProcess, milliseconds: number, read: () => Promise<void>): void {
  let isReading = false;
  const timer = setInterval(() => {
    if (isReading) return;
    isReading = true;
    void read()
      .catch(() => undefined)
      .finally(() => {
        isReading = false;
      });
  }, milliseconds);
  timer.unref();
  void child.finally(() => clearInterval(timer));
}

async function residentBytesOf(pid: number): Promise<number> {
  return residentBytes(await readFile(`/proc/${pid}/status`, 'latin1').catch(() => ''));
}

/** Resident memory of a process without mapped files, which the system can drop. */
function residentBytes(status: string): number {
  return Number(/^RssAnon:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) * 1024;
}
