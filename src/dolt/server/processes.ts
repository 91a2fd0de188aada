import { readdirSync, readFileSync } from 'node:fs';
import { readdir, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type Env, readEnv, windowsProgram } from '../../core/env.ts';
import { systemCode } from '../../core/failure.ts';
import { isAlive } from '../../core/processes.ts';
import { monotonicMs } from '../../core/time.ts';
import { run } from '../process.ts';

/**
 * Every process of an engine inherits this variable, including git and ssh. Dolt starts git in another session
 * (utils/gitauth, since 1.86.4), and orphans belong to init, so neither process group nor process tree finds them all.
 */
export const ENGINE_MARK = 'DOLT_FEDERATION_ENGINE';

const TIMEOUT_MS = 5_000;

/** A process, and its parent. */
interface Descendants {
  readonly pid: number;
  readonly parent: number;
}

/** The process id of an engine, and the value of its mark. */
interface MarkedEngine {
  readonly pid: number;
  readonly mark: string;
}

/** Ends the descendants of an engine; call it after the engine itself has ended. */
type EndDescendants = () => Promise<void>;

/**
 * Prepares to end the descendants of an engine. Call it while the engine lives: afterwards its children have another
 * parent. On Windows, which has no orderly shutdown, it ends the engine with them.
 */
export async function descendantsOf(engine: MarkedEngine): Promise<EndDescendants> {
  if (process.platform === 'linux') return async () => await endAll(async () => marked(engine.mark));
  if (process.platform === 'win32') {
    const { program, args } = endTreeOnWindows(engine.pid, readEnv());
    await run(program, args, { env: {}, timeoutMs: TIMEOUT_MS });
    return async () => undefined;
  }
  const descendants = await programsBelow(engine);
  return async () => await endAll(async () => descendants.filter(isAlive));
}

/** Ends what an engine has started, and not the engine. Does nothing on Windows, which has no orderly shutdown. */
export async function endPrograms(engine: MarkedEngine): Promise<void> {
  if (process.platform === 'win32') return;
  if (process.platform === 'linux')
    return await endAll(async () => marked(engine.mark).filter((pid) => pid !== engine.pid));
  const programs = await programsBelow(engine);
  await endAll(async () => programs.filter(isAlive));
}

async function programsBelow({ pid: engine }: MarkedEngine): Promise<number[]> {
  return below(engine, await listed()).filter((pid) => pid !== engine);
}

/** How long git may take to remove its lock files. A killed git leaves them, and no later git can use the repository. */
export const ORDERLY_MS = 500;
export const POLL_MS = 20;

async function endAll(listed: () => Promise<readonly number[]>): Promise<void> {
  const began = monotonicMs();
  const asked = new Set<number>();
  for (;;) {
    const alive = await listed();
    if (alive.length === 0) return;
    if (monotonicMs() - began >= ORDERLY_MS) return killAll(alive);
    // A second signal would end git within its clean-up.
    signalAll(
      alive.filter((pid) => !asked.has(pid)),
      'SIGTERM',
    );
    for (const pid of alive) asked.add(pid);
    await delay(POLL_MS);
  }
}

/** By its whole path: Windows looks for a bare name in the working directory first, which may be a checkout. */
export function endTreeOnWindows(pid: number, env: Env) {
  return { program: windowsProgram(env, 'taskkill.exe'), args: ['/T', '/F', '/PID', String(pid)] } as const;
}

/** Kills processes; some may have ended. */
export function killAll(pids: readonly number[]): void {
  signalAll(pids, 'SIGKILL');
}

function signalAll(pids: readonly number[], signal: NodeJS.Signals): void {
  for (const pid of pids) {
    try {
      process.kill(pid, signal);
    } catch (thrown) {
      if (systemCode(thrown) !== 'ESRCH') throw thrown;
    }
  }
}

/**
 * The processes of an engine, on Linux: itself, and what it started. Small files of the kernel are read at once: the
 * thread pool takes three times the processor time (measured with 110 processes).
 */
export function marked(mark: string): number[] {
  const wanted = `${ENGINE_MARK}=${mark}`;
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.filter((pid) => environmentOf(pid).split('\0').includes(wanted)).map(Number);
}

/** The environment of a process; empty if it has ended, or belongs to another user. */
function environmentOf(pid: string): string {
  try {
    return readFileSync(join('/proc', pid, 'environ'), 'latin1');
  } catch {
    return '';
  }
}

/** Whether a process still reads files that were removed or replaced; null: unknown, as outside Linux. */
export async function readsReplacedFiles(pid: number): Promise<boolean | null> {
  const descriptors = `/proc/${pid}/fd`;
  try {
    const links = (await readdir(descriptors)).map((name) => readlink(join(descriptors, name)).catch(() => ''));
    return (await Promise.all(links)).some((link) => link.endsWith(' (deleted)'));
  } catch {
    return null;
  }
}

async function listed(): Promise<Descendants[]> {
  const options = { env: { PATH: '/bin:/usr/bin' }, timeoutMs: TIMEOUT_MS };
  const { stdout } = await run('ps', ['-A', '-o', 'pid=,ppid='], options);
  return stdout.split('\n').flatMap((line) => {
    const [pid, parent] = line.trim().split(/\s+/).map(Number);
    return pid === undefined || parent === undefined ? [] : [{ pid, parent }];
  });
}

/** A process and its descendants. */
export function below(pid: number, processes: readonly Descendants[]): number[] {
  const children = processes.filter(({ parent }) => parent === pid);
  return [pid, ...children.flatMap((child) => below(child.pid, processes))];
}
