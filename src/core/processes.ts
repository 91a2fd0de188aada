import { readFileSync, readlinkSync } from 'node:fs';
import { createServer } from 'node:net';
import { Failure, systemCode } from './failure.ts';

const IDENTITY = /^(\d{1,10})-(\d{1,20})-([0-9a-f-]{36})-(\d{1,20})$/;

/** Whether a process with that id is alive on this machine, for any owner. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (thrown) {
    if (systemCode(thrown) !== 'EPERM') return false;
  }
  try {
    // It has ended, and its parent does not ask how: the first process of a container often never does.
    return statOf(pid)[0] !== 'Z';
  } catch {
    return true;
  }
}

/** The fields of proc_pid_stat(5) from the third on. The second is the name in brackets, which may hold blanks and brackets. */
function statOf(pid: number): string[] {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}

/** A free TCP port on 127.0.0.1; another process may take it before it is bound. */
export async function freePort(): Promise<number> {
  const server = createServer();
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => {
        if (address === null || typeof address === 'string')
          reject(
            new Failure('engine-start', 'no TCP port is free', {
              hint: 'Close programs that listen on many ports of 127.0.0.1, then run again.',
            }),
          );
        else resolve(address.port);
      });
    });
  });
}

/**
 * Identifies a process: its id, when it started, the start of the machine, and the namespace of its id.
 * @returns null outside Linux, or if the process cannot be read
 */
export function identityOf(pid: number): string | null {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    const [, namespace = ''] = /^pid:\[(\d+)\]$/.exec(readlinkSync('/proc/self/ns/pid')) ?? [];
    const started = statOf(pid)[19] ?? '';
    const name = `${pid}-${started}-${boot}-${namespace}`;
    return IDENTITY.test(name) ? name : null;
  } catch {
    return null;
  }
}

/** Whether an identity is that of a process that this one would see: of this machine since its start, and this container. */
export function isInView(identity: string): boolean {
  const [, , , boot, namespace] = IDENTITY.exec(identity) ?? [];
  const here = IDENTITY.exec(identityOf(process.pid) ?? '');
  return boot !== undefined && here?.[3] === boot && here[4] === namespace;
}

/** Whether an identity is that of a process that this one would see, and that has ended. */
export function hasEnded(identity: string): boolean {
  if (!isInView(identity)) return false;
  const [, pid] = IDENTITY.exec(identity) ?? [];
  if (!isAlive(Number(pid))) return true;
  const now = identityOf(Number(pid));
  // Another process can have the id now.
  return now !== null && now !== identity;
}
