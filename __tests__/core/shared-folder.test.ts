import { chmod, chown, lchown, mkdir, readdir, stat, symlink, writeFile } from 'node:fs/promises';
import { expect, test } from '@jest/globals';
import { makeOwnFolder, replaceableBy, replaceableFolder, requireOwnFolder } from '../../src/core/shared-folder.ts';
import { tempFolder } from '../helpers/temp-folder.ts';
import { failureOf } from '../helpers/thrown.ts';

const [ROOT, ME, OTHER] = [0, 1000, 1001];
const TOP = { path: '/', uid: ROOT, mode: 0o40755 };
const STICKY = { path: '/tmp', uid: ROOT, mode: 0o41777 };
const OURS = { path: '/a/b', uid: ME, mode: 0o40700 };
const open = (uid: number) => ({ path: '/a', uid, mode: 0o40777 });
const WRITABLE = 'others may write to /a, and it has no sticky bit';

test.each([
  ['a folder of our own', [TOP, OURS], ME, null],
  ['/tmp', [TOP, STICKY], ME, null],
  ['our own folder in /tmp', [TOP, STICKY, OURS], ME, null],
  ['a folder of the runner, for root in a container', [TOP, { path: '/a', uid: OTHER, mode: 0o40755 }], ROOT, null],
  ['no sticky bit', [TOP, open(ROOT)], ME, WRITABLE],
  ['no sticky bit, for the group', [TOP, { path: '/a', uid: ME, mode: 0o40770 }], ME, WRITABLE],
  ['a parent without a sticky bit', [TOP, open(ME), OURS], ME, WRITABLE],
  ['a parent without a sticky bit, for root', [TOP, open(ROOT), OURS], ROOT, WRITABLE],
  ['an open folder in a closed one', [TOP, OURS, open(ME)], ME, null],
  ['a folder of another user', [{ path: '/a', uid: OTHER, mode: 0o41777 }], ME, '/a belongs to another user (1001)'],
  ['a closed parent of another user', [{ ...OURS, uid: OTHER }, open(ME)], ME, '/a/b belongs to another user (1001)'],
  ['Windows', [{ path: '/a', uid: 0, mode: 0o40777 }], undefined, null],
] as const)('other users who can replace files in a folder: %s', (_, way, user, expected) => {
  expect(replaceableBy(way, user)).toBe(expected);
});

test('each folder on the way counts, also that of a link, and a missing one is made in its parent', async () => {
  await using folder = await tempFolder();
  await chmod(folder.path, 0o755);
  expect(await replaceableFolder(folder.file('none', 'below'))).toBeNull();
  await mkdir(folder.file('open', 'below'), { recursive: true });
  await mkdir(folder.file('real'));
  await symlink(folder.file('real'), folder.file('open', 'link'));
  await chmod(folder.file('open'), 0o777);
  const risk = `others may write to ${folder.file('open')}, and it has no sticky bit`;
  for (const name of ['below', 'link', 'none']) expect(await replaceableFolder(folder.file('open', name))).toBe(risk);
});

test('our folders are private; links and files in their place are refused', async () => {
  await using folder = await tempFolder();
  const [root, inner] = [folder.file('home', 'ours'), folder.file('home', 'ours', 'a', 'b')];
  await requireOwnFolder(root, inner);
  expect(await readdir(folder.path)).toEqual([]);
  await makeOwnFolder(root, inner);
  await makeOwnFolder(root, inner);
  for (const made of [root, inner]) expect((await stat(made)).mode & 0o777).toBe(0o700);
  await mkdir(folder.file('elsewhere'));
  // The user may keep all of it elsewhere.
  await symlink(folder.file('elsewhere'), folder.file('link'));
  await makeOwnFolder(folder.file('link'), folder.file('link', 'a'));
  expect(await readdir(folder.file('elsewhere'))).toEqual(['a']);
  await symlink(folder.file('elsewhere'), folder.file('home', 'ours', 'c'));
  const refused = await failureOf(() => makeOwnFolder(root, folder.file('home', 'ours', 'c', 'd')));
  expect([refused.code, refused.message, refused.hint]).toEqual([
    'file-owner',
    `${folder.file('home', 'ours', 'c')} cannot be used for our files: it is a symbolic link`,
    expect.stringContaining('set XDG_CACHE_HOME and XDG_STATE_HOME'),
  ]);
  expect(await readdir(folder.file('elsewhere'))).toEqual(['a']);
  await requireOwnFolder(root, folder.file('home', 'ours', 'none', 'd'));
  await expect(requireOwnFolder(root, folder.file('home', 'ours', 'c', 'd'))).rejects.toMatchObject(refused);
  await writeFile(folder.file('home', 'ours', 'e'), '');
  await expect(makeOwnFolder(root, folder.file('home', 'ours', 'e'))).rejects.toMatchObject({
    code: 'bad-usage',
    message: expect.stringContaining('cannot be created: EEXIST'),
  });
});

/** Only root can give files to another user. */
if (process.getuid?.() === 0) {
  test('a folder of ours that another user made first is refused, at each level', async () => {
    await using folder = await tempFolder();
    for (const name of ['ours', 'below/a']) {
      const theirs = folder.file(name);
      await mkdir(theirs, { recursive: true });
      await chown(theirs, 64_001, 64_001);
      const root = folder.file(name.replace(/\/.*/, ''));
      for (const check of [makeOwnFolder, requireOwnFolder]) {
        const { code, message } = await failureOf(() => check(root, `${root}/a/b`));
        expect([code, message]).toEqual([
          'file-owner',
          `${theirs} cannot be used for our files: it belongs to another user (64001)`,
        ]);
      }
      expect(await readdir(theirs)).toEqual([]);
    }
    // As a link to a folder of ours.
    await mkdir(folder.file('real'));
    await symlink(folder.file('real'), folder.file('link'));
    await lchown(folder.file('link'), 64_001, 64_001);
    const refused = await failureOf(() => makeOwnFolder(folder.file('link'), folder.file('link', 'a')));
    expect(refused.message).toContain('it belongs to another user');
    expect(await readdir(folder.file('real'))).toEqual([]);
  });
}
