import { randomBytes } from 'node:crypto';
import { markRun, runOf } from '../../core/run-mark.ts';
import { branchNames, checkout, createBranch, deleteBranch } from '../../dolt/sql/heads.ts';
import type { Sql } from '../../dolt/sql/sql.ts';

/** With a mark after it, only a run that died leaves such a branch. */
const PREFIX = 'dolt-federation-scratch/';

/** A new name for a temporary branch; it contains the mark of this run, so that other runs know its owner. */
export function scratchName(): string {
  return `${PREFIX}${markRun()}-${randomBytes(6).toString('hex')}`;
}

/**
 * Whether a temporary branch is unused: it belongs to this run, or to a run that ended. A live run may have released the
 * database briefly and still need its branch.
 */
export function isLeftoverBranch(branch: string): boolean {
  const run = branch.startsWith(PREFIX) ? runOf(branch.slice(PREFIX.length).replace(/-[0-9a-f]{12}$/, '')) : null;
  return run === 'this' || run === 'ended';
}

/** Checks out a new temporary branch at a commit. @returns its name */
export async function checkoutScratch(sql: Sql, at: string): Promise<string> {
  const name = scratchName();
  await createBranch(sql, { name, at });
  await checkout(sql, name);
  return name;
}

/** Removes the temporary branches of this run, and those of runs that died. One that cannot be removed stays. */
export async function removeScratch(sql: Sql): Promise<void> {
  for (const name of await branchNames(sql)) {
    if (isLeftoverBranch(name)) await deleteBranch(sql, name).catch(() => undefined);
  }
}
