import { chmod, mkdir, readdir, readFile, readlink, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { execa } from 'execa';
import { ownerKeepsAccess, writeFileAtomic } from '../../src/core/files.ts';
import { tempFolder } from '../helpers/temp-folder.ts';

describe('a file that is written atomically', () => {
  test('has the requested mode if it is new', async () => {
    await using folder = await tempFolder();
    await writeFileAtomic(folder.file('a'), 'one', 0o600);
    expect(await readFile(folder.file('a'), 'utf8')).toBe('one');
    expect((await stat(folder.file('a'))).mode & 0o777).toBe(0o600);
    expect(await readdir(folder.path)).toEqual(['a']);
  });

  test('is replaced with the mode of the old file', async () => {
    await using folder = await tempFolder();
    await writeFile(folder.file('a'), 'a long old text');
    await chmod(folder.file('a'), 0o640);
    const before = await stat(folder.file('a'));
    await writeFileAtomic(folder.file('a'), 'new');
    const after = await stat(folder.file('a'));
    expect(await readFile(folder.file('a'), 'utf8')).toBe('new');
    expect(after.mode).toBe(before.mode);
    expect(after.ino).not.toBe(before.ino);
  });

  test('is written to the target of a link, and the link stays', async () => {
    await using folder = await tempFolder();
    await mkdir(folder.file('real'));
    await writeFile(folder.file('real', 'a'), 'old');
    await symlink('real/a', folder.file('link'));
    await writeFileAtomic(folder.file('link'), 'new');
    expect(await readlink(folder.file('link'))).toBe('real/a');
    expect(await readFile(folder.file('real', 'a'), 'utf8')).toBe('new');
  });

  test('removes temporary files that killed runs left beside it', async () => {
    await using folder = await tempFolder();
    const left = 'a.0123456789ab.tmp';
    const others = ['a.0123456789ac.tmp', 'a.0123456789ab.tmp.bak', 'a.copy.tmp', 'b.0123456789ab.tmp'];
    for (const name of [left, ...others]) await writeFile(folder.file(name), 'half');
    const before = new Date(Date.now() - 2 * 60 * 60 * 1_000);
    for (const name of [left, ...others.slice(1)]) await utimes(folder.file(name), before, before);
    await writeFileAtomic(folder.file('a'), 'new');
    expect(await readdir(folder.path)).toEqual(['a', ...others].sort());
  });

  /** Only root can act as others. */
  if (process.getuid?.() === 0)
    test('writes beside such a file of another user, which it cannot remove', async () => {
      await using folder = await tempFolder();
      const left = folder.file('a.0123456789ab.tmp');
      await writeFile(left, 'half');
      await utimes(left, 0, 0);
      await chmod(folder.path, 0o1777);
      process.seteuid?.(64_001);
      try {
        await writeFileAtomic(folder.file('a'), 'new');
      } finally {
        process.seteuid?.(0);
      }
      expect(await readdir(folder.path)).toEqual(['a', basename(left)]);
    });

  test('leaves no temporary file if it cannot replace the target', async () => {
    await using folder = await tempFolder();
    await mkdir(folder.file('a'));
    await expect(writeFileAtomic(folder.file('a'), 'new')).rejects.toThrow(/EISDIR|ENOTEMPTY|EEXIST/);
    await expect(writeFileAtomic(folder.file('no', 'b'), 'new')).rejects.toThrow('ENOENT');
    expect(await readdir(folder.path)).toEqual(['a']);
  });

  test('does not replace a device or a pipe, also behind a link', async () => {
    await using folder = await tempFolder();
    await execa('mkfifo', [folder.file('pipe')]);
    await symlink('pipe', folder.file('link'));
    for (const name of ['pipe', 'link'])
      await expect(writeFileAtomic(folder.file(name), 'new')).rejects.toMatchObject({ code: 'file-refused' });
    expect((await stat(folder.file('pipe'))).isFIFO()).toBe(true);
    expect(await readdir(folder.path)).toEqual(['link', 'pipe']);
  });
});

const [FORMER, OTHER, SHARED] = [1000, 1001, 2000];
test.each([
  ['its owner', 0o600, { uid: FORMER, gid: OTHER }, true],
  ['a member of its group', 0o660, { uid: OTHER, gid: SHARED }, true],
  ['a member of its group that may only read it', 0o640, { uid: OTHER, gid: SHARED }, false],
  ['a member of its group, as a file of another group', 0o660, { uid: OTHER, gid: OTHER }, false],
  ['anyone, if all users may write it', 0o666, { uid: OTHER, gid: OTHER }, true],
  ['anyone, if all users may read it', 0o644, { uid: OTHER, gid: OTHER }, false],
  ['anyone, if its owner may only read it as well', 0o444, { uid: OTHER, gid: OTHER }, true],
])('the owner of a file that is replaced by %s can still use it, or not', (_, mode, next, expected) => {
  expect(ownerKeepsAccess({ uid: FORMER, gid: SHARED, mode: 0o100000 | mode }, next)).toBe(expected);
});

test('root loses no access to a replaced file', () => {
  expect(ownerKeepsAccess({ uid: 0, gid: 0, mode: 0o100600 }, { uid: OTHER, gid: OTHER })).toBe(true);
});
