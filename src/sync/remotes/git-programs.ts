import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, join, parse } from 'node:path';
import type { Peer } from '../../config/configuration.ts';
import { type Env, nullDevice } from '../../core/env.ts';
import { Failure } from '../../core/failure.ts';
import { isInside, isThere, oddEntries, oddEntriesIn, readSmall, realPath } from '../../core/files.ts';
import { run } from '../../dolt/process.ts';
import { gitFolder } from './file-remote.ts';

interface JobFolders {
  readonly env: Env;
  readonly cwd: string;
  /** The workspace of the job; null: none, as in a terminal. */
  readonly ceiling: string | null;
}

/**
 * Refuses a local git repository that came with the checkout and starts programs: git runs its hooks and what its
 * settings name, with the environment of the engine. No setting of ours reaches that side of a `git+file://` remote
 * (git removes GIT_CONFIG_COUNT there). A repository elsewhere on the disk belongs to the user.
 * @throws Failure `not-a-remote`
 */
export async function refuseCheckoutPrograms(
  { endpoint, origin }: Pick<Peer, 'endpoint' | 'origin'>,
  job: JobFolders,
): Promise<void> {
  const folder = gitFolder(endpoint);
  if (folder === null) return;
  const file = origin.layer === 'file' ? origin.location.file : null;
  const checkouts = [job.ceiling, await checkoutOf(job.cwd), file === null ? null : await checkoutOf(dirname(file))];
  const places = [folder, await realPath(folder)];
  for (const checkout of checkouts) {
    if (checkout === null) continue;
    const roots = [checkout, await realPath(checkout)];
    if (!roots.some((root) => places.some((place) => isInside(root, place)))) continue;
    const why = await programIn(folder, job.env);
    if (why === null) return;
    throw new Failure(
      'not-a-remote',
      `${endpoint.written} is part of the checkout and can start programs or read other files: ${why}`,
      {
        hint: 'Remove the hooks, settings and links, or move the repository out of the checkout.',
      },
    );
  }
}

/** The top folder of the git checkout around a folder; without one, the folder itself, or the parent of `.beads`. */
async function checkoutOf(folder: string): Promise<string> {
  for (let above = folder; above !== dirname(above); above = dirname(above)) {
    if (await isThere(join(above, '.git'))) return above;
  }
  return basename(folder) === '.beads' ? dirname(folder) : folder;
}

/** Why a repository can start programs; null if it cannot. */
async function programIn(folder: string, env: Env): Promise<string | null> {
  // The places where git searches a repository (enter_repo in git's path.c).
  for (const place of [join(folder, '.git'), folder, join(`${folder}.git`, '.git'), `${folder}.git`]) {
    if (!(await isThere(place))) continue;
    if (!(await stat(place).catch(() => null))?.isDirectory()) return `${place} is a file, which leads git elsewhere`;
    for (const name of ['commondir', 'config.worktree']) {
      if (await isThere(join(place, name))) return `${join(place, name)} leads git to other settings`;
    }
    for (const name of ['alternates', 'http-alternates']) {
      const file = join(place, 'objects', 'info', name);
      if (await isThere(file)) return `${file} leads git to other objects`;
    }
    const link = await linkIn(place);
    if (link !== null) return `${link} is a link, which leads git elsewhere`;
    const why = (await hookIn(join(place, 'hooks'))) ?? (await settingIn(join(place, 'config'), env));
    if (why !== null) return why;
  }
  return null;
}

/** The entries of a repository that git reads or writes. */
const ENTRIES = ['HEAD', 'config', 'info', 'logs', 'objects', 'packed-refs', 'refs', 'reftable', 'shallow'];

/** A link in a repository, which can be at another repository of the user; null: there is none. */
async function linkIn(repository: string): Promise<string | null> {
  const own = (await oddEntriesIn(repository)).links.find((link) => ENTRIES.includes(basename(link)));
  if (own !== undefined) return own;
  for (const name of ENTRIES) {
    const [link] = (await oddEntries(join(repository, name))).links;
    if (link !== undefined) return link;
  }
  return null;
}

async function hookIn(folder: string): Promise<string | null> {
  for (const name of await readdir(folder).catch(() => [])) {
    if (name.endsWith('.sample')) continue;
    const hook = join(folder, name);
    const found = await stat(hook).catch(() => null);
    // Windows has no such permission, and git runs every file there.
    const isExecutable = process.platform === 'win32' || ((found?.mode ?? 0) & 0o111) !== 0;
    if (found !== null && !found.isDirectory() && isExecutable) return `git would run ${hook}`;
  }
  return null;
}

/** The settings that a repository needs; none of them names a program or another file. */
const HARMLESS = [
  /^core\.(?:repositoryformatversion|filemode|bare|ignorecase|precomposeunicode|symlinks|logallrefupdates|sharedrepository|autocrlf|longpaths|compression)$/,
  /^extensions\.(?:objectformat|compatobjectformat|refstorage)$/,
  /^receive\.(?:denycurrentbranch|denydeletecurrent|denydeletes|denynonfastforwards|fsckobjects|autogc|unpacklimit)$/,
  // `gc.recentObjectsHook` starts a program (git 2.42), and `gc.repackFilterTo` writes elsewhere.
  /^gc\.(?:auto|autodetach|autopacklimit|bigpackthreshold|aggressivedepth|aggressivewindow|cruftpacks|logexpiry|packrefs|pruneexpire|reflogexpire|reflogexpireunreachable|worktreepruneexpire|writecommitgraph)$/,
  /^pack\.(?:allowpackreuse|compression|deltacachelimit|deltacachesize|depth|indexversion|packsizelimit|threads|usebitmaps|usesparse|window|windowmemory|writebitmaphashcache|writereverseindex)$/,
  /^repack\.(?:packkeptobjects|updateserverinfo|usedeltabaseoffset|writebitmaps)$/,
  /^maintenance\.(?:auto|autodetach|strategy)$/,
  /^(?:user\.(?:name|email)|init\.(?:defaultbranch|defaultobjectformat))$/,
  /^http\.(?:receivepack|uploadpack|uploadarchive|getanyfile)$/,
  /^branch\..*\.(?:remote|merge|rebase)$/s,
  /^remote\..*\.(?:url|pushurl|fetch|push|mirror|tagopt|prune)$/s,
];

/** Whether a setting of a repository, with its value, can neither start a program nor read another file. */
export function isHarmlessSetting(name: string, value: string): boolean {
  // Newer gits also take an address there, at which the refs of another repository can be.
  if (name === 'extensions.refstorage' && !/^\w+$/.test(value)) return false;
  return HARMLESS.some((pattern) => pattern.test(name)) && !/^\s*ext::/i.test(value);
}

async function settingIn(file: string, env: Env): Promise<string | null> {
  const found = await readSmall(file, undefined, 'refuse');
  if (found.kind === 'absent') return null;
  if (found.kind === 'refused') return `${file} cannot be read: ${found.why}`;
  // Not in the repository, whose settings git would use meanwhile.
  const cwd = parse(file).root;
  const { PATH = '' } = env;
  const words = ['config', '--file', file, '--no-includes', '--list', '--null'];
  const { exitCode, stdout } = await run('git', words, {
    env: { PATH, GIT_CONFIG_NOSYSTEM: '1', GIT_CONFIG_GLOBAL: nullDevice() },
    cwd,
  });
  if (exitCode !== 0) return `${file} is not a configuration of git`;
  for (const entry of stdout.split('\0')) {
    const [name = '', ...value] = entry.split('\n');
    if (name !== '' && !isHarmlessSetting(name, value.join('\n'))) return `${file} sets ${name}`;
  }
  return null;
}
