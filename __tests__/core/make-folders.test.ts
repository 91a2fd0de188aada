import { writeFile } from 'node:fs/promises';
import { expect, test } from '@jest/globals';
import { isFolder, makeFolders } from '../../src/core/files.ts';
import { tempFolder } from '../helpers/temp-folder.ts';

test('folders are made with their missing parents, and only once', async () => {
  await using folder = await tempFolder();
  const deep = folder.file('a', 'b', 'c');
  const both = await Promise.all([makeFolders(deep), makeFolders(deep)]);
  expect(both.includes(folder.file('a'))).toBe(true);
  expect(await isFolder(deep)).toBe(true);
  expect(await makeFolders(deep)).toBeUndefined();
  await writeFile(folder.file('file'), '');
  for (const path of [folder.file('file'), folder.file('file', 'below')])
    await expect(makeFolders(path)).rejects.toThrow(/EEXIST|ENOTDIR/);
});

// The recursive `mkdir` of Node never ends there.
test('a file system that refuses new folders is an error, not a loop', async () => {
  await expect(makeFolders('/proc/none/of/these')).rejects.toThrow(/ENOENT|EROFS|EACCES/);
});
