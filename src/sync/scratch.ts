import { randomBytes } from 'node:crypto';
import { branchNames, deleteBranch } from '../dolt/heads.ts';
import type { Sql } from '../dolt/sql.ts';

/** No branch of a user begins like this; a run that died leaves such branches, and nothing else. */
const PREFIX = 'dolt-federation-scratch/';

/** A new name for a temporary branch. */
export function scratchName(): string {
  return `${PREFIX}${randomBytes(6).toString('hex')}`;
}

/** Removes every temporary branch: those of this run, and those of a run that died. */
export async function removeScratch(sql: Sql): Promise<void> {
  for (const name of await branchNames(sql)) {
    if (name.startsWith(PREFIX)) await deleteBranch(sql, name);
  }
}
