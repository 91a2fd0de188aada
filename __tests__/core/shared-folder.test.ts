import { expect, test } from '@jest/globals';
import { replaceableBy, replaceableFolder } from '../../src/core/shared-folder.ts';
import { tempFolder } from '../helpers/temp-folder.ts';

const [ROOT, ME, OTHER] = [0, 1000, 1001];

test.each([
  ['a folder of our own', { uid: ME, mode: 0o40700 }, ME, null],
  ['/tmp', { uid: ROOT, mode: 0o41777 }, ME, null],
  ['a folder of the runner, for root in a container', { uid: OTHER, mode: 0o40755 }, ROOT, null],
  ['no sticky bit', { uid: ROOT, mode: 0o40777 }, ME, 'others may write to it, and it has no sticky bit'],
  ['no sticky bit, for the group', { uid: ME, mode: 0o40770 }, ME, 'others may write to it, and it has no sticky bit'],
  ['a folder of another user', { uid: OTHER, mode: 0o41777 }, ME, 'it belongs to another user (1001)'],
  ['Windows', { uid: 0, mode: 0o40777 }, undefined, null],
] as const)('other users who can replace files in a folder: %s', (_, found, user, expected) => {
  expect(replaceableBy(found, user)).toBe(expected);
});

test('a missing folder is created', async () => {
  await using folder = await tempFolder();
  expect(await replaceableFolder(folder.file('none'))).toBeNull();
});
