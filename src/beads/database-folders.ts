import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { isFolder } from '../core/files.ts';

/** Whether a folder holds a Dolt database, as far as it is readable. */
export async function isDatabase(folder: string): Promise<boolean> {
  return isFolder(join(folder, '.dolt', 'noms'));
}

/** The folders in which bd keeps databases: embedded, and those of a server. */
export const DATA_FOLDERS = ['embeddeddolt', 'dolt'] as const;

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

/** Whether a workspace has its own data, as bd decides it for a worktree. */
export async function ownsData(workspace: string): Promise<boolean> {
  for (const name of DATA_FOLDERS) if (await isFolder(join(workspace, name))) return true;
  return (await sqliteFiles(workspace)).length > 0;
}

/** SQLite databases of an old bd, without those of other tools and backups. */
export async function sqliteFiles(workspace: string): Promise<readonly string[]> {
  const names = await readdir(workspace).catch(() => []);
  return names.filter((name) => name.endsWith('.db') && name !== 'vc.db' && !name.includes('.backup')).sort();
}
