import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { DATA_FOLDERS } from '../config/workspace/project-files.ts';
import { isDatabase } from '../dolt/database-files.ts';

/** The databases in a workspace, in any folder that bd uses. */
export async function databasesIn(workspace: string): Promise<readonly string[]> {
  const found: string[] = [];
  for (const name of DATA_FOLDERS) {
    const folder = join(workspace, name);
    const inner = (await readdir(folder).catch(() => [])).sort().map((one) => join(folder, one));
    // The data folder of a server can itself be a database, which bd does not use.
    for (const path of [...inner, folder]) if (await isDatabase(path)) found.push(path);
  }
  return found;
}
