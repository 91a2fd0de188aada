import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { isTableFile } from '../database-files.ts';

/** The table files of a database, by path, with what changes when a file is replaced. */
export type StoredFiles = ReadonlyMap<string, string>;

/** The folders of table files below `.dolt`: new ones, and those that a garbage collection kept. */
const FOLDERS = ['noms', join('noms', 'oldgen')];

/**
 * Lists the table files of a database, without its journal.
 * @param database the folder that holds `.dolt`
 * @throws errors of the file system
 */
export async function storedFiles(database: string): Promise<StoredFiles> {
  const files = new Map<string, string>();
  for (const name of FOLDERS) {
    const folder = join(database, '.dolt', name);
    for (const file of (await readdir(folder).catch(() => [])).filter(isTableFile)) {
      const path = join(folder, file);
      const { size, ino, mtimeMs } = await stat(path);
      files.set(path, `${size} ${ino} ${mtimeMs}`);
    }
  }
  return files;
}
