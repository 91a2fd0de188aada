import { basename, dirname, join, resolve } from 'node:path';
import { isThere, readSmall } from '../core/files.ts';

/** A worktree whose repository and beads workspace may be in another folder. */
export interface LinkedTree {
  /** The top folder of the worktree. */
  readonly root: string;
  /** The `.beads` of its main repository, whether or not it exists. */
  readonly mainWorkspace: string;
}

/**
 * The git worktree or jujutsu workspace of a folder, unless it is the main one of its repository.
 * @returns null for an ordinary checkout, a submodule, and a folder outside any repository
 */
export async function linkedTree(from: string): Promise<LinkedTree | null> {
  for (let folder = resolve(from); ; folder = dirname(folder)) {
    const repo = await textOf(join(folder, '.jj', 'repo'));
    if (repo !== null) {
      const main = resolve(folder, '.jj', repo.trim());
      return { root: folder, mainWorkspace: join(dirname(dirname(main)), '.beads') };
    }
    const common = await commonDir(folder);
    if (common !== null) {
      const holder = basename(common) === '.git' ? dirname(common) : common;
      return { root: folder, mainWorkspace: join(holder, '.beads') };
    }
    if ((await isThere(join(folder, '.git'))) || (await isThere(join(folder, '.jj'))) || folder === dirname(folder)) {
      return null;
    }
  }
}

/** In a linked worktree, `.git` is a file that names a folder, whose `commondir` names the repository's folder. */
async function commonDir(folder: string): Promise<string | null> {
  const link = /^gitdir: *(.+?)\s*$/m.exec((await textOf(join(folder, '.git'))) ?? '')?.[1];
  if (link === undefined) return null;
  const gitDir = resolve(folder, link);
  const common = (await textOf(join(gitDir, 'commondir')))?.trim();
  return common === undefined || common === '' ? null : resolve(gitDir, common);
}

async function textOf(file: string): Promise<string | null> {
  const found = await readSmall(file);
  return found.kind === 'read' ? found.bytes.toString('utf8') : null;
}
