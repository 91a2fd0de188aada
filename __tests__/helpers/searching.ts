import { mkdir, writeFile } from 'node:fs/promises';
import { locateDatabase } from '../../src/commands/prepare/locate-database.ts';
import type { Configuration } from '../../src/config/configuration.ts';
import type { Env } from '../../src/core/env.ts';
import type { TempFolder } from './temp-folder.ts';

/** The answers of the user, the configuration and the environment. */
export interface Asked {
  readonly database?: string;
  readonly workspace?: string | null;
  /** The path in the variable or in the file. */
  readonly configured?: Configuration['database'];
  readonly bootstrap?: string;
  readonly branch?: string;
  readonly peers?: Configuration['peers'];
  readonly cwd?: string;
  readonly ceiling?: string | null;
  readonly cloneDir?: string;
  readonly env?: Env;
}

/** Searches for a database from the folder `here`. */
export const search = (
  folder: TempFolder,
  { database, workspace = null, configured = NOT_SET, bootstrap, branch, peers = [], env = {}, ...context }: Asked = {},
) =>
  locateDatabase(
    {
      database,
      bootstrap,
      branch,
      configuration: { workspace, redirect: null, bdEnv: {}, database: configured, peers },
    },
    { cwd: folder.file('here'), ceiling: folder.path, cloneDir: null, userHome: false, env, ...context },
  );

const NOT_SET: Configuration['database'] = { value: null, origin: { layer: 'default' } };

/** Makes what a search takes for a database. */
export const aDatabase = (path: string) => mkdir(`${path}/.dolt/noms`, { recursive: true });

/** Makes the files of a beads workspace. */
export async function workspace(folder: TempFolder, metadata: unknown): Promise<{ workspace: string }> {
  await mkdir(folder.file('here', '.beads'), { recursive: true });
  await writeFile(
    folder.file('here', '.beads', 'metadata.json'),
    typeof metadata === 'string' ? metadata : JSON.stringify(metadata),
  );
  return { workspace: folder.file('here', '.beads') };
}
