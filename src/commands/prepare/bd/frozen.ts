import { sep } from 'node:path';
import { requireNotFrozen } from '../../../beads/freeze.ts';
import type { Configuration } from '../../../config/configuration.ts';
import type { Context } from '../../context.ts';

/**
 * Refuses to write to a database of beads that is frozen for a migration. The file counts beside and above the database,
 * the workspace and the working directory.
 * @param database its folder; null: it is not on this machine
 * @throws Failure `migration-freeze`
 */
export async function refuseFrozen(
  database: string | null,
  { workspace, bdEnv }: Pick<Configuration, 'workspace' | 'bdEnv'>,
  { cwd, env, ceiling }: Pick<Context, 'cwd' | 'env' | 'ceiling'>,
): Promise<void> {
  const isOfBeads = workspace !== null || database?.split(sep).includes('.beads') === true;
  if (!isOfBeads) return;
  const from = [cwd, workspace, database].filter((folder) => folder !== null);
  // The first line of the file is shown, so a file of the checkout must not name it in a job.
  await requireNotFrozen(from, ceiling === null ? { ...bdEnv, ...env } : env);
}
