import { chmod, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** Files that Dolt 2.3.0 writes anew with mode 0777, whatever the umask says (measured). */
const WIDENED = ['config.json', 'repo_state.json'] as const;
/** What such a file may allow at most: Dolt replaces it by renaming, so that nobody needs to write into it. */
const FILE_MODE = 0o644;

/** A path and the permissions that it gets back. */
export interface GuardedPath {
  readonly path: string;
  readonly mode: number;
}

/**
 * Closes the folder `.dolt` to other users while a server of ours works in it, because Dolt opens two of its files to
 * everybody. Where the folder belongs to another user it stays as it is.
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
  // Closed already: by its owner, or by another run of ours that has the database now and will open it again.
  if ((mode & 0o077) === 0) return files;
  const isClosed = await chmod(folder, mode & 0o700).then(
    () => true,
    () => false,
  );
  return isClosed ? [...files, { path: folder, mode }] : files;
}

/** Takes away every right that was added meanwhile, and opens the folder again. */
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
