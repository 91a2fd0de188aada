import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { readSmallText, statOf } from '../../core/files.ts';
import { isTableFile, tablesIn } from '../database-files.ts';

/** The table files of a database, by path below `.dolt`, with what changes when a file is replaced. */
export type StoredFiles = ReadonlyMap<string, string>;

/** The folders of table files: new ones, and those that a garbage collection kept. */
const FOLDERS = ['noms', join('noms', 'oldgen')];

/**
 * Lists the table files of a database, without its journal.
 * @param database the folder that holds `.dolt`
 */
export async function storedFiles(database: string): Promise<StoredFiles> {
  const files = new Map<string, string>();
  for (const folder of FOLDERS) {
    const names = await readdir(join(database, '.dolt', folder)).catch(() => []);
    for (const path of names.filter(isTableFile).map((name) => join(folder, name))) {
      const found = await statOf(join(database, '.dolt', path));
      if (found !== null) files.set(path, `${found.size} ${found.ino} ${found.mtimeMs}`);
    }
  }
  return files;
}

/** The same without files that no manifest names, as a killed run leaves them. Dolt does not read those. */
export async function namedFiles(database: string): Promise<StoredFiles> {
  const named = new Set<string>();
  for (const folder of FOLDERS) {
    const tables = tablesIn(await readSmallText(join(database, '.dolt', folder, 'manifest')));
    for (const name of tables) for (const suffix of ['', '.darc']) named.add(join(folder, `${name}${suffix}`));
  }
  return new Map([...(await storedFiles(database))].filter(([path]) => named.has(path)));
}
