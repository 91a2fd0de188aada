import { readFile } from 'node:fs/promises';
import type { DoctorCheck } from '../../contract/doctor-result.ts';
import { isAlive } from '../../core/processes.ts';
import { lockFile } from '../../dolt/server/lock.ts';
import { lockedBy } from '../../dolt/server/lock-table.ts';
import { readServerInfo, type ServerInfo } from '../../dolt/server/server-info.ts';
import { fine, missing, undetermined } from './check.ts';

const SUBJECT = { check: 'lock' } as const;
const CURE =
  'Stop that process, then run again. To work through a `dolt sql-server`, set `federation.server`. Never delete a LOCK file: the process holds the lock, not the file.';

/** Whether another process uses a database, as the system and the server's own files report it. */
export async function checkLock(database: string): Promise<DoctorCheck> {
  const server = await readServerInfo(database);
  const locked = await lockedBy(lockFile(database));
  switch (locked.kind) {
    case 'held':
      return held(await describe(locked.pid, server));
    case 'free':
      return fine(SUBJECT, 'the database is not in use');
    case 'unknown':
      if (server !== null && isAlive(server.pid)) return held(serverText(server));
      return undetermined(
        SUBJECT,
        'no Dolt server uses the database; other processes cannot be detected on this system',
      );
  }
}

function held(who: string): DoctorCheck {
  return missing(SUBJECT, `the database is in use by ${who}`, CURE);
}

async function describe(pid: number | null, server: ServerInfo | null): Promise<string> {
  if (pid === null) return 'a process in another container';
  if (server?.pid === pid) return serverText(server);
  const name = (await readFile(`/proc/${pid}/comm`, 'utf8').catch(() => '')).trim();
  return name === '' ? `process ${pid}` : `${name} (process ${pid})`;
}

function serverText({ pid, port }: ServerInfo): string {
  return `a dolt sql-server (process ${pid}, port ${port})`;
}
