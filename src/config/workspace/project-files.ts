import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { isFolder, isThere } from '../../core/files.ts';

/** The folders in which bd keeps databases: embedded, and those of a server. */
export const DATA_FOLDERS = ['embeddeddolt', 'dolt'] as const;

/** Whether a `.beads` folder is a workspace for bd 1.3.0; a folder of the same name with other files is none. */
export async function isProject(beads: string): Promise<boolean> {
  for (const name of ['metadata.json', 'config.yaml']) if (await isThere(join(beads, name))) return true;
  return await ownsDatabase(beads);
}

/** Whether a workspace has data of its own, as bd decides it for a worktree: git checks out only its other files. */
export async function ownsDatabase(beads: string): Promise<boolean> {
  for (const name of DATA_FOLDERS) if (await isFolder(join(beads, name))) return true;
  return (await sqliteFiles(beads)).length > 0;
}

/** SQLite databases of an old bd, without those of other tools and backups. */
export async function sqliteFiles(beads: string): Promise<readonly string[]> {
  const names = await readdir(beads).catch(() => []);
  return names.filter((name) => name.endsWith('.db') && name !== 'vc.db' && !name.includes('.backup')).sort();
}
