import { join } from 'node:path';
import { readMetadata } from '../../beads/metadata.ts';
import type { Configuration } from '../../config/configuration.ts';
import { Failure } from '../../core/failure.ts';
import type { Context } from '../context.ts';

interface Opened {
  /** The database that the command line or an input names. */
  readonly named: string | undefined;
  /** Reads the id of its project; null: it has none. */
  readonly readProject: () => Promise<string | null>;
}

/**
 * The id of the project that the database of a workspace should have; null if it has none, or if it is not compared. A
 * database that the user named need not belong to the workspace.
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
 * @returns the Failure `other-project`; null if the two do not contradict each other
 */
export async function otherProject(
  configuration: Pick<Configuration, 'workspace' | 'bdEnv' | 'database'>,
  context: Pick<Context, 'env'>,
  { named, readProject }: Opened,
): Promise<Failure | null> {
  const wanted = await expectedProject(configuration, context, named);
  if (wanted === null) return null;
  const found = await readProject();
  if (found === null || found === wanted) return null;
  const message = `the database belongs to another project than ${join(configuration.workspace ?? '', 'metadata.json')} says`;
  const hint =
    'Check `dolt_database` and the server of the workspace (`bd context`, `bd dolt status`). Correct the wrong one of `project_id` there and `_project_id` in the table `metadata`.';
  return new Failure('other-project', message, { hint });
}
