import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { describe, expect, test } from '@jest/globals';
import { locateDatabase } from '../../src/commands/locate-database.ts';
import { type TempFolder, tempFolder } from '../helpers/temp-folder.ts';

const search = (folder: TempFolder, more = {}) =>
  locateDatabase({
    database: undefined,
    cwd: folder.file('here'),
    ceiling: folder.path,
    workspace: null,
    cloneDir: null,
    ...more,
  });

const aDatabase = (path: string) => mkdir(`${path}/.dolt/noms`, { recursive: true });

async function workspace(folder: TempFolder, metadata: unknown): Promise<{ workspace: string }> {
  await mkdir(folder.file('here', '.beads'), { recursive: true });
  await writeFile(
    folder.file('here', '.beads', 'metadata.json'),
    typeof metadata === 'string' ? metadata : JSON.stringify(metadata),
  );
  return { workspace: folder.file('here', '.beads') };
}

describe('where the database is', () => {
  test('a named folder', async () => {
    await using folder = await tempFolder();
    await aDatabase(folder.file('here', 'db'));
    expect(await search(folder, { database: 'db' })).toEqual({ kind: 'database', path: folder.file('here', 'db') });
    expect(await search(folder, { database: 'new' })).toEqual({ kind: 'to-clone', path: folder.file('here', 'new') });
  });

  test('what may not be looked into is neither passed over nor cloned in its stead', async () => {
    await using folder = await tempFolder();
    await aDatabase(folder.path);
    await mkdir(folder.file('here'));
    // A link to itself stops even root.
    await symlink('.dolt', folder.file('here', '.dolt'));
    for (const more of [{}, { database: '.' }]) {
      await expect(search(folder, more)).rejects.toMatchObject({
        code: 'no-database',
        message: expect.stringContaining('cannot be looked into: ELOOP'),
      });
    }
  });

  test.each([
    ['.', /--database|folder that holds/],
    ['db/.dolt', /Name its parent/],
  ])('a named folder %s that is none is refused', async (database, hint) => {
    await using folder = await tempFolder();
    await aDatabase(folder.file('here', 'db'));
    await expect(search(folder, { database })).rejects.toMatchObject({
      code: 'no-database',
      hint: expect.stringMatching(hint),
    });
  });

  test('the nearest folder upward, but never above the ceiling', async () => {
    await using folder = await tempFolder();
    await mkdir(folder.file('here', 'deep'), { recursive: true });
    await aDatabase(folder.path);
    expect(await search(folder, { cwd: folder.file('here', 'deep') })).toEqual({ kind: 'database', path: folder.path });
    expect(await search(folder, { ceiling: folder.file('here') })).toEqual({ kind: 'nowhere' });
  });

  test('a place to clone to', async () => {
    await using folder = await tempFolder();
    await mkdir(folder.file('here'));
    const at = { cloneDir: folder.file('clones') };
    expect(await search(folder, at)).toEqual({ kind: 'to-clone', path: folder.file('clones', 'database') });
    await aDatabase(folder.file('clones', 'database'));
    expect(await search(folder, at)).toEqual({ kind: 'database', path: folder.file('clones', 'database') });
  });
});

describe('what a beads workspace says', () => {
  test.each([
    [{ dolt_mode: 'embedded', dolt_database: 'north' }, ['embeddeddolt', 'north']],
    [{ dolt_database: 'north' }, ['embeddeddolt', 'north']],
    [{ dolt_mode: 'server', dolt_database: 'north' }, ['dolt', 'north']],
    [{ dolt_mode: 'server' }, ['dolt', 'beads']],
    [{ dolt_mode: 'server', dolt_database: 'n', dolt_data_dir: 'data' }, ['data', 'n']],
  ])('%j', async (metadata, parts) => {
    await using folder = await tempFolder();
    const beads = await workspace(folder, metadata);
    const path = folder.file('here', '.beads', ...parts);
    expect(await search(folder, beads)).toEqual({ kind: 'to-clone', path });
    await aDatabase(path);
    expect(await search(folder, beads)).toEqual({ kind: 'database', path });
  });

  test.each(['{', '{"dolt_database": "../../etc"}', '{"dolt_mode": 5}'])('%j is refused', async (metadata) => {
    await using folder = await tempFolder();
    await expect(search(folder, await workspace(folder, metadata))).rejects.toMatchObject({ code: 'config-invalid' });
  });
});
