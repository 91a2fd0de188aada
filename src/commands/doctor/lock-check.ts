import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { DoctorCheck } from '../../contract/doctor-result.ts';
import { readSmallText } from '../../core/read-small.ts';
import { systemCode } from '../../core/system-code.ts';
import { fine, missing, untold } from './check.ts';
import { lockHolder, serverInfo } from './lock-holder.ts';

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
  return untold(SUBJECT, 'no server says that it holds the database; other processes cannot be told here');
}

function held(who: string): DoctorCheck {
  return missing(SUBJECT, `federation requires direct database access, but ${who} holds it`, CURE);
}

/** `untold` on systems that do not list their locks. */
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
