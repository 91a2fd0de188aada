import { hostname } from 'node:os';
import { shortDigest } from './digest.ts';
import { hasEnded, identityOf, isAlive, isInView } from './processes.ts';

/** No run takes longer: GitHub ends a job after five days. */
const LONGEST_RUN_MS = 7 * 24 * 60 * 60 * 1_000;

const MARK = /^(\d{1,10}-[0-9a-f-]+)-(\d{9,11})$/;

/** A mark for what a run leaves in a database: its process, and the time. It is a part of names of branches and remotes. */
export function markRun(now = Date.now()): string {
  return `${identityOrHost(process.pid)}-${Math.floor(now / 1_000)}`;
}

/** The mark of a run of which only the process id is known. It has ended if this machine has no such process. */
export function markOfProcess(pid: number, now = Date.now()): string {
  return `${identityOrHost(pid)}-${isAlive(pid) ? Math.floor(now / 1_000) : '0'.repeat(9)}`;
}

/**
 * The run of a mark: of this process, ended, or one that may live. A process of another container or machine cannot be
 * seen, so its run counts as ended only after the longest time that a run takes.
 * @returns null if the text is not a mark
 */
export function runOf(mark: string, now = Date.now()): 'this' | 'ended' | 'other' | null {
  const [, identity, seconds] = MARK.exec(mark) ?? [];
  if (identity === undefined) return null;
  if (identity === identityOrHost(process.pid)) return 'this';
  if (now - Number(seconds) * 1_000 > LONGEST_RUN_MS) return 'ended';
  if (isInView(identity)) return hasEnded(identity) ? 'ended' : 'other';
  const [pid, host] = identity.split('-');
  const isSeen = identityOf(process.pid) === null && host === ownHost();
  return isSeen && !isAlive(Number(pid)) ? 'ended' : 'other';
}

/** Only Linux identifies processes by more than their ids. */
function identityOrHost(pid: number): string {
  return identityOf(pid) ?? `${pid}-${ownHost()}`;
}

function ownHost(): string {
  return shortDigest(hostname());
}
