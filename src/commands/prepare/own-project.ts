import { join } from 'node:path';
import { readMetadata } from '../../beads/metadata.ts';
import type { Configuration } from '../../config/configuration.ts';
import { Failure } from '../../core/failure.ts';
import type { Context } from '../context.ts';

/**
 * The id of the project that the database of a workspace should have; null if it has none, or if it is not compared. A
 * database that the user named need not belong to the workspace.
 * @param named the database that the command line or an input names
 */
export async function expectedProject(
  { workspace, bdEnv, database }: Pick<Configuration, 'workspace' | 'bdEnv' | 'database'>,
  { env }: Pick<Context, 'env'>,
  named: string | undefined,
): Promise<string | null> {
  const isSkipped = { ...bdEnv, ...env }['BEADS_SKIP_IDENTITY_CHECK'] === '1';
  if (workspace === null || named !== undefined || database.value !== null || isSkipped) return null;
  return (await readMetadata(workspace))?.values.project_id || null;
}

/**
 * Compares a database with its workspace, as bd does before it writes: a server may have been started for another
 * database.
 * @param wanted the result of `expectedProject`
 * @param readProject reads the id of the project of the database; null: it has none
 * @returns the Failure `other-project`; null if the two do not contradict each other
 */
export async function otherProject(
  { workspace }: Pick<Configuration, 'workspace'>,
  wanted: string | null,
  readProject: () => Promise<string | null>,
): Promise<Failure | null> {
  if (wanted === null) return null;
  const found = await readProject();
  if (found === null || found === wanted) return null;
  const message = `the database belongs to another project than ${join(workspace ?? '', 'metadata.json')} says`;
  const hint =
    'Check `dolt_database` and the server of the workspace (`bd context`, `bd dolt status`). Correct the wrong one of `project_id` there and `_project_id` in the table `metadata`.';
  return new Failure('other-project', message, { hint });
}
