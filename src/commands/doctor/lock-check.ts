import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { DoctorCheck } from '../../contract/doctor-result.ts';
import { systemCode } from '../../core/failure.ts';
import { readSmallText } from '../../core/files.ts';
import { fine, missing, undetermined } from './check.ts';

const SUBJECT = { check: 'lock' } as const;
const CURE = 'Stop that process, then run again. Never delete a LOCK file: the lock is the process, not the file.';

/** Whether another process holds a database, from what the system and the server that it may be tell of themselves. */
export async function checkLock(database: string): Promise<DoctorCheck> {
  const server = serverInfo(await readSmallText(join(database, '.dolt', 'sql-server.info')));
  const holder = await lockedBy(join(database, '.dolt', 'noms', 'LOCK'));
  if (holder !== null && holder !== 'untold') return held(await describe(holder, server));
  if (holder === null) return fine(SUBJECT, 'nobody holds the database');
  if (server !== null && isAlive(server.pid))
    return held(`a dolt sql-server (process ${server.pid}, port ${server.port})`);
  return undetermined(SUBJECT, 'no server says that it holds the database; other processes cannot be told here');
}

function held(who: string): DoctorCheck {
  return missing(SUBJECT, `federation requires direct database access, but ${who} holds it`, CURE);
}

/** `undetermined` on systems that do not list their locks. */
async function lockedBy(file: string): Promise<number | null | 'untold'> {
  try {
    const locks = await readFile('/proc/locks', 'utf8');
    const found = await stat(file).catch(() => null);
    return found === null ? null : lockHolder(locks, found.ino);
  } catch {
    return 'untold';
  }
}

async function describe(pid: number, server: ReturnType<typeof serverInfo>): Promise<string> {
  if (pid === 0) return 'a process in another container';
  if (server?.pid === pid) return `a dolt sql-server (process ${pid}, port ${server.port})`;
  const name = (await readFile(`/proc/${pid}/comm`, 'utf8').catch(() => '')).trim();
  return name === '' ? `process ${pid}` : `${name} (process ${pid})`;
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (thrown) {
    return systemCode(thrown) === 'EPERM';
  }
}

/** A process that holds a lock: its id, 0 where it lives in another container. */
const LOCK_LINE = /^\d+: (?:FLOCK|POSIX|OFDLCK) +\S+ +WRITE +(-?\d+) +[0-9a-f]+:[0-9a-f]+:(\d+) /;

/**
 * Who holds a lock on a file, from the text of /proc/locks (Linux): the id of the process, 0 for one that cannot be seen
 * from here; null for nobody. The device is not compared: what `stat` says of it is another one on btrfs and overlayfs.
 */
export function lockHolder(procLocks: string, inode: number): number | null {
  for (const line of procLocks.split('\n')) {
    const [, pid, file] = LOCK_LINE.exec(line) ?? [];
    if (pid !== undefined && file === String(inode)) return Math.max(0, Number(pid));
  }
  return null;
}

/**
 * The process id and the port in `.dolt/sql-server.info`, which a server leaves there while it runs (Dolt 2.3.0). Its
 * third part is a password and is not read.
 */
export function serverInfo(text: string): { readonly pid: number; readonly port: number } | null {
  const [, pid, port] = /^(\d{1,10}):(\d{1,5}):/.exec(text) ?? [];
  return pid === undefined || port === undefined ? null : { pid: Number(pid), port: Number(port) };
}
