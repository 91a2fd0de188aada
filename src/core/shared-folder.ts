import { lstat, mkdir, realpath, stat } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import { explained, Failure } from './failure.ts';
import { makeFolders } from './files.ts';
import type { Logger } from './logger.ts';

interface Owned {
  readonly path: string;
  readonly uid: number;
  readonly mode: number;
}

/**
 * Why another user can rename or replace a private folder created in a folder; null if that is impossible. The
 * permissions of the private folder do not prevent it.
 * @param way the folder with all its parents, from the root of the file system on
 * @param user id of the current user; undefined on Windows, where user folders are protected
 */
export function replaceableBy(way: readonly Owned[], user: number | undefined): string | null {
  if (user === undefined) return null;
  for (const { path, uid, mode } of way) {
    const isWritable = (mode & 0o022) !== 0;
    const isSticky = (mode & 0o1000) !== 0;
    if (isWritable && !isSticky) return `others may write to ${path}, and it has no sticky bit`;
    // In a container job, root works in folders of the runner's user.
    if (user !== 0 && uid !== 0 && uid !== user) return `${path} belongs to another user (${uid})`;
    // Others reach no folder below this one.
    if ((mode & 0o011) === 0) return null;
  }
  return null;
}

/** As `replaceableBy`, for a folder that may not exist yet, or that a link leads to. */
export async function replaceableFolder(folder: string): Promise<string | null> {
  const real = await realpath(folder).catch(() => null);
  if (real === null) return dirname(folder) === folder ? null : await replaceableFolder(dirname(folder));
  // Who can replace a link on the way chooses its target.
  for (const path of new Set([real, folder])) {
    const risk = replaceableBy(await wayTo(path), process.getuid?.());
    if (risk !== null) return risk;
  }
  return null;
}

async function wayTo(path: string): Promise<readonly Owned[]> {
  const { uid, mode } = await stat(path);
  const parent = dirname(path);
  return [...(parent === path ? [] : await wayTo(parent)), { path, uid, mode }];
}

/**
 * Warns of a folder that another user can replace.
 * @param known a risk that another warning has named
 */
export async function warnOfReplaceable(folder: string, log: Logger, known: string | null = null): Promise<void> {
  const risk = await replaceableFolder(folder);
  if (risk !== null && risk !== known)
    log.warning(`${folder} is not safe for our files: ${risk}. Another user of this machine could replace them.`);
}

/**
 * Makes a folder of ours with its parents, all private. Each one that exists has to belong to this user or root.
 * @param root our outermost folder; a link of this user may lead to it, so that the user can keep it elsewhere
 * @param folder below `root`
 * @throws Failure `file-owner`, `bad-usage` if one cannot be made, `disk-full`
 */
export async function makeOwnFolder(root: string, folder: string): Promise<void> {
  try {
    await makeFolders(dirname(root), 0o700);
    for (const level of levelsOf(root, folder)) await makeOwn(level, level === root);
  } catch (thrown) {
    const hint =
      'Set XDG_CACHE_HOME and XDG_STATE_HOME, or on a runner RUNNER_TEMP, to folders that this user may write to.';
    throw explained(thrown, 'bad-usage', `the folder ${folder} cannot be created`, hint);
  }
}

async function makeOwn(folder: string, acceptsLink: boolean): Promise<void> {
  const refused: unknown = await mkdir(folder, { mode: 0o700 }).then(
    () => null,
    (thrown: unknown) => thrown,
  );
  if (refused !== null && !(await isOwnFolder(folder, acceptsLink))) throw refused;
}

/**
 * Requires as much of a folder as exists to be what `makeOwnFolder` makes or accepts. Nothing is made.
 * @throws Failure `file-owner`
 */
export async function requireOwnFolder(root: string, folder: string): Promise<void> {
  for (const level of levelsOf(root, folder)) if (!(await isOwnFolder(level, level === root))) return;
}

/** From our outermost folder on. */
function levelsOf(root: string, folder: string): readonly string[] {
  const names = relative(root, folder).split(sep);
  return [root, ...names.map((_, index) => join(root, ...names.slice(0, index + 1)))];
}

/**
 * @returns false if there is no folder
 * @throws Failure `file-owner` for one of another user, or a link that is not accepted
 */
async function isOwnFolder(folder: string, acceptsLink: boolean): Promise<boolean> {
  const found = await lstat(folder).catch(() => null);
  if (found === null) return false;
  requireOwn(folder, found.uid);
  if (!found.isSymbolicLink()) return found.isDirectory();
  if (!acceptsLink) throw notOurs(folder, 'is a symbolic link');
  const target = await stat(folder).catch(() => null);
  if (target === null) throw notOurs(folder, 'is a broken symbolic link');
  requireOwn(folder, target.uid);
  return target.isDirectory();
}

function requireOwn(folder: string, uid: number): void {
  const user = process.getuid?.();
  if (user !== undefined && uid !== user && uid !== 0) throw notOurs(folder, `belongs to another user (${uid})`);
}

function notOurs(folder: string, why: string): Failure {
  return new Failure('file-owner', `${folder} cannot be used for our files: it ${why}`, {
    hint: 'Remove it, or set XDG_CACHE_HOME and XDG_STATE_HOME to folders that only this user can change. On a runner, RUNNER_TEMP must be such a folder; if it cannot, name another folder for the clone with `--database` and `--bootstrap`.',
  });
}
