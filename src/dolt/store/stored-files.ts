import { readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { readSmallText, statOf } from '../../core/files.ts';
import { isTableFile, MANIFEST_BYTES, tablesIn } from '../database-files.ts';

/** The table files of a database, by path below `.dolt`, with what changes when a file is replaced. */
export type StoredFiles = ReadonlyMap<string, string>;

/** The folders of table files: new ones, and those that a garbage collection kept. */
const FOLDERS = ['noms', join('noms', 'oldgen')];

/**
 * Lists the table files of a database that its manifests name, without its journal. Dolt reads no others, as a killed run
 * leaves them.
 * @param database the folder that holds `.dolt`
 */
export async function storedFiles(database: string): Promise<StoredFiles> {
  const files = new Map<string, string>();
  for (const folder of FOLDERS) {
    const below = join(database, '.dolt', folder);
    const named = tablesIn(await readSmallText(join(below, 'manifest'), MANIFEST_BYTES));
    const names = (await readdir(below).catch(() => [])).filter((name) => named.has(basename(name, '.darc')));
    for (const path of names.filter(isTableFile).map((name) => join(folder, name))) {
      const found = await statOf(join(database, '.dolt', path));
      if (found !== null) files.set(path, `${found.size} ${found.ino} ${found.mtimeMs}`);
    }
  }
  return files;
}
