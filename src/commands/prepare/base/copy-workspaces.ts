import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import { FREEZE_FILE } from '../../../beads/freeze.ts';
import { guardFilesIn } from '../../../config/guards.ts';
import { readEnvFile } from '../../../config/workspace/env-file.ts';
import { foldersUpward, SELECTORS } from '../../../config/workspace/find-workspace.ts';
import { DATA_FOLDERS } from '../../../config/workspace/project-files.ts';
import { redirectOf } from '../../../config/workspace/redirect.ts';
import { repositoryOf } from '../../../config/workspace/repository.ts';
import type { Env } from '../../../core/env.ts';
import { Failure, systemCode } from '../../../core/failure.ts';
import { isInside, realPath } from '../../../core/files.ts';
import type { Repository } from '../../../github/client.ts';
import { type EntryAt, readEntryAt } from '../../../github/entry-at.ts';
import type { Moved } from './moved-context.ts';

/** A repository at one commit. */
export interface CommitAt {
  readonly repository: Repository;
  /** null: the head of the default branch. */
  readonly commit: string | null;
}

/** The files of a `.beads` that decide which configuration counts, what it allows, and which server has the database. */
const FILES: readonly string[] = [
  'config.yaml',
  'config.local.yaml',
  'redirect',
  '.env',
  'metadata.json',
  'config.json',
  'proxied_server_client_info.json',
];
/** A database of an old bd. */
const SQLITE_FILE = /^[\w.-]+\.db$/;

/** More workspaces than these refer to each other in no real repository. */
const MAX_WORKSPACES = 30;

/**
 * Copies the files of one commit that a search for the configuration reads: those of every `.beads` from the working
 * directory upward, of the workspaces that they and the variables name, and the named configuration file.
 * @param folder the empty folder for the copy, which has the place of the checkout in the search
 * @returns the copy, for `copyGuards`
 * @throws Failure `base-unreadable` if a file cannot be read, or leads to a place that the commit does not have
 */
export async function copyWorkspaces(at: CommitAt, folder: string, { context, overrides }: Moved): Promise<Copy> {
  const { cwd, env } = context;
  const copy: Copy = { at, folder, cwd, entries: new Map() };
  // The search ends at the top of a checkout.
  await mkdir(join(folder, '.git'));
  const upward = isInside(folder, cwd) ? foldersUpward(context) : [];
  for (const one of upward) {
    await makeFolder(copy, one);
    await copyFile(copy, join(one, '.jj', 'repo'));
  }
  const { config } = overrides;
  if (config !== undefined && config !== '') await copyNamed(copy, config);
  const main = upward.length === 0 ? null : ((await repositoryOf(cwd))?.mainWorkspace ?? null);
  const open: Reference[] = [
    ...upward.map((one) => ({ path: join(one, '.beads'), by: null })),
    ...(main === null ? [] : [{ path: main, by: '.jj/repo' }]),
    ...selectedBy(env, cwd, null).filter(({ path }) => isInside(folder, path)),
  ];
  const copied = new Set<string>();
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { path, by } = next;
    if (!isInside(folder, path)) throw unreadable(`${by ?? path} leads outside of the checkout`);
    if (copied.has(path)) continue;
    copied.add(path);
    if (copied.size > MAX_WORKSPACES) throw unreadable('its workspaces refer to too many others');
    open.push(...(await copyWorkspace(copy, next)));
  }
  return copy;
}

/**
 * Copies the guards around some paths of the copy: the configuration of each workspace on the way to them, and a file that
 * freezes it.
 * @throws Failure `base-unreadable` as for workspaces
 */
export async function copyGuards(copy: Copy, from: readonly string[]): Promise<void> {
  for (const written of from) {
    // The copy has a link in place of a workspace only.
    const path = await realPath(written);
    if (!isInside(copy.folder, path)) continue;
    let folder = copy.folder;
    for (const name of ['', ...relative(copy.folder, path).split(sep)]) {
      folder = join(folder, name);
      if (folder !== copy.folder && (await entryOf(copy, folder)).kind !== 'folder') break;
      for (const file of name === '.beads' ? guardFilesIn(folder) : []) await copyFile(copy, file);
      // A link does not freeze anything.
      const freeze = join(folder, FREEZE_FILE);
      if ((await entryAt(copy, freeze)).kind === 'file') await copyFile(copy, freeze);
    }
  }
}

interface Copy {
  readonly at: CommitAt;
  readonly folder: string;
  readonly cwd: string;
  /** By path: the entries that were read. */
  readonly entries: Map<string, Promise<Entry>>;
}

/** A workspace to copy. */
interface Reference {
  readonly path: string;
  /** The file that requires it; null: it may be absent. */
  readonly by: string | null;
}

/** @returns the workspaces that its files name */
async function copyWorkspace(copy: Copy, { path: beads, by }: Reference): Promise<readonly Reference[]> {
  const found = await entryAt(copy, beads);
  if (found.kind === 'link') return [await copyLink(copy, beads, found.target)];
  if (found.kind !== 'folder') {
    if (by === null) return [];
    throw unreadable(`${by} leads to ${pathIn(copy, beads)}, which is not a folder there`);
  }
  if (!found.isWhole) {
    const hint = 'Compare the two configurations yourself, or move files out of this folder.';
    throw new Failure('base-unreadable', `GitHub does not list all files of ${pathIn(copy, beads)}`, { hint });
  }
  await makeFolder(copy, beads);
  await Promise.all(
    found.entries.map(async ({ name, type }) => {
      const path = join(beads, name);
      if (FILES.includes(name) && type !== 'dir') await copyFile(copy, path);
      else if (type === 'dir' && isKnownFolder(name)) await makeFolder(copy, path);
      // Only its presence counts.
      else if (SQLITE_FILE.test(name)) await write(copy, path, '');
    }),
  );
  const redirect = await redirectOf(beads, null);
  // The search for the configuration reports what is wrong with this file.
  const env = await readEnvFile(beads).catch((): Env => ({}));
  return [
    ...(redirect === null ? [] : [{ path: redirect.target, by: pathIn(copy, redirect.at.file) }]),
    ...selectedBy(env, copy.cwd, pathIn(copy, join(beads, '.env'))),
  ];
}

/** A folder of a workspace that a search for its configuration sees. */
function isKnownFolder(name: string): boolean {
  return FILES.includes(name) || SQLITE_FILE.test(name) || DATA_FOLDERS.some((one) => one === name);
}

/**
 * A run follows a link in the place of a workspace. The copy leads to an absolute path, so that no `..` in it leads out.
 * @returns the folder that it leads to
 */
async function copyLink(copy: Copy, path: string, written: string): Promise<Reference> {
  const target = resolve(dirname(path), written);
  const name = pathIn(copy, path);
  if (isAbsolute(written) || !isInside(copy.folder, target)) throw unreadable(linkText(name, written));
  await makeFolder(copy, dirname(path));
  // Another file may have needed a folder there. `junction` counts on Windows only.
  await symlink(target, path, 'junction').catch(() => {
    throw unreadable(linkText(name, written));
  });
  return { path: target, by: name };
}

function linkText(name: string, target: string): string {
  return `${name} is a symbolic link to ${target}`;
}

/**
 * The workspaces that variables may select: `BEADS_DB` and `BD_DB` also name a database in one.
 * @param file the file with the variables; null: those of the job
 */
function selectedBy(env: Env, cwd: string, file: string | null): readonly Reference[] {
  return SELECTORS.flatMap((name): readonly Reference[] => {
    const value = env[name]?.trim();
    if (value === undefined || value === '') return [];
    const path = resolve(cwd, value);
    // Without the workspace that a variable of the job names, a run of that commit finds none.
    if (name === 'BEADS_DIR') return [{ path, by: file }];
    const above: string[] = [];
    for (let folder = path; folder !== dirname(folder); folder = dirname(folder)) {
      if (folder === path || basename(folder) === '.beads') above.push(folder);
    }
    return above.map((one) => ({ path: one, by: null }));
  });
}

/** A named file that the commit does not have counts as a configuration without settings. */
async function copyNamed(copy: Copy, file: string): Promise<void> {
  if (!isInside(copy.folder, file)) throw unreadable(`${file} is outside of the checkout`);
  if (!(await copyFile(copy, file))) await write(copy, file, '# This commit does not have the file.\n');
  await copyFile(copy, join(dirname(file), 'config.local.yaml'));
}

/** @returns whether there is such a file */
async function copyFile(copy: Copy, path: string): Promise<boolean> {
  const found = await entryOf(copy, path);
  if (found.kind === 'file') await write(copy, path, found.bytes);
  return found.kind === 'file';
}

async function write(copy: Copy, path: string, content: string | Buffer): Promise<void> {
  await makeFolder(copy, dirname(path));
  await placed(copy, path, writeFile(path, content));
}

/** The working directory can be a folder that the commit has, too. */
async function makeFolder(copy: Copy, path: string): Promise<void> {
  await placed(copy, path, mkdir(path, { recursive: true }));
}

/** @throws Failure `base-unreadable` for a file in the place of a folder, or the other way round */
async function placed(copy: Copy, path: string, work: Promise<unknown>): Promise<void> {
  try {
    await work;
  } catch (thrown) {
    if (!OTHER_KIND.includes(systemCode(thrown) ?? '')) throw thrown;
    throw unreadable(
      `${pathIn(copy, path)} is a file there, and a folder in the checkout or in another list of GitHub`,
    );
  }
}

/** For each of them: a path that is of the other kind, or below a file. */
const OTHER_KIND: readonly string[] = ['EEXIST', 'EISDIR', 'ENOTDIR'];

/** @throws Failure `base-unreadable` if the file cannot be read, or is a link whose target is elsewhere */
async function entryOf(copy: Copy, path: string): Promise<Exclude<Entry, { kind: 'link' }>> {
  const found = await entryAt(copy, path);
  if (found.kind === 'link') throw unreadable(linkText(pathIn(copy, path), found.target));
  return found;
}

type Entry = Extract<EntryAt, { kind: 'file' | 'folder' | 'absent' | 'link' }>;

/** @throws Failure `base-unreadable` if the entry cannot be read, or is in a folder that is a link */
async function entryAt(copy: Copy, path: string): Promise<Entry> {
  const known = copy.entries.get(path);
  if (known !== undefined) return await known;
  const found = readEntry(copy, path);
  copy.entries.set(path, found);
  return await found;
}

async function readEntry(copy: Copy, path: string): Promise<Entry> {
  const name = pathIn(copy, path);
  const { repository, commit } = copy.at;
  const found = await readEntryAt(repository, name, commit);
  switch (found.kind) {
    case 'absent':
      // GitHub follows no link to a folder, but a run does.
      if (dirname(path) !== copy.folder) await entryOf(copy, dirname(path));
      return found;
    case 'file':
    case 'folder':
    case 'link':
      return found;
    case 'submodule':
      throw unreadable(`${name} is a submodule`);
    case 'unread':
      throw new Failure('base-unreadable', found.reason, { hint: found.hint });
  }
}

/** The path of a copied file in the repository. */
function pathIn({ folder }: Copy, path: string): string {
  return relative(folder, path).split(sep).join('/');
}

/** The commit itself is the cause. */
function unreadable(reason: string): Failure {
  return new Failure('base-unreadable', reason, {
    hint: 'The base branch needs ordinary files and folders in the checkout there. Until it has them, compare the two configurations yourself.',
  });
}
