import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';

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
  { tempDir, onResource }: FolderPlace,
  purpose: string,
  work: (folder: string) => Promise<T>,
): Promise<T> {
  await mkdir(tempDir, { recursive: true, mode: 0o700 });
  return await inNewFolder(join(tempDir, `df-${purpose}-`), onResource, work);
}

/**
 * Like `inPrivateFolder`, for a database that is made there and then moved to its place: the folder is beside that
 * place, because only a rename inside a file system is atomic.
 */
export async function inCloneFolder<T>(
  { onResource }: Pick<FolderPlace, 'onResource'>,
  database: string,
  work: (folder: string) => Promise<T>,
): Promise<T> {
  const parent = dirname(database);
  await mkdir(parent, { recursive: true });
  return await inNewFolder(join(parent, '.dolt-federation-clone-'), onResource, work);
}

async function inNewFolder<T>(
  prefix: string,
  onResource: FolderPlace['onResource'],
  work: (folder: string) => Promise<T>,
): Promise<T> {
  const folder = await mkdtemp(prefix);
  onResource?.({ kind: 'folder', path: folder });
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
