import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { fileInWorkspace, workingDirectory } from '../../../src/frontends/action/working-directory.ts';
import { tempFolder } from '../../helpers/temp-folder.ts';
import { failureOf } from '../../helpers/thrown.ts';

describe('the working directory', () => {
  test.each(['.', 'sub', 'sub/../sub', '..name'])('may be %s in the workspace', async (written) => {
    await using folder = await tempFolder();
    await mkdir(folder.file('sub'));
    await mkdir(folder.file('..name'));
    expect(await workingDirectory(folder.path, written)).toBe(join(folder.path, written));
  });

  test('may be an absolute path in the workspace', async () => {
    await using folder = await tempFolder();
    expect(await workingDirectory(folder.path, folder.path)).toBe(folder.path);
  });

  test.each(['..', '../other', 'sub/../..', '/', '/etc', 'out', 'missing', 'file'])(
    'must not be %s',
    async (written) => {
      await using folder = await tempFolder();
      await symlink(dirname(folder.path), folder.file('out'));
      await writeFile(folder.file('file'), '');
      const failure = await failureOf(() => workingDirectory(folder.path, written));
      expect(failure.code).toBe('bad-usage');
      expect(failure.message).toContain(`the input working-directory is "${written}"`);
    },
  );
});

test.each([
  ['/w/.beads/config.yaml', '.beads/config.yaml'],
  ['.beads/config.yaml', '.beads/config.yaml'],
  ['/elsewhere/config.yaml', '/elsewhere/config.yaml'],
])('%s is annotated at %s', (file, expected) => {
  expect(fileInWorkspace(file, '/w')).toBe(expected);
});
