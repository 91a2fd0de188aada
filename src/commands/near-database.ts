import { readdir } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import { distance } from 'fastest-levenshtein';
import { isDatabase } from '../beads/database-folders.ts';

/** More folders than this are not looked at: a suggestion is not worth the wait. */
const MAX_FOLDERS = 500;
const MAX_DISTANCE = 3;

/**
 * The database whose path is most like one that does not exist: the first folder of the path that is missing has
 * another name, and everything below it is there.
 */
export async function nearestDatabase(path: string): Promise<string | null> {
  const parent = await existingParent(path);
  if (parent === null) return null;
  const [missing = '', ...rest] = relative(parent, path).split(sep);
  const near = (await foldersOf(parent))
    .map((name) => ({ name, far: distance(name.toLowerCase(), missing.toLowerCase()) }))
    .filter(({ far }) => far <= Math.min(MAX_DISTANCE, Math.floor(missing.length / 2)))
    .sort((a, b) => a.far - b.far);
  for (const { name } of near) {
    const candidate = join(parent, name, ...rest);
    if (await isDatabase(candidate)) return candidate;
  }
  return null;
}

/** The databases in the sub-folders of a folder, down to the second level. */
export async function databasesBelow(folder: string, levels = 2): Promise<readonly string[]> {
  const found: string[] = [];
  for (const name of await foldersOf(folder)) {
    const inner = join(folder, name);
    if (await isDatabase(inner)) found.push(inner);
    else if (levels > 1) found.push(...(await databasesBelow(inner, levels - 1)));
  }
  return found;
}

async function existingParent(path: string): Promise<string | null> {
  for (let folder = dirname(path); ; folder = dirname(folder)) {
    const names = await readdir(folder).catch(() => null);
    if (names !== null) return folder;
    if (folder === dirname(folder)) return null;
  }
}

async function foldersOf(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  return entries
    .filter((entry) => entry.isDirectory() || entry.isSymbolicLink())
    .map(({ name }) => name)
    .filter((name) => name !== '.dolt' && name !== '.git' && name !== 'node_modules')
    .slice(0, MAX_FOLDERS)
    .sort();
}
