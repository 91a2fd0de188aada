import { basename, join } from 'node:path';
import type { Env } from '../../core/env.ts';
import { Failure } from '../../core/failure.ts';
import { pause } from '../../core/interruption.ts';
import type { Logger } from '../../core/logger.ts';
import { isAlive } from '../../core/processes.ts';
import { monotonicMs } from '../../core/time.ts';
import { processCommand } from '../process.ts';
import { lockedBy } from './lock-table.ts';
import { serversOf } from './server-info.ts';

/** The process that has a database open: another run, a `dolt sql-server` of the user, another process, or unknown. */
export interface Holder {
  readonly kind: 'run' | 'server' | 'process' | 'unknown';
  readonly pid: number | null;
  /** The port of a server, as its own file says; absent: unknown. */
  readonly port?: number;
  /** Of a run that this process cannot see: the name of its container or machine. */
  readonly elsewhere?: string | null;
  /** The program and its first argument; never the whole command line, which may contain secrets. */
  readonly program: string | null;
}

/** The configuration of our own servers is in a folder of this name (server.ts). */
const OWN_CONFIG = /[\\/]df-\w{6}[\\/]server\.yaml/;
const SERVER = /(?:^|\s)sql-server(?:\s|$)/;

/** The file that Dolt locks while it has a database open. */
export function lockFile(database: string): string {
  return join(database, '.dolt', 'noms', 'LOCK');
}

/**
 * The holder of a database's lock, as far as the system reports it: Linux by its lock table, others by Dolt's own file.
 */
export async function lockHolder(database: string, env: Env): Promise<Holder> {
  const locked = await lockedBy(lockFile(database));
  const servers = await serversOf(database);
  // A dead server's file remains.
  const pid = (locked.kind === 'held' ? locked.pid : null) ?? servers.find((one) => isAlive(one.pid))?.pid ?? null;
  if (pid === null) return { kind: 'unknown', pid, program: null };
  const info = servers.find((one) => one.pid === pid);
  const holder = holderOf(pid, await processCommand(pid, env));
  return info === undefined ? holder : { ...holder, port: info.port };
}

/** Classifies a process by its command line; null if it cannot be read. */
export function holderOf(pid: number, command: string | null): Holder {
  if (command === null) return { kind: 'process', pid, program: null };
  const [file = '', word = ''] = command.trim().split(/\s+/);
  const name = basename(file.replaceAll('\\', '/'));
  const program = /^[a-z][a-z-]*$/.test(word) ? `${name} ${word}` : name;
  if (!SERVER.test(command)) return { kind: 'process', pid, program };
  return { kind: OWN_CONFIG.test(command) ? 'run' : 'server', pid, program };
}

/**
 * The refusal of a database that another process has open. A lock is never broken: another process holds it as long as
 * it lives, and two writers would corrupt data (dolthub/dolt#10852).
 * @param waitedMs how long the run waited
 */
export function inUse(database: string, holder: Holder, waitedMs: number): Failure {
  const waited = waitedMs < 1_000 ? '' : ` after waiting ${Math.round(waitedMs / 1_000)} s`;
  return new Failure(
    'database-in-use',
    `federation requires direct database access, but ${database} is in use by ${nameOf(holder)}${waited}`,
    { hint: cureOf(holder) },
  );
}

/** A holder as text. */
export function nameOf({ kind, pid, program, elsewhere = null }: Holder): string {
  const place = elsewhere === null ? '' : ` in another container or on another machine: ${elsewhere}`;
  const process = pid === null ? '' : ` (pid ${pid}${place})`;
  switch (kind) {
    case 'run':
      return `another run of dolt-federation${process}`;
    case 'server':
      return `a Dolt server, ${program ?? 'dolt sql-server'}${process}`;
    case 'process':
      return `${program ?? 'another process'}${process}`;
    case 'unknown':
      return 'another Dolt process';
  }
}

function cureOf({ kind, port }: Holder): string {
  switch (kind) {
    case 'run':
      return 'Wait until that run has ended, then run again. Put jobs that share a database in one `concurrency` group.';
    case 'server':
      return `${throughServer(port)} Or stop the server during the run (\`bd dolt stop\` for a beads server).`;
    case 'process':
      return 'Wait until that process has ended, or stop it, then run again. Never delete a LOCK file: the process holds the lock, not the file.';
    case 'unknown':
      return 'Stop the process that uses the database (a `dolt sql-server`, `bd` or another run), then run again. Never delete a LOCK file.';
  }
}

/** How to work through a server; `port` is absent if nothing says which one it listens on. */
export function throughServer(port: number | undefined): string {
  const advice = 'To federate through the server, add';
  return port === undefined
    ? `${advice} \`federation.server.port\` with its port to the configuration.`
    : `${advice} \`federation.server: {port: ${port}}\` to the configuration.`;
}

/**
 * How long to wait for a database by its holder, in milliseconds. A command ends soon; another run takes as long as its
 * peers; a server usually stays, unless it is just ending.
 */
export type LockTimeouts = Readonly<Record<Holder['kind'], number>>;
const DEFAULT_TIMEOUTS: LockTimeouts = { run: 60_000, server: 2_000, process: 10_000, unknown: 10_000 };

/** For work that can be done another time. */
export const NO_LOCK_TIMEOUTS: LockTimeouts = { run: 0, server: 0, process: 0, unknown: 0 };

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 1_000;

interface LockContext {
  readonly env: Env;
  readonly signal: AbortSignal;
  /** Gets one message about the wait and the holder. */
  readonly log?: Pick<Logger, 'info'>;
}

/**
 * Opens a database, and waits for a limited time while another process holds its lock, which is never broken.
 * @param open throws Failure `locked` while the database is held
 * @throws Failure `database-in-use` if it is not released in time, `interrupted`, or any other error of `open`
 */
export async function waitForLock<T>(
  context: LockContext,
  {
    database,
    lockTimeouts = DEFAULT_TIMEOUTS,
    signal = context.signal,
  }: { readonly database: string; readonly lockTimeouts?: LockTimeouts; readonly signal?: AbortSignal },
  open: () => Promise<T>,
): Promise<T> {
  const started = monotonicMs();
  for (let wait = FIRST_PAUSE_MS; ; wait = Math.min(2 * wait, LONGEST_PAUSE_MS)) {
    const opened = await attempt(open);
    if (!('locked' in opened)) return opened.value;
    const holder = await lockHolder(database, context.env);
    const waited = monotonicMs() - started;
    if (waited >= lockTimeouts[holder.kind]) throw inUse(database, holder, waited);
    if (wait === FIRST_PAUSE_MS) context.log?.info(`waiting for ${database}, in use by ${nameOf(holder)}`);
    // Two runs that wait for a third must not come at the same moment again and again.
    await pause(wait * (0.75 + Math.random() / 2), signal);
  }
}

async function attempt<T>(open: () => Promise<T>): Promise<{ readonly value: T } | { readonly locked: true }> {
  try {
    return { value: await open() };
  } catch (thrown) {
    if (thrown instanceof Failure && thrown.code === 'locked') return { locked: true };
    throw thrown;
  }
}
