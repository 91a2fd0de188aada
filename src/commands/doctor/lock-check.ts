import { readFile } from 'node:fs/promises';
import type { DoctorCheck } from '../../contract/doctor-result.ts';
import { isAlive } from '../../core/processes.ts';
import { lockFile, throughServer } from '../../dolt/server/lock.ts';
import { lockedBy } from '../../dolt/server/lock-table.ts';
import { type ServerInfo, serversOf } from '../../dolt/server/server-info.ts';
import { fine, missing, undetermined } from './check.ts';

const SUBJECT = { check: 'lock' } as const;
const NEVER = 'Never delete a LOCK file: the process holds the lock, not the file.';

/** Whether another process uses a database, as the system and the server's own files report it. */
export async function checkLock(database: string): Promise<DoctorCheck> {
  const servers = await serversOf(database);
  const locked = await lockedBy(lockFile(database));
  switch (locked.kind) {
    case 'held': {
      const server = servers.find(({ pid }) => pid === locked.pid);
      return server === undefined ? held(await describe(locked.pid)) : heldBy(server);
    }
    case 'free':
      return fine(SUBJECT, 'the database is not in use');
    case 'unknown': {
      const server = servers.find(({ pid }) => isAlive(pid));
      if (server !== undefined) return heldBy(server);
      return undetermined(
        SUBJECT,
        'no Dolt server uses the database; other processes cannot be detected on this system',
      );
    }
  }
}

function held(who: string): DoctorCheck {
  return missing(SUBJECT, `the database is in use by ${who}`, `Stop that process, then run again. ${NEVER}`);
}

function heldBy({ pid, port }: ServerInfo): DoctorCheck {
  const who = `a dolt sql-server (process ${pid}, port ${port})`;
  const cure = `${throughServer(port)} Or stop the server, then run again. ${NEVER}`;
  return missing(SUBJECT, `the database is in use by ${who}`, cure);
}

async function describe(pid: number | null): Promise<string> {
  if (pid === null) return 'a process in another container';
  const name = (await readFile(`/proc/${pid}/comm`, 'utf8').catch(() => '')).trim();
  return name === '' ? `process ${pid}` : `${name} (process ${pid})`;
}
