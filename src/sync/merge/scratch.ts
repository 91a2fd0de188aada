import { randomBytes } from 'node:crypto';
import { isAlive } from '../../core/processes.ts';
import { branchNames, deleteBranch } from '../../dolt/sql/heads.ts';
import type { Sql } from '../../dolt/sql/sql.ts';

/** No branch of a user begins like this; a run that died leaves such branches, and nothing else. */
const PREFIX = 'dolt-federation-scratch/';

/** A new name for a temporary branch; it holds our process id, so that other runs know whose it is. */
export function scratchName(): string {
  return `${PREFIX}${process.pid}-${randomBytes(6).toString('hex')}`;
}

/**
 * Whether a branch is a temporary one that nobody needs any more: of this run, or of a run that died. A run that lives
 * may have let go of the database for a moment and still need its own.
 */
export function isLeftover(branch: string, alive: (pid: number) => boolean = isAlive): boolean {
  if (!branch.startsWith(PREFIX)) return false;
  const pid = Number(/^(\d{1,9})-/.exec(branch.slice(PREFIX.length))?.[1] ?? 0);
  return pid === 0 || pid === process.pid || !alive(pid);
}

/** Removes the temporary branches of this run, and those of runs that died. */
export async function removeScratch(sql: Sql): Promise<void> {
  for (const name of await branchNames(sql)) {
    if (isLeftover(name)) await deleteBranch(sql, name);
  }
}
