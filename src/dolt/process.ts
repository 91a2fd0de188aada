import { type SpawnOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { win32 } from 'node:path';
import { execa } from 'execa';
import { STOP_SIGNALS } from '../contract/exit-codes.ts';
import { type Env, programFile, searchPath, windowsProgram } from '../core/env.ts';
import { errorMessage, Failure } from '../core/failure.ts';

interface RunOptions {
  /** The child's whole environment; nothing is inherited. */
  readonly env: Readonly<Record<string, string>>;
  readonly cwd?: string | undefined;
  /** Ends the child when aborted. */
  readonly signal?: AbortSignal | undefined;
  readonly timeoutMs?: number | undefined;
  /** A child that writes more than this to an output is killed. */
  readonly maxOutputBytes?: number | undefined;
  /** The first bytes of such a child are its result, with exit code 1. */
  readonly cutsOutput?: boolean;
  /** Watches the memory of the child. @returns a function that gives the reason if it killed the child */
  readonly watch?: ((child: RunningProcess) => () => Failure | null) | undefined;
  /** Called for each line of standard error as it comes. */
  readonly onStderrLine?: ((line: string) => void) | undefined;
}

/** A process that may be ended. */
export interface RunningProcess {
  readonly pid?: number | undefined;
  kill(signal: 'SIGKILL'): boolean;
  finally(done: () => void): Promise<unknown>;
}

/** How a command ended; the caller judges a non-zero exit code. */
export interface Finished {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

const MAX_OUTPUT_BYTES = 16 * 1024 * 1024;
const KILL_AFTER_MS = 5_000;

/**
 * Runs a command to its end. Only exit code 0 is success; callers decide.
 * @throws Failure `interrupted` when the signal was aborted, `too-large` when it wrote too much, or was watched and killed,
 * `unknown` when the command could not be started
 */
export async function run(command: string, args: readonly string[], options: RunOptions): Promise<Finished> {
  const file = process.platform === 'win32' ? programOnWindows(command, options.env, existsSync) : command;
  const maxBytes = options.maxOutputBytes ?? MAX_OUTPUT_BYTES;
  const child = execa(file, args, {
    env: options.env,
    extendEnv: false,
    reject: false,
    stdin: 'ignore',
    maxBuffer: maxBytes,
    forceKillAfterDelay: KILL_AFTER_MS,
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    ...(options.signal === undefined ? {} : { cancelSignal: options.signal }),
    ...(options.timeoutMs === undefined ? {} : { timeout: options.timeoutMs }),
  });
  const watched = options.watch?.(child);
  // ssh and hooks of git outlive a git that was ended, and other children a program that ended itself. They keep its output
  // open.
  child.once('exit', (_, signal) => {
    const close = () => {
      for (const output of [child.stdout, child.stderr]) output.destroy();
    };
    if (signal === null) setTimeout(close, KILL_AFTER_MS).unref();
    else close();
  });
  if (options.onStderrLine !== undefined) {
    for await (const line of child.iterable({ from: 'stderr' })) options.onStderrLine(String(line));
  }
  const result = await child;
  // Ctrl-C ends the child as well, perhaps before this process notices it.
  const isStopped = !result.timedOut && !result.isMaxBuffer && STOP_SIGNALS.some((signal) => signal === result.signal);
  if (result.isCanceled || isStopped) throw new Failure('interrupted', `${command} was interrupted`);
  const output = { stdout: String(result.stdout), stderr: String(result.stderr) };
  if (result.isMaxBuffer) {
    if (options.cutsOutput === true) return { exitCode: 1, ...output };
    throw new Failure('too-large', `${command} was ended because it wrote more than ${maxBytes / 1024} KiB`);
  }
  if (watched !== undefined && result.signal === 'SIGKILL' && !result.timedOut) {
    const killed = `${command} was killed, perhaps because the machine has too little memory`;
    throw watched() ?? new Failure('too-large', killed);
  }
  if (result.exitCode === undefined) {
    throw new Failure('unknown', `${command} could not be run: ${result.shortMessage ?? 'no exit code'}`, {
      cause: result,
    });
  }
  return { exitCode: result.exitCode, ...output };
}

/**
 * The whole path of a program. Windows looks for a bare name in the working directory before PATH, and that may be a
 * checkout.
 * @throws Failure `unknown` if no folder of PATH has it
 */
export function programOnWindows(command: string, env: Env, exists: (file: string) => boolean): string {
  if (win32.isAbsolute(command)) return command;
  const found = searchPath(env, 'win32').map((folder) => win32.join(folder, programFile(command, 'win32')));
  const file = found.find(exists);
  if (file === undefined) throw new Failure('unknown', `${command} could not be run: no folder of PATH has it`);
  return file;
}

/**
 * Runs a command that works on an open file of this process, its standard input. The types of execa allow no descriptor
 * above 9.
 * @returns the exit code, or `ended` if it was ended, as by the time or the signal; null: it could not be started
 */
export async function runOnFile(
  command: string,
  args: readonly string[],
  options: Pick<RunOptions, 'env' | 'signal' | 'timeoutMs'> & { readonly descriptor: number },
): Promise<number | 'ended' | null> {
  const { env, signal, timeoutMs = TIMEOUT_MS } = options;
  const stdio = [options.descriptor, 'ignore', 'ignore'] satisfies SpawnOptions['stdio'];
  try {
    const [code] = await once(spawn(command, args, { env, stdio, signal, timeout: Math.ceil(timeoutMs) }), 'exit');
    return typeof code === 'number' ? code : 'ended';
  } catch {
    return signal?.aborted === true ? 'ended' : null;
  }
}

interface ServerProcessOptions {
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  /** Outlives this process and its terminal. */
  readonly detached?: boolean;
}

/** Starts a child that runs until it is stopped; the caller must drain `all`. Never rejects. */
export function startServer(command: string, args: readonly string[], options: ServerProcessOptions) {
  return execa(command, args, {
    env: options.env,
    extendEnv: false,
    cwd: options.cwd,
    reject: false,
    stdin: 'pipe',
    buffer: false,
    all: true,
    cleanup: options.detached !== true,
    detached: options.detached === true,
  });
}

/** A long-lived child: its process id, its end, and its standard streams. */
export type ServerProcess = ReturnType<typeof startServer>;

/** How a child ended, in a message: its exit code, the signal, or why it could not be started. */
export function howEnded({ exitCode, signal, cause }: Awaited<ServerProcess>): string {
  if (exitCode !== undefined) return `exit code ${exitCode}`;
  return signal ?? (cause === undefined ? 'no exit code' : errorMessage(cause));
}

const TIMEOUT_MS = 10_000;

/** The command line of a living process; null if there is none, or it cannot be read. */
export async function processCommand(pid: number, env: Env): Promise<string | null> {
  const asked = process.platform === 'linux' ? fromProc(pid) : fromTool(pid, env);
  const command = await asked.catch(() => '');
  return command.trim() === '' ? null : command;
}

async function fromProc(pid: number): Promise<string> {
  return (await readFile(`/proc/${pid}/cmdline`, 'utf8')).replaceAll('\0', ' ');
}

async function fromTool(pid: number, env: Env): Promise<string> {
  if (process.platform !== 'win32') {
    const options = { env: { PATH: env['PATH'] ?? '/usr/bin:/bin' }, timeoutMs: TIMEOUT_MS };
    return (await run('ps', ['-ww', '-o', 'command=', '-p', String(pid)], options)).stdout;
  }
  const powershell = windowsProgram(env, 'WindowsPowerShell', 'v1.0', 'powershell.exe');
  const query = `(Get-CimInstance Win32_Process -Filter 'ProcessId = ${pid}').CommandLine`;
  const options = { env: { SystemRoot: windowsProgram(env, '..') }, timeoutMs: TIMEOUT_MS };
  return (await run(powershell, ['-NoProfile', '-Command', query], options)).stdout;
}
