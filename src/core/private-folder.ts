import { appendFileSync, mkdirSync, rmSync } from 'node:fs';
import { lstat, mkdtemp, readdir, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { z } from 'zod';
import { explained, systemCode } from './failure.ts';
import { makeFolders, readSmall } from './files.ts';
import { parsedJson } from './json.ts';
import { hasEnded, identityOf } from './processes.ts';
import { replaceableFolder } from './shared-folder.ts';

/** The parent of private folders, and their registration. */
export interface FolderPlace {
  /** Parent of private temporary folders; absolute. */
  readonly tempDir: string;
  /** Called for every folder that must not outlive the run. */
  readonly onResource?: ((resource: { readonly kind: 'folder'; readonly path: string }) => void) | undefined;
}

/** Names of the folders of runs and clones: `mkdtemp` adds six characters. */
const NAME = /^(?:df(?:-[a-z]+)?|\.dolt-federation-clone)-[A-Za-z0-9]{6}$/;

/** Whether a name matches a private folder of a run. */
export function isPrivateName(name: string): boolean {
  return NAME.test(name);
}

/**
 * Runs work with a folder that only this user can open, and removes it afterwards in any case.
 * @param purpose lower-case word in the name of the folder
 */
export async function inPrivateFolder<T>(
  place: FolderPlace,
  purpose: string,
  work: (folder: string) => Promise<T>,
): Promise<T> {
  return await thenRemoved(await makePrivateFolder(place, purpose), work);
}

/**
 * Makes a folder that only this user can open. The caller removes it.
 * @param purpose lower-case word in the name of the folder; null: none
 * @throws Failure `bad-usage` if the temporary folder cannot be used, `disk-full`
 */
export async function makePrivateFolder({ tempDir, onResource }: FolderPlace, purpose: string | null): Promise<string> {
  try {
    await makeFolders(tempDir, 0o700);
    return await makeFolder(join(tempDir, purpose === null ? 'df-' : `df-${purpose}-`), onResource);
  } catch (thrown) {
    throw explained(thrown, 'bad-usage', `the temporary folder ${tempDir} cannot be used`, WRITABLE);
  }
}

const WRITABLE =
  'Set XDG_CACHE_HOME, or on a runner RUNNER_TEMP, to a folder that this user may write to, on a disk that can be written.';

async function makeFolder(prefix: string, onResource: FolderPlace['onResource']): Promise<string> {
  const folder = await mkdtemp(prefix);
  onResource?.({ kind: 'folder', path: folder });
  return folder;
}

/**
 * Like `inPrivateFolder`, for a database that is made there and then moved to its place: the folder is beside that
 * place, because only a rename inside a file system is atomic.
 * @throws Failure `database-read-only` if it cannot be made there, `disk-full`
 */
export async function inCloneFolder<T>(
  { onResource }: Pick<FolderPlace, 'onResource'>,
  database: string,
  work: (folder: string) => Promise<T>,
): Promise<T> {
  const parent = dirname(database);
  const making = makeFolders(parent).then(() => makeFolder(join(parent, '.dolt-federation-clone-'), onResource));
  const folder = await making.catch((thrown: unknown) => {
    throw explained(thrown, 'database-read-only', `no database can be made in ${parent}`);
  });
  return await thenRemoved(folder, work);
}

async function thenRemoved<T>(folder: string, work: (folder: string) => Promise<T>): Promise<T> {
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The record of the temporary folders of a run. */
export interface FolderRecord {
  /** Adds a folder, at once: the process may be killed at any time. */
  add(path: string): void;
  /** Removes the record; call it when the folders are gone. */
  end(): void;
}

const folderName = z.string();

/**
 * Records folders in a file that only a later run reads: if this process is killed, it removes them.
 * @param runs folder of the records of all runs
 */
export function recordFolders(runs: string): FolderRecord {
  const owner = identityOf(process.pid);
  const file = join(runs, owner ?? '');
  let isWritable = owner !== null;
  let isWritten = false;
  return {
    add: (path) => {
      if (!isWritable) return;
      try {
        mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
        appendFileSync(file, `${JSON.stringify(path)}\n`, { mode: 0o600 });
        isWritten = true;
      } catch {
        // A home that cannot be written: a kill leaves the folders.
        isWritable = false;
      }
    },
    end: () => {
      if (isWritten) rmSync(file, { force: true });
    },
  };
}

/**
 * Removes the temporary folders of runs whose process is gone. A record says so only on this machine since it started, and
 * among the processes that this one can see. All other records stay. So do folders that others could have put there.
 * @param runs folder of the records
 */
export async function removeLeftFolders(runs: string): Promise<void> {
  const names = await readdir(runs).catch(() => []);
  for (const name of names) {
    if (!hasEnded(name)) continue;
    const found = await readSmall(join(runs, name), undefined, 'refuse');
    if (found.kind !== 'read' || !(await isOwn(join(runs, name)))) continue;
    const removed = await Promise.all(pathsIn(found.bytes.toString('utf8')).map(removeOwn));
    if (!removed.includes(false)) await rm(join(runs, name), { force: true });
  }
}

/** The last line of a killed process can be cut. */
function pathsIn(text: string): string[] {
  return text.split('\n').flatMap((line) => folderName.safeParse(parsedJson(line)).data ?? []);
}

/** @returns false if a folder of a run could not be removed, so that a later run tries again */
async function removeOwn(path: string): Promise<boolean> {
  try {
    const found = await lstat(path);
    const isSafe = found.isDirectory() && found.uid === process.getuid?.() && isPrivateName(basename(path));
    if (!isSafe || (await replaceableFolder(dirname(path))) !== null) return true;
    await rm(path, { recursive: true, force: true });
    return true;
  } catch (thrown) {
    return systemCode(thrown) === 'ENOENT' || systemCode(thrown) === 'ENOTDIR';
  }
}

async function isOwn(file: string): Promise<boolean> {
  const found = await lstat(file).catch(() => null);
  return found !== null && found.uid === process.getuid?.();
}
