import { existsSync } from 'node:fs';
import { appendFile, chmod, mkdir, rename, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { execa } from 'execa';
import { isHarmlessSetting } from '../../src/sync/remotes/git-programs.ts';
import { command } from '../helpers/commanding.ts';
import { makeDatabase } from '../helpers/database.ts';
import { examine, linesOf } from '../helpers/examining.ts';
import { type TempFolder, tempFolder } from '../helpers/temp-folder.ts';

interface Scene {
  readonly checkout: TempFolder;
  /** A file that programs of the repository create. */
  readonly mark: string;
  readonly run: (repository: string, ceiling?: string | null) => Promise<string | undefined>;
}

/** A checkout with a database, and in a folder a bare repository with one commit. */
async function scene(folder: TempFolder, repository: string): Promise<Scene> {
  const checkout: TempFolder = {
    ...folder,
    path: folder.file('checkout'),
    file: (...p) => folder.file('checkout', ...p),
  };
  const mark = folder.file('pwned');
  await makeDatabase(checkout.file('local'));
  const git = (...args: string[]) => execa('git', args, { env: { GIT_TEMPLATE_DIR: '' } });
  await git('init', '-q', checkout.path);
  await git('init', '-q', '--bare', '-b', 'main', repository);
  await git('clone', '-q', repository, folder.file('c1'));
  const author = ['-c', 'user.name=a', '-c', 'user.email=a@example.org'];
  await git('-C', folder.file('c1'), ...author, 'commit', '-q', '--allow-empty', '-m', 'x');
  await git('-C', folder.file('c1'), 'push', '-q', 'origin', 'HEAD:main');
  const run = async (place: string, ceiling: string | null = null) => {
    const { result } = await command(checkout, `p: ${place.endsWith('.git') ? '' : 'git+'}file://${place}`, {
      ceiling,
      tempDir: folder.file('tmp'),
      database: checkout.file('local'),
    });
    const error = result.peers[0]?.error;
    if (error != null) expect(error.code).toBe('not-a-remote');
    return error?.message;
  };
  return { checkout, mark, run };
}

async function hook(repository: string, mark: string, name: string): Promise<void> {
  await mkdir(join(repository, 'hooks'), { recursive: true });
  await writeFile(join(repository, 'hooks', name), `#!/bin/sh\ntouch ${mark}\n`);
  await chmod(join(repository, 'hooks', name), 0o755);
}

type Arm = (repository: string, mark: string, folder: TempFolder) => Promise<void>;
const setting =
  (text: string): Arm =>
  async (repository) =>
    await appendFile(join(repository, 'config'), `\n${text}\n`);

const ATTACKS: readonly (readonly [string, Arm, string])[] = [
  ['a pre-receive hook', (repository, mark) => hook(repository, mark, 'pre-receive'), 'git would run'],
  ['a hook for every ref', (repository, mark) => hook(repository, mark, 'reference-transaction'), 'git would run'],
  [
    'hooks behind a link',
    async (repository, mark, folder) => {
      await hook(folder.file('checkout', 'tools'), mark, 'update');
      await symlink(folder.file('checkout', 'tools', 'hooks'), join(repository, 'hooks'));
    },
    'git would run',
  ],
  [
    'objects of another repository',
    async (repository) => {
      await mkdir(join(repository, 'objects', 'info'), { recursive: true });
      await writeFile(join(repository, 'objects', 'info', 'alternates'), '/srv/private.git/objects\n');
    },
    'leads git to other objects',
  ],
  ['a gc hook', setting('[gc]\n recentObjectsHook = ../tools/x'), 'sets gc.recentobjectshook'],
  ['core.hooksPath', setting('[core]\n hooksPath = ../tools'), 'sets core.hookspath'],
  ['an included file', setting('[include]\n path = ../more'), 'sets include.path'],
  ['a conditionally included file', setting('[includeIf "gitdir:/"]\n path = ../more'), 'sets includeif.gitdir:/.path'],
  ['a remote that is a program', setting('[remote "x"]\n url = "ext::sh -c id"'), 'sets remote.x.url'],
  ['unreadable git settings', setting('[core'), 'is not a configuration of git'],
  [
    'another common folder',
    (repository) => writeFile(join(repository, 'commondir'), '../tools'),
    'commondir leads git',
  ],
  [
    'a file in place of the git folder',
    async (repository, mark) => {
      await rename(repository, `${repository}-other`);
      await mkdir(repository);
      await writeFile(join(repository, '.git'), `gitdir: ${repository}-other\n`);
      await hook(`${repository}-other`, mark, 'pre-receive');
    },
    'is a file, which leads git elsewhere',
  ],
  [
    'a folder .git inside, which git prefers',
    async (repository, mark) => {
      await execa('git', ['clone', '-q', '--bare', repository, join(repository, '.git')]);
      await hook(join(repository, '.git'), mark, 'pre-receive');
    },
    'git would run',
  ],
];

describe('a git repository of the checkout', () => {
  test.each(ATTACKS)('with %s is refused, and none of its programs runs', async (_, arm, says) => {
    await using folder = await tempFolder();
    const repository = folder.file('checkout', 'peer');
    const { mark, run } = await scene(folder, repository);
    await arm(repository, mark, folder);
    expect(await run(repository)).toMatch(/is part of the checkout and can start programs or read other files: /);
    expect(await run(repository, folder.file('checkout'))).toContain(says);
    expect(existsSync(mark)).toBe(false);
  });

  test('whose name ends like a repository is refused too, even by doctor', async () => {
    await using folder = await tempFolder();
    const repository = folder.file('checkout', 'peer.git');
    const { checkout, mark, run } = await scene(folder, repository);
    await hook(repository, mark, 'pre-receive');
    expect(await run(repository)).toContain('git would run');
    const examined = await examine(checkout, `p: file://${repository}`);
    expect(linesOf(examined, 'folder', 'p').join()).toContain('is part of the checkout and can start programs');
    expect(existsSync(mark)).toBe(false);
  });

  test('without any setting is accepted', async () => {
    await using folder = await tempFolder();
    const repository = folder.file('checkout', 'peer');
    const { run } = await scene(folder, repository);
    await mkdir(join(repository, 'hooks'), { recursive: true });
    await writeFile(join(repository, 'hooks', 'pre-receive'), 'no program');
    expect(await run(repository)).toBeUndefined();
  });

  test('counts even if it is only linked from the checkout, but not beside the checkout', async () => {
    await using folder = await tempFolder();
    const repository = folder.file('beside');
    const { checkout, mark, run } = await scene(folder, repository);
    await hook(repository, mark, 'post-receive');
    await symlink(repository, checkout.file('peer'));
    expect(await run(checkout.file('peer'))).toContain('git would run');
    expect(existsSync(mark)).toBe(false);
    expect(await run(repository)).toBeUndefined();
    expect(existsSync(mark)).toBe(true);
  });
});

test.each([
  ['core.bare', 'true', true],
  ['receive.denynonfastforwards', 'true', true],
  ['remote.origin.url', 'https://example.org/x.git', true],
  ['remote.origin.url', 'ext::sh -c id', false],
  ['remote.origin.pushurl', ' EXT::sh', false],
  ['remote.origin.uploadpack', 'sh', false],
  ['remote.origin.receivepack', 'sh', false],
  ['remote.origin.vcs', 'ext', false],
  ['core.fsmonitor', 'sh', false],
  ['core.sshcommand', 'sh', false],
  ['core.alternaterefscommand', 'sh', false],
  ['core.gitproxy', 'sh', false],
  ['receive.procreceiverefs', 'refs', false],
  ['uploadpack.packobjectshook', 'sh', false],
  ['extensions.worktreeconfig', 'true', false],
  ['credential.helper', '!sh', false],
  ['gc.recentobjectshook', 'sh', false],
  ['gc.repackfilterto', '../objects', false],
  ['maintenance.gc.enabled', 'true', false],
  ['gc.auto', '1', true],
  ['user.name', 'Ann', true],
  ['filter.x.smudge', 'sh', false],
  ['gpg.program', 'sh', false],
  ['url.ext::sh.insteadof', 'https://', false],
])('the git setting %s = %s is harmless: %s', (name, value, isHarmless) => {
  expect(isHarmlessSetting(name, value)).toBe(isHarmless);
});
