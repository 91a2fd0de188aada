import { readFile, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { Env } from '../core/env.ts';
import { isAlive } from '../core/process-alive.ts';
import { readSmallText } from '../core/read-small.ts';
import { lockingPid } from './lock-table.ts';
import { processCommand } from './process-command.ts';
import { serverNote } from './server-note.ts';

/** Who has a database open: another run of ours, somebody's `dolt sql-server`, another process, or nobody knows. */
export interface Holder {
  readonly kind: 'run' | 'server' | 'process' | 'unknown';
  readonly pid: number | null;
  /** The program and its first word; never the whole command line, which may hold anything. */
  readonly program: string | null;
}

/** The configuration that our own servers are started with lies in a folder of this name (server.ts). */
const OWN_CONFIG = /[\\/]df-\w{6}[\\/]server\.yaml/;
const SERVER = /(?:^|\s)sql-server(?:\s|$)/;

/** Who holds the lock of a database, as far as the system tells: Linux by its lock table, others by Dolt's own note. */
export async function lockHolder(database: string, env: Env): Promise<Holder> {
  const pid = (await fromLockTable(database)) ?? (await fromServerInfo(database));
  return pid === null ? { kind: 'unknown', pid, program: null } : holderOf(pid, await processCommand(pid, env));
}

/** What a process is, by its command line; null where that cannot be read. */
export function holderOf(pid: number, command: string | null): Holder {
  if (command === null) return { kind: 'process', pid, program: null };
  const [file = '', word = ''] = command.trim().split(/\s+/);
  const name = basename(file.replaceAll('\\', '/'));
  const program = /^[a-z][a-z-]*$/.test(word) ? `${name} ${word}` : name;
  if (!SERVER.test(command)) return { kind: 'process', pid, program };
  return { kind: OWN_CONFIG.test(command) ? 'run' : 'server', pid, program };
}

async function fromLockTable(database: string): Promise<number | null> {
  if (process.platform !== 'linux') return null;
  try {
    const file = await stat(join(database, '.dolt', 'noms', 'LOCK'));
    return lockingPid(await readFile('/proc/locks', 'utf8'), file);
  } catch {
    return null;
  }
}

/** A server writes `pid:port:secret`; the secret is nobody's business, and the note of a dead server stays behind. */
async function fromServerInfo(database: string): Promise<number | null> {
  const text = await readSmallText(serverNote(database));
  const pid = Number(/^(\d+):/.exec(text)?.[1]);
  return Number.isSafeInteger(pid) && pid > 0 && isAlive(pid) ? pid : null;
}
