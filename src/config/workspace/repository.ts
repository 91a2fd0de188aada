import { basename, dirname, join, resolve } from 'node:path';
import { isThere, readSmallText } from '../../core/files.ts';

/** The repository of a folder. */
export interface Repository {
  /** The top folder of the checkout. */
  readonly root: string;
  /**
   * The `.beads` of the main repository, whether or not it exists, for a git worktree or a secondary workspace of
   * jujutsu; null: this is the main one.
   */
  readonly mainWorkspace: string | null;
}

/** @returns null for a folder outside any repository */
export async function repositoryOf(from: string): Promise<Repository | null> {
  for (let folder = resolve(from); ; folder = dirname(folder)) {
    const repo = (await readSmallText(join(folder, '.jj', 'repo'))).trim();
    if (repo !== '') {
      const main = resolve(folder, '.jj', repo);
      return { root: folder, mainWorkspace: join(dirname(dirname(main)), '.beads') };
    }
    const common = await commonDir(folder);
    if (common !== null) {
      const holder = basename(common) === '.git' ? dirname(common) : common;
      return { root: folder, mainWorkspace: join(holder, '.beads') };
    }
    if ((await isThere(join(folder, '.git'))) || (await isThere(join(folder, '.jj')))) {
      return { root: folder, mainWorkspace: null };
    }
    if (folder === dirname(folder)) return null;
  }
}

/** In a linked worktree, `.git` is a file that names a folder, whose `commondir` names the repository's folder. */
async function commonDir(folder: string): Promise<string | null> {
  const link = /^gitdir: *(.+?)\s*$/m.exec(await readSmallText(join(folder, '.git')))?.[1];
  if (link === undefined) return null;
  const gitDir = resolve(folder, link);
  const common = (await readSmallText(join(gitDir, 'commondir'))).trim();
  return common === '' ? null : resolve(gitDir, common);
}

/** Whether a folder is a linked worktree of git, and not a submodule, which has no `commondir`. */
export async function isLinkedWorktree(folder: string): Promise<boolean> {
  return (await commonDir(folder)) !== null;
}
