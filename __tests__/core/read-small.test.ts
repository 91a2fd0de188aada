import { mkdir, symlink, truncate, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { describe, expect, test } from '@jest/globals';
import { execa } from 'execa';
import { readIfThere, readSmall, readSmallText, SMALL_BYTES } from '../../src/core/files.ts';
import { tempFolder } from '../helpers/temp-folder.ts';

describe('a small file that others may have created', () => {
  test('is read, even through a link or if the system reports no size', async () => {
    await using folder = await tempFolder();
    await writeFile(folder.file('a'), 'text');
    await symlink('a', folder.file('link'));
    for (const name of ['a', 'link']) {
      expect(await readSmall(folder.file(name))).toEqual({ kind: 'read', bytes: Buffer.from('text') });
      expect(await readIfThere(folder.file(name))).toBe('text');
    }
    if (process.platform === 'linux') expect(await readSmallText('/proc/self/status')).toContain('Name:');
  });

  test('is null if it does not exist', async () => {
    await using folder = await tempFolder();
    await writeFile(folder.file('a'), '');
    for (const path of [folder.file('none'), folder.file('a', 'none')]) {
      expect(await readSmall(path)).toEqual({ kind: 'absent' });
      expect(await readIfThere(path)).toBeNull();
      expect(await readSmallText(path)).toBe('');
    }
  });

  test.each([
    ['a FIFO', (path: string) => execa('mkfifo', [path]), 'not a regular file'],
    [
      'a link to a FIFO',
      async (path: string) => execa('mkfifo', [`${path}.f`]).then(() => symlink(`${path}.f`, path)),
      'not a regular file',
    ],
    ['an endless device', (path: string) => symlink('/dev/zero', path), 'not a regular file'],
    ['a terminal', (path: string) => symlink('/dev/tty', path), 'not a regular file'],
    ['a folder', (path: string) => mkdir(path), 'it is a folder'],
    ['a link to itself', (path: string) => symlink(path, path), 'ELOOP'],
    [
      'a sparse file of a terabyte',
      (path: string) => writeFile(path, '').then(() => truncate(path, 2 ** 40)),
      'larger than 1 MiB',
    ],
    ['one byte too large', (path: string) => writeFile(path, Buffer.alloc(SMALL_BYTES + 1)), 'larger than 1 MiB'],
  ])('is not read if it is %s', async (_, make, why) => {
    await using folder = await tempFolder();
    const file = folder.file('x');
    await make(file);
    expect(await readSmall(file)).toMatchObject({ kind: 'refused', why: expect.stringContaining(why) });
    expect(await readSmallText(file)).toBe('');
    await expect(readIfThere(file)).rejects.toMatchObject({
      code: 'config-unreadable',
      message: expect.stringContaining(why),
      location: { file },
    });
  });

  test('is not read if it is a socket', async () => {
    await using folder = await tempFolder();
    const server = createServer();
    await new Promise<void>((listening) => server.listen(folder.file('s'), listening));
    try {
      expect(await readSmall(folder.file('s'))).toMatchObject({ kind: 'refused' });
    } finally {
      server.close();
    }
  });
});
