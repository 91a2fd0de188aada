import { chmod, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** Files that Dolt 2.3.0 rewrites with mode 0777, regardless of umask (measured). */
const WIDENED = ['config.json', 'repo_state.json'] as const;
/** Maximum mode of such a file. Dolt replaces it by renaming, so it needs no further write access. */
const FILE_MODE = 0o644;

/** A path and the mode to restore. */
export interface GuardedPath {
  readonly path: string;
  readonly mode: number;
}

/**
 * Closes the folder `.dolt` to other users while a server works in it, because Dolt makes two of its files writable for
 * everyone. A folder of another user is not changed.
 * @param database the folder that holds `.dolt`
 * @returns what `restoreModes` needs when the server has ended
 */
export async function guardFiles(database: string): Promise<GuardedPath[]> {
  if (process.platform === 'win32') return [];
  const folder = join(database, '.dolt');
  const mode = await modeOf(folder);
  if (mode === null) return [];
  const files: GuardedPath[] = [];
  for (const name of WIDENED) {
    const path = join(folder, name);
    files.push({ path, mode: ((await modeOf(path)) ?? FILE_MODE) & FILE_MODE });
  }
  // Already closed by its owner, or by another run that uses the database and will open it again.
  if ((mode & 0o077) === 0) return files;
  const isClosed = await chmod(folder, mode & 0o700).then(
    () => true,
    () => false,
  );
  return isClosed ? [...files, { path: folder, mode }] : files;
}

/** Removes every permission that was added meanwhile, and opens the folder again. */
export async function restoreModes(guarded: readonly GuardedPath[]): Promise<void> {
  for (const { path, mode } of guarded) {
    const now = await modeOf(path);
    if (now === null || now === mode) continue;
    const isFolder = path.endsWith('.dolt');
    await chmod(path, isFolder ? mode : now & mode).catch(() => undefined);
  }
}

async function modeOf(path: string): Promise<number | null> {
  return stat(path).then(
    (found) => found.mode & 0o7777,
    () => null,
  );
}
