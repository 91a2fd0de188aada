import { chmod, mkdir, readdir } from 'node:fs/promises';
import { expect, test } from '@jest/globals';
import { socketFolder } from '../../../src/dolt/server/socket-folder.ts';
import { tempFolder } from '../../helpers/temp-folder.ts';

const LONG = `/${'long/'.repeat(30)}`;

test('a server listens on a socket in its private folder, and only on a port on Windows', async () => {
  expect(await socketFolder('/run/df-1', { platform: 'linux' })).toBe('/run/df-1');
  expect(await socketFolder('/run/df-1', { platform: 'darwin' })).toBe('/run/df-1');
  expect(await socketFolder('C:\\Temp\\df-1', { platform: 'win32' })).toBeNull();
});

test('a socket path that is too long is replaced by a short one if a safe folder exists', async () => {
  await using folder = await tempFolder();
  // A closed parent would protect all that is in it.
  await chmod(folder.path, 0o755);
  const short = await socketFolder(LONG, { platform: 'linux', temp: folder.path });
  expect(short?.startsWith(folder.file('df-'))).toBe(true);
  expect(await socketFolder(LONG, { platform: 'linux', temp: folder.file('missing') })).toBeNull();

  const deep = folder.file('x'.repeat(100));
  await mkdir(deep);
  expect(await socketFolder(LONG, { platform: 'linux', temp: deep })).toBeNull();
  expect(await readdir(deep)).toEqual([]);

  const open = folder.file('open');
  await mkdir(open);
  await chmod(open, 0o777);
  expect(await socketFolder(LONG, { platform: 'linux', temp: open })).toBeNull();
});
