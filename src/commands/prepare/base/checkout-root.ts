import { lstat } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { isLinkedWorktree } from '../../../config/workspace/repository.ts';
import { isInside } from '../../../core/files.ts';

/**
 * The checkout of git that contains a path of a job: the innermost folder with a `.git` that git made. A commit cannot
 * contain one, but it can contain a `.jj`, a submodule, or a symbolic link to another folder.
 * @param ceiling the workspace of the job, which is the checkout if no folder has a `.git`
 * @returns null if the path is outside of the workspace
 */
export async function checkoutRoot(path: string, ceiling: string): Promise<string | null> {
  if (!isInside(ceiling, path)) return null;
  let root = ceiling;
  let folder = ceiling;
  for (const name of ['', ...relative(ceiling, path).split(sep)]) {
    folder = join(folder, name);
    if (folder !== ceiling && (await lstatOf(folder))?.isDirectory() !== true) break;
    const isCheckout = (await lstatOf(join(folder, '.git')))?.isDirectory() === true;
    if (isCheckout || (await isLinkedWorktree(folder))) root = folder;
  }
  return root;
}

async function lstatOf(path: string) {
  return await lstat(path).catch(() => null);
}
