import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';

/** Where private folders are made, and who hears of them. */
export interface FolderPlace {
  /** Parent of private temporary folders; absolute. */
  readonly tempDir: string;
  /** Told of every folder that must not outlive the run. */
  readonly onResource?: ((resource: { readonly kind: 'folder'; readonly path: string }) => void) | undefined;
}

/** The folders of runs and of clones have such names: `mkdtemp` adds six characters. */
const NAME = /^(?:df(?:-[a-z]+)?|\.dolt-federation-clone)-[A-Za-z0-9]{6}$/;

/** Whether a folder has a name that a private folder of a run may have. */
export function isPrivateName(name: string): boolean {
  return NAME.test(name);
}

/**
 * Lets some work have a folder that only this user can open, and removes it afterwards however the work ended.
 * @param purpose lower-case word in the name of the folder
 */
export async function inPrivateFolder<T>(
  { tempDir, onResource }: FolderPlace,
  purpose: string,
  work: (folder: string) => Promise<T>,
): Promise<T> {
  await mkdir(tempDir, { recursive: true, mode: 0o700 });
  const folder = await mkdtemp(join(tempDir, `df-${purpose}-`));
  onResource?.({ kind: 'folder', path: folder });
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
