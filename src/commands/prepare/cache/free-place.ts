import { lstat, readdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Failure } from '../../../core/failure.ts';
import { isDatabase } from '../../../dolt/database-files.ts';

/**
 * Requires that a clone can get its place, before a whole database is transferred. An empty folder can be replaced. A
 * database is one that another run has just cloned, which this run then uses.
 * @throws Failure `no-database` if something else is there, or on the way there
 */
export async function requireFreePlace(place: string): Promise<void> {
  for (let path = place; ; path = dirname(path)) {
    const why = await obstacle(path, path === place);
    if (why === 'absent' && path !== dirname(path)) continue;
    if (why === null || why === 'absent') return;
    throw new Failure('no-database', `no database can be cloned into ${place}: ${path} ${why}`, {
      hint: 'Remove it or move it away, mount the disk that it leads to, or give another folder with `--database`.',
    });
  }
}

/** Why an entry is in the way of a clone; null: it is not, or only this user cannot see it. */
async function obstacle(path: string, isPlace: boolean): Promise<string | null> {
  const entry = await lstat(path).catch(() => null);
  if (entry === null) return 'absent';
  const target = await stat(path).catch(() => null);
  if (target === null) return entry.isSymbolicLink() ? 'is a broken symbolic link' : null;
  if (!target.isDirectory()) return 'is not a folder';
  if (!isPlace) return null;
  if (entry.isSymbolicLink()) return 'is a link';
  if (await isDatabase(path)) return null;
  const names = await readdir(path).catch(() => []);
  return names.length === 0 ? null : 'contains other files and no complete database';
}
