import { existsSync } from 'node:fs';
import { appendFile, chmod, cp, mkdir, rename, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { execa } from 'execa';
import { stringify } from 'yaml';
import { isHarmlessSetting } from '../../src/sync/remotes/git-programs.ts';
import { command } from '../helpers/commanding.ts';
import { makeDatabase } from '../helpers/database.ts';
import { examine, linesOf } from '../helpers/examining.ts';
import { type TempFolder, tempFolder } from '../helpers/temp-folder.ts';

/** By the names of peers; null: no error. */
type Messages = Readonly<Record<string, string | null>>;

interface Scene {
  readonly checkout: TempFolder;
  /** A file that programs of a repository create. */
  readonly mark: (name: string) => string;
  /** The codes and messages of the peers at these repositories, by their names. */
  readonly run: (repositories: Readonly<Record<string, string>>, ceiling?: string | null) => Promise<Messages>;
}

/** A checkout with a database, and bare repositories with one commit. */
async function scene(folder: TempFolder, repositories: readonly string[]): Promise<Scene> {
  const checkout: TempFolder = {
    ...folder,
    path: folder.file('checkout'),
    file: (...p) => folder.file('checkout', ...p),
  };
  await makeDatabase(checkout.file('local'));
  const git = (...args: string[]) => execa('git', args, { env: { GIT_TEMPLATE_DIR: '' } });
  await git('init', '-q', checkout.path);
  const made = folder.file('made');
  await git('init', '-q', '--bare', '-b', 'main', made);
  await git('clone', '-q', made, folder.file('c1'));
  const author = ['-c', 'user.name=a', '-c', 'user.email=a@example.org'];
  await git('-C', folder.file('c1'), ...author, 'commit', '-q', '--allow-empty', '-m', 'x');
  await git('-C', folder.file('c1'), 'push', '-q', 'origin', 'HEAD:main');
  for (const repository of repositories) await cp(made, repository, { recursive: true });
  const run: Scene['run'] = async (places, ceiling = null) => {
    const peers = Object.entries(places).map(([name, place]) => [
      name,
      `${place.endsWith('.git') ? '' : 'git+'}file://${place}`,
    ]);
    const { result } = await command(checkout, stringify(Object.fromEntries(peers)), {
      ceiling,
      tempDir: folder.file('tmp'),
      database: checkout.file('local'),
    });
    return Object.fromEntries(
      result.peers.map(({ name, error }) => [name, error === null ? null : `${error.code}: ${error.message}`]),
    );
  };
  return { checkout, mark: (name) => folder.file(`pwned-${name}`), run };
}

/** Moves an entry of a repository beside it, and puts a link in its place. */
async function linked(repository: string, entry: string): Promise<void> {
  const moved = `${repository}-${entry.replaceAll('/', '-')}`;
  await mkdir(join(repository, entry), { recursive: true });
  await rename(join(repository, entry), moved);
  await symlink(moved, join(repository, entry));
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
  [
    'refs of another repository',
    (repository) => linked(repository, 'refs'),
    'refs is a link, which leads git elsewhere',
  ],
  ['packs elsewhere', (repository) => linked(repository, join('objects', 'pack')), 'pack is a link, which leads'],
  ['a gc hook', setting('[gc]\n recentObjectsHook = ../tools/x'), 'sets gc.recentobjectshook'],
  ['core.hooksPath', setting('[core]\n hooksPath = ../tools'), 'sets core.hookspath'],
  ['an included file', setting('[include]\n path = ../more'), 'sets include.path'],
  ['a conditionally included file', setting('[includeIf "gitdir:/"]\n path = ../more'), 'sets includeif.gitdir:/.path'],
  ['a remote that is a program', setting('[remote "x"]\n url = "ext::sh -c id"'), 'sets remote.x.url'],
  ['unreadable git settings', setting('[core'), 'is not a configuration of git'],
  [
    'another common folder',
    (repository) => writeFile(join(repository, 'commondir'), '../missing'),
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
  describe('is refused, and none of its programs runs:', () => {
    const names = ATTACKS.map((_, index) => `peer-${index}`);
    let found: { readonly outside: Messages; readonly inside: Messages; readonly marks: readonly string[] };
    beforeAll(async () => {
      await using folder = await tempFolder();
      const places = Object.fromEntries(names.map((name) => [name, folder.file('checkout', name)]));
      const { mark, run } = await scene(folder, Object.values(places));
      for (const [index, [, arm]] of ATTACKS.entries())
        await arm(folder.file('checkout', `peer-${index}`), mark(`peer-${index}`), folder);
      const outside = await run(places);
      const inside = await run(places, folder.file('checkout'));
      found = { outside, inside, marks: names.filter((name) => existsSync(mark(name))) };
    });

    test.each(ATTACKS.map(([what, , says], index) => [what, `peer-${index}`, says] as const))(
      'with %s (%s)',
      (_, name, says) => {
        expect(found.outside[name]).toMatch(
          /^not-a-remote: .* is part of the checkout and can start programs or read other files: /,
        );
        expect(found.inside[name]).toMatch(/^not-a-remote: /);
        expect(found.inside[name]).toContain(says);
        expect(found.marks).not.toContain(name);
      },
    );
  });

  test('is refused even if its name ends like a repository, also by doctor', async () => {
    await using folder = await tempFolder();
    const repository = folder.file('checkout', 'peer.git');
    const { checkout, mark, run } = await scene(folder, [repository]);
    await hook(repository, mark('p'), 'pre-receive');
    expect((await run({ p: repository }))['p']).toMatch(/^not-a-remote: .*git would run/);
    const examined = await examine(checkout, `p: file://${repository}`);
    expect(linesOf(examined, 'folder', 'p').join()).toContain('is part of the checkout and can start programs');
    expect(existsSync(mark('p'))).toBe(false);
  });

  test('is accepted without any setting, and counts if it is linked from the checkout, but not beside it', async () => {
    await using folder = await tempFolder();
    const [plain, beside] = [folder.file('checkout', 'plain'), folder.file('beside')];
    const { checkout, mark, run } = await scene(folder, [plain, beside]);
    await mkdir(join(plain, 'hooks'), { recursive: true });
    await writeFile(join(plain, 'hooks', 'pre-receive'), 'no program');
    await hook(beside, mark('beside'), 'post-receive');
    await symlink(beside, checkout.file('linked'));
    const messages = await run({ linked: checkout.file('linked'), plain });
    expect(messages).toEqual({ linked: expect.stringMatching(/^not-a-remote: .*git would run/), plain: null });
    expect(existsSync(mark('beside'))).toBe(false);
    expect(await run({ beside })).toEqual({ beside: null });
    expect(existsSync(mark('beside'))).toBe(true);
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
  ['extensions.refstorage', 'reftable', true],
  ['extensions.refstorage', 'files:///srv/private.git', false],
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
