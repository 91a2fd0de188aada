import { chmod, mkdir, symlink, writeFile } from 'node:fs/promises';
import { describe, expect, test } from '@jest/globals';
import { requireNotFrozen } from '../../src/beads/freeze.ts';
import { type TempFolder, tempFolder } from '../helpers/temp-folder.ts';

const NAME = 'MIGRATION-FREEZE';

async function scene(): Promise<TempFolder> {
  const folder = await tempFolder();
  await mkdir(folder.file('repo', '.beads'), { recursive: true });
  await mkdir(folder.file('elsewhere'));
  return folder;
}

const check = (folder: TempFolder, env: Record<string, string> = {}) =>
  requireNotFrozen([folder.file('elsewhere'), folder.file('repo', '.beads')], env);

describe('a workspace is frozen', () => {
  test.each([['repo/.beads'], ['repo'], ['.'], ['elsewhere']])('by a file in %s', async (at) => {
    await using folder = await scene();
    await check(folder);
    const file = folder.file(...at.split('/'), NAME);
    await writeFile(file, '');
    await expect(check(folder)).rejects.toMatchObject({
      code: 'migration-freeze',
      message: `the beads workspace is frozen for a migration: ${file}`,
      hint: expect.stringContaining(`remove ${file}`),
    });
  });

  test('by a file that says who froze it and why', async () => {
    await using folder = await scene();
    await writeFile(folder.file('repo', NAME), 'ann\t2026-11-28T10:00:00Z\tnew server\nmore');
    await expect(check(folder)).rejects.toThrow('frozen for a migration by ann (new server): ');
  });

  test('only by the file that the variable names, if the variable is set', async () => {
    await using folder = await scene();
    await writeFile(folder.file('repo', NAME), '');
    await check(folder, { BD_MIGRATION_FREEZE_FILE: folder.file('none') });
    await writeFile(folder.file('stop'), '');
    await symlink('stop', folder.file('link'));
    const named = check(folder, { BD_MIGRATION_FREEZE_FILE: folder.file('link') });
    await expect(named).rejects.toMatchObject({ message: expect.stringContaining(folder.file('link')) });
  });

  test('but not by a folder, a link, or a file in a folder that every user can write to', async () => {
    await using folder = await scene();
    await mkdir(folder.file('repo', NAME));
    await symlink('elsewhere', folder.file(NAME));
    await writeFile(folder.file('elsewhere', NAME), '');
    await chmod(folder.file('elsewhere'), 0o1777);
    await check(folder);
  });

  test('by a file if its existence cannot be determined', async () => {
    await using folder = await scene();
    const name = 'x'.repeat(300);
    const asked = check(folder, { BD_MIGRATION_FREEZE_FILE: folder.file(name) });
    await expect(asked).rejects.toMatchObject({
      code: 'migration-freeze',
      message: expect.stringContaining('cannot determine whether the workspace is frozen'),
    });
  });
});
