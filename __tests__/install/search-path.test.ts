import { mkdir, writeFile } from 'node:fs/promises';
import { delimiter } from 'node:path';
import { expect, test } from '@jest/globals';
import { executablesOnPath } from '../../src/install/local-dolt.ts';
import { program } from '../helpers/installing.ts';
import { tempFolder } from '../helpers/temp-folder.ts';

test('executable files are found in the order of PATH, but not folders and plain files', async () => {
  await using folder = await tempFolder();
  const second = await program(folder.file('2', 'dolt'));
  const first = await program(folder.file('1', 'dolt'));
  await mkdir(folder.file('3', 'dolt'), { recursive: true });
  await mkdir(folder.file('4'));
  await writeFile(folder.file('4', 'dolt'), '', { mode: 0o644 });
  const path = ['1', '3', '4', '2', '1', 'missing'].map((name) => folder.file(name)).join(delimiter);
  expect(await executablesOnPath('dolt', { PATH: path })).toEqual([first, second]);
});
