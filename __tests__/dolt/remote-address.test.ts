import { mkdir, symlink } from 'node:fs/promises';
import { expect, test } from '@jest/globals';
import { canonicalAddress, remoteAddress } from '../../src/dolt/remote-address.ts';
import { tempFolder } from '../helpers/temp-folder.ts';

test.each([
  ['file:///a/box', 'file:///a/box/'],
  ['file:///a/box', 'file:/a/box'],
  ['file:///a/box', 'file://localhost/a/box'],
  ['file:///a/box', 'file:///a/./x/../box//'],
  ['file:///a/b x', 'file:///a/b%20x'],
  ['file:///a/bö', 'file:///a/b%C3%B6'],
  ['file:///a/b.git', 'git+file:///a/b.git'],
  ['https://h.example/x', 'HTTPS://H.example:443/x/'],
  ['https://h.example/x.git', 'git+https://h.example/x.git'],
  ['ssh://git@h.example/x.git', 'git+ssh://git@H.example:22/x.git'],
  ['gs://Bucket/x', 'gs://Bucket/x/'],
  ['aws://[table:bucket]/x', 'aws://[table:bucket]/x/'],
])('%s and %s are the same address', (a, b) => {
  expect(canonicalAddress(a)).toBe(canonicalAddress(b));
});

test.each([
  ['file:///a/box', 'file:///a/Box'],
  ['file:///a/box', 'git+file:///a/box'],
  ['https://h.example/x', 'http://h.example/x'],
  ['https://h.example/x', 'https://h.example:8443/x'],
  ['https://h.example/x', 'https://h.example/X'],
  ['https://h.example/x', 'git+https://h.example/x'],
  ['https://ann@h.example/x', 'https://h.example/x'],
  ['gs://Bucket/x', 'gs://bucket/x'],
  ['s3://bucket/x?region=a', 's3://bucket/x?region=b'],
  ['file:///', 'file:///a'],
])('%s and %s are different addresses', (a, b) => {
  expect(canonicalAddress(a)).not.toBe(canonicalAddress(b));
});

test('links in the path of a folder do not matter, even if the folder does not exist yet', async () => {
  await using folder = await tempFolder();
  await mkdir(folder.file('real', 'box'), { recursive: true });
  await symlink(folder.file('real'), folder.file('link'));
  for (const name of ['box', 'later']) {
    const [a, b] = [folder.file('real', name), folder.file('link', name)];
    expect(await remoteAddress(`file://${a}`)).toBe(await remoteAddress(`file://${b}/`));
  }
});
