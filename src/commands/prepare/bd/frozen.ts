import { sep } from 'node:path';
import { frozenBy, requireNotFrozen } from '../../../beads/freeze.ts';
import type { Configuration } from '../../../config/configuration.ts';
import type { Context } from '../../context.ts';

/**
 * The folders in which, and above which, a file freezes a database: those of the database, of the workspace and the
 * working directory. None, if beads does not use it.
 * @param database its folder; null: it is not on this machine
 */
export function foldersToFreeze(
  database: string | null,
  { workspace }: Pick<Configuration, 'workspace'>,
  cwd: string,
): readonly string[] {
  const isOfBeads = workspace !== null || database?.split(sep).includes('.beads') === true;
  return isOfBeads ? [cwd, workspace, database].filter((folder) => folder !== null) : [];
}

/** The variables that may name the file. Its first line is shown, so in a job a file of the checkout must not name it. */
function freezeVariables({ bdEnv }: Pick<Configuration, 'bdEnv'>, { env, ceiling }: Pick<Context, 'env' | 'ceiling'>) {
  return ceiling === null ? { ...bdEnv, ...env } : env;
}

/**
 * The file that freezes a database for a migration; null: there is none.
 * @param at the path to look at for a path of the checkout
 * @throws Failure `migration-freeze` if that cannot be determined
 */
export async function freezeOf(
  from: readonly string[],
  configuration: Pick<Configuration, 'bdEnv'>,
  context: Pick<Context, 'env' | 'ceiling'>,
  at: (path: string) => string,
): Promise<string | null> {
  return from.length === 0 ? null : await frozenBy(from, freezeVariables(configuration, context), at);
}

/**
 * Refuses to write to a database of beads that is frozen for a migration.
 * @param database its folder; null: it is not on this machine
 * @throws Failure `migration-freeze`
 */
export async function refuseFrozen(
  database: string | null,
  configuration: Pick<Configuration, 'workspace' | 'bdEnv'>,
  context: Pick<Context, 'cwd' | 'env' | 'ceiling'>,
): Promise<void> {
  const from = foldersToFreeze(database, configuration, context.cwd);
  if (from.length > 0) await requireNotFrozen(from, freezeVariables(configuration, context));
}
