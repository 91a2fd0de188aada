import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { describe, expect, test } from '@jest/globals';
import { boundaryOf, isWithin, requireTreeWithin } from '../../src/core/boundary.ts';
import type { Env } from '../../src/core/env.ts';
import { type TempFolder, tempFolder } from '../helpers/temp-folder.ts';

interface Asked {
  readonly inputs?: readonly string[];
  readonly env?: Env;
  readonly untrusted?: boolean;
}

/** ws/db, temp/db, other/db; ws/link and ws/far lead to other. */
async function tree(folder: TempFolder): Promise<void> {
  for (const path of ['ws/db', 'temp/db', 'other/db', 'workshop']) await mkdir(folder.file(path), { recursive: true });
  await symlink('../other', folder.file('ws', 'link'));
  await symlink(folder.file('other'), folder.file('ws', 'far'));
}

const boundary = (folder: TempFolder, { inputs = [], env = {}, untrusted = false }: Asked = {}) =>
  boundaryOf(
    { cwd: folder.file('ws'), ceiling: folder.file('ws'), tempDir: folder.file('temp'), env, untrusted },
    inputs.map((path) => path.replace('ROOT', folder.path)),
  );

describe('the boundary of a job', () => {
  test.each([
    ['ws', true],
    ['ws/db', true],
    ['ws/none/yet', true],
    ['temp/db', true],
    ['other/db', false],
    ['workshop', false],
    ['.', false],
    ['ws/link', false],
    ['ws/link/none', false],
    ['ws/far/db', false],
  ])('contains %s: %s', async (path, inside) => {
    await using folder = await tempFolder();
    await tree(folder);
    expect(await isWithin(await boundary(folder), folder.file(path))).toBe(inside);
  });

  test('does not exist in a terminal', async () => {
    await using folder = await tempFolder();
    const none = await boundaryOf({ cwd: folder.path, ceiling: null, env: {} }, []);
    expect(none).toBeNull();
    expect(await isWithin(none, '/')).toBe(true);
  });

  test.each<readonly [string, Asked, boolean]>([
    ['an input that names the folder', { inputs: ['../other/db'] }, true],
    ['an input that names its parent folder', { inputs: ['ROOT/other'] }, true],
    ['an input that names another folder beside it', { inputs: ['../other/d'] }, false],
    ['an input that names a folder below it', { inputs: ['../other/db/x'] }, false],
    ['an input that names a link of the checkout', { inputs: ['link/db'] }, false],
    ['an input that names a link by its full path', { inputs: ['ROOT/ws/far'] }, false],
    ['DOLT_FEDERATION_DATABASE', { env: { DOLT_FEDERATION_DATABASE: '../other/db' } }, true],
    ['BEADS_DIR', { env: { BEADS_DIR: '../other' } }, true],
    ['BEADS_DOLT_DATA_DIR', { env: { BEADS_DOLT_DATA_DIR: '../other' } }, true],
    ['BEADS_SHARED_SERVER_DIR', { env: { BEADS_SHARED_SERVER_DIR: '../other' } }, true],
    ['BEADS_DB', { env: { BEADS_DB: '../other/db' } }, true],
    ['any other variable', { env: { HOME: '../other', PWD: '../other' } }, false],
    ['an input, on an event that may not write', { inputs: ['../other/db'], untrusted: true }, false],
    ['a variable, on an event that may not write', { env: { BEADS_DIR: '../other' }, untrusted: true }, false],
  ])('%s extends it to a folder outside: %j', async (_, asked, lifted) => {
    await using folder = await tempFolder();
    await tree(folder);
    expect(await isWithin(await boundary(folder, asked), folder.file('other', 'db'))).toBe(lifted);
  });

  test('applies to every link below a folder of the checkout, but not below a folder that an input names', async () => {
    await using folder = await tempFolder();
    await tree(folder);
    await mkdir(folder.file('ws', 'db', 'deep', 'er'), { recursive: true });
    await symlink('../../db', folder.file('ws', 'db', 'deep', 'round'));
    const tight = await boundary(folder);
    await requireTreeWithin(tight, folder.file('ws', 'db'), { by: 'it' });
    await writeFile(folder.file('other', 'secret'), '');
    await symlink('../../../../other/secret', folder.file('ws', 'db', 'deep', 'er', 'x'));
    await expect(requireTreeWithin(tight, folder.file('ws', 'db'), { by: 'it' })).rejects.toMatchObject({
      code: 'outside-workspace',
      message: expect.stringContaining(folder.file('ws', 'db', 'deep', 'er', 'x')),
    });
    await symlink('/', folder.file('other', 'db', 'root'));
    const named = await boundary(folder, { inputs: ['../other'] });
    await requireTreeWithin(named, folder.file('other', 'db'), { by: 'it' });
  });
});
