import { identityOf, isAlive } from '../../core/processes.ts';
import type { ProxyNote } from '../bd-server.ts';

/** How bd 1.3.0 notes the start of a process on Linux: the start of the machine, and the ticks since then. */
const BIRTH = /^linux-v1:([0-9a-f-]{36}):(\d+)$/;

/** Whether the process of a proxy runs, as far as this one can see processes. */
export function isRunning({ pid, birth }: Pick<ProxyNote, 'pid' | 'birth'>): boolean {
  if (!isAlive(pid)) return false;
  const [, boot, started] = BIRTH.exec(birth ?? '') ?? [];
  const identity = identityOf(pid);
  // Another process can have the id now.
  return boot === undefined || identity === null || identity.startsWith(`${pid}-${started}-${boot}-`);
}
