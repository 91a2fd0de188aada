import { cp, mkdir, readdir, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { command } from '../helpers/commanding.ts';
import { makeDatabase, openTestDatabase } from '../helpers/database.ts';
import { filesBelow } from '../helpers/files-below.ts';
import { git } from '../helpers/git.ts';
import { below, type TempFolder, tempFolder } from '../helpers/temp-folder.ts';

const METADATA = { backend: 'dolt', dolt_mode: 'embedded', dolt_database: 'north' };
const CONFIG = (box: string) => `sync: {mode: dolt-native}\nfederation: {remote: "file://${box}"}\n`;

let seed: TempFolder;
beforeAll(async () => {
  seed = await tempFolder();
  const local = await makeDatabase(seed.file('north'));
  await local.publish(`file://${seed.file('box')}`);
});
afterAll(async () => {
  await seed[Symbol.asyncDispose]();
});

/** A mailbox that another database filled, and a workspace whose database has one more commit. @returns that commit */
async function workspace(
  folder: TempFolder,
  metadata: object = METADATA,
  place = 'embeddeddolt/north',
): Promise<string> {
  const beads = (...parts: readonly string[]) => folder.file('main', '.beads', ...parts);
  await cp(seed.file('box'), folder.file('box'), { recursive: true });
  await cp(seed.file('north'), beads(...place.split('/')), { recursive: true });
  await writeFile(beads('metadata.json'), JSON.stringify(metadata, null, 2));
  await writeFile(beads('config.yaml'), CONFIG(folder.file('box')));
  await writeFile(beads('.gitignore'), 'dolt/\nembeddeddolt/\n.test-dolt/\n');
  return await openTestDatabase(beads(...place.split('/'))).commit(
    'mine',
    "UPDATE items SET title = 'mine' WHERE id = 1",
  );
}

const FOUND = { database: undefined } as const;
const isThere = (path: string) =>
  stat(path).then(
    () => true,
    () => false,
  );

describe('a worktree', () => {
  test.each(['a repository', 'a bare repository'])('of %s federates the database of the repository', async (kind) => {
    await using folder = await tempFolder();
    const mine = await workspace(folder);
    await git(folder.file('main'), 'init', '--quiet', '-b', 'main');
    await git(folder.file('main'), 'add', '.');
    await git(folder.file('main'), 'commit', '--quiet', '-m', 'all');
    let real = folder.file('main', '.beads', 'embeddeddolt', 'north');
    if (kind === 'a bare repository') {
      await git(folder.path, 'clone', '--quiet', '--bare', 'main', 'bare.git');
      await cp(folder.file('main', '.beads'), folder.file('bare.git', '.beads'), { recursive: true });
      real = folder.file('bare.git', '.beads', 'embeddeddolt', 'north');
    }
    const repository = kind === 'a bare repository' ? 'bare.git' : 'main';
    await git(folder.file(repository), 'worktree', 'add', '--quiet', '-b', 'other', folder.file('wt'));
    const { result } = await command(below(folder, 'wt'), '', { ...FOUND, ceiling: null });
    expect(result).toMatchObject({ head: mine, database: real, peers: [{ verified: true }], problems: [] });
    expect((await readdir(folder.file('wt', '.beads'))).sort()).toEqual(['.gitignore', 'config.yaml', 'metadata.json']);
    const inJob = command(below(folder, 'wt'), '', { ...FOUND, ceiling: folder.file('wt') });
    await expect(inJob).rejects.toMatchObject({ code: 'outside-workspace' });
  });
});

describe('a workspace whose database is not in the usual place', () => {
  test.each([
    ['a shared server', {}, 'dolt:\n  shared-server: true\n', {}],
    ['a shared server in a flat key', {}, 'dolt.shared-server: true\n', {}],
    ['a shared server in a variable', {}, '', { BEADS_DOLT_SHARED_SERVER: '1' }],
    ['an unknown mode', { dolt_mode: 'cloud' }, '', {}],
    ['another data folder', { dolt_mode: 'server' }, '', { BEADS_DOLT_DATA_DIR: '/srv/dolt' }],
    ['another backend', { backend: 'postgres' }, '', {}],
    ['another machine', {}, '', { BEADS_DOLT_SERVER_HOST: 'db.example' }],
  ])('(%s) gets no clone and no other database', async (_, metadata, config, env) => {
    await using folder = await tempFolder();
    await cp(seed.file('box'), folder.file('box'), { recursive: true });
    await mkdir(folder.file('main', '.beads'), { recursive: true });
    await writeFile(folder.file('main', '.beads', 'metadata.json'), JSON.stringify({ ...METADATA, ...metadata }));
    await writeFile(folder.file('main', '.beads', 'config.yaml'), CONFIG(folder.file('box')) + config);
    const before = await filesBelow(folder.file('main', '.beads'));
    for (const name of ['sync', 'status', 'push'] as const) {
      const refused = command(below(folder, 'main'), '', { ...FOUND, env, command: name });
      await expect(refused).rejects.toMatchObject({ code: 'workspace-unknown' });
    }
    const cloning = { ...FOUND, env, database: 'new', bootstrap: 'origin' };
    await expect(command(below(folder, 'main'), '', cloning)).rejects.toMatchObject({ code: 'workspace-unknown' });
    expect(await filesBelow(folder.file('main', '.beads'))).toEqual(before);
    expect(await readdir(folder.file('main'))).not.toContain('new');
  });

  test.each([
    ['in the file', 'dolt:\n  shared-server: true\n', {}],
    ['in a variable', '', { BEADS_DOLT_SERVER_HOST: 'db.example' }],
  ])('because of a setting %s does not keep a named database from a run, which says so', async (_, config, env) => {
    await using folder = await tempFolder();
    await cp(seed.file('box'), folder.file('box'), { recursive: true });
    await cp(seed.file('north'), folder.file('main', 'named'), { recursive: true });
    await mkdir(folder.file('main', '.beads'));
    await writeFile(folder.file('main', '.beads', 'metadata.json'), JSON.stringify(METADATA));
    await writeFile(folder.file('main', '.beads', 'config.yaml'), CONFIG(folder.file('box')) + config);
    const before = await filesBelow(folder.file('main', '.beads'));
    const { result } = await command(below(folder, 'main'), '', { ...FOUND, env, database: 'named' });
    expect(result).toMatchObject({ database: folder.file('main', 'named'), peers: [{ verified: true }] });
    expect(result.problems).toContainEqual(expect.objectContaining({ code: 'workspace-unknown', severity: 'notice' }));
    expect(await filesBelow(folder.file('main', '.beads'))).toEqual(before);
  });

  test('gets no second database from --bootstrap', async () => {
    await using folder = await tempFolder();
    await workspace(folder);
    const cloning = command(below(folder, 'main'), '', { ...FOUND, database: 'new', bootstrap: 'origin' });
    await expect(cloning).rejects.toMatchObject({
      code: 'no-database',
      message: expect.stringContaining(folder.file('main', '.beads', 'embeddeddolt', 'north')),
    });
    expect(await isThere(folder.file('main', 'new'))).toBe(false);
  });
});

describe('the database of a workspace', () => {
  test.each([
    ['embedded', METADATA, 'embeddeddolt/north'],
    ['of a stopped server', { ...METADATA, dolt_mode: 'server' }, 'dolt/north'],
    ['of a proxied server that is stopped', { ...METADATA, dolt_mode: 'proxied-server' }, 'dolt/north'],
    ['of a server with a data folder', { ...METADATA, dolt_mode: 'server', dolt_data_dir: 'd' }, 'd/north'],
  ])('%s is federated, even through a link', async (_, metadata, place) => {
    await using folder = await tempFolder();
    const mine = await workspace(folder, metadata, place);
    const { result } = await command(below(folder, 'main'), '', FOUND);
    expect(result).toMatchObject({ head: mine, peers: [{ pushedCommits: 1, verified: true }], problems: [] });
    expect(result.database).toBe(folder.file('main', '.beads', ...place.split('/')));
    await mkdir(folder.file('linked'));
    await symlink('../main/.beads', folder.file('linked', '.beads'));
    await expect(command(below(folder, 'linked'), '', FOUND)).rejects.toMatchObject({ code: 'outside-workspace' });
    await symlink('.beads', folder.file('main', 'other'));
    const { result: again } = await command(below(folder, 'main'), '', { ...FOUND, database: join('other', place) });
    expect(again).toMatchObject({ head: mine, problems: [] });
  });

  test.each([
    ['the variable', { DOLT_FEDERATION_DATABASE: 'db' }, ''],
    ['the key', {}, 'federation.database: ../db\n'],
  ])('is replaced by the database that %s names', async (_, env, config) => {
    await using folder = await tempFolder();
    await workspace(folder);
    await cp(seed.file('north'), folder.file('main', 'db'), { recursive: true });
    await writeFile(folder.file('main', '.beads', 'config.yaml'), CONFIG(folder.file('box')) + config);
    const { result } = await command(below(folder, 'main'), '', { ...FOUND, env });
    expect(result.database).toBe(folder.file('main', 'db'));
    const message = expect.stringContaining(folder.file('main', '.beads', 'embeddeddolt', 'north'));
    expect(result.problems).toEqual([expect.objectContaining({ code: 'workspace-unknown', message })]);
  });
});

test('a misspelt folder is an error that repeats it, for every command', async () => {
  await using folder = await tempFolder();
  await cp(seed.file('north'), folder.file('local'), { recursive: true });
  await cp(seed.file('box'), folder.file('box'), { recursive: true });
  const overrides = { remote: `file://${folder.file('box')}` };
  for (const name of ['sync', 'status', 'pull', 'push'] as const) {
    await expect(command(folder, '', { command: name, database: 'lcoal', overrides })).rejects.toMatchObject({
      code: 'no-database',
      message: expect.stringContaining(`"lcoal"`),
      // Of these commands, `status` has no such option.
      hint: expect.stringMatching(/Did you mean `local`\?.* run `sync` with `--bootstrap`/),
    });
  }
  expect(await isThere(folder.file('lcoal'))).toBe(false);
});

test('a place that something else has is refused before a peer is cloned into it', async () => {
  await using folder = await tempFolder();
  await cp(seed.file('box'), folder.file('box'), { recursive: true });
  const overrides = { remote: `file://${folder.file('box')}` };
  await writeFile(folder.file('file'), '');
  await symlink('nowhere', folder.file('dangling'));
  // The clone of a workspace, and what an interrupted removal left of it.
  const place = folder.file('main', '.beads', 'embeddeddolt', 'north');
  await mkdir(join(place, '.dolt'), { recursive: true });
  await writeFile(folder.file('main', '.beads', 'metadata.json'), JSON.stringify(METADATA));
  await writeFile(folder.file('main', '.beads', 'config.yaml'), CONFIG(folder.file('box')));
  const refusedAs = async (at: TempFolder, asked: Parameters<typeof command>[2], why: string) => {
    const running = command(at, '', { bootstrap: 'origin', ...asked });
    await expect(running).rejects.toMatchObject({ code: 'no-database', message: expect.stringContaining(why) });
  };
  await refusedAs(folder, { database: 'file/new', overrides }, `${folder.file('file')} is not a folder`);
  await refusedAs(folder, { database: 'dangling', overrides }, 'dangling is a broken symbolic link');
  await refusedAs(folder, { database: 'dangling/db', overrides }, 'dangling is a broken symbolic link');
  const main = below(folder, 'main');
  await refusedAs(main, FOUND, `${place} contains other files and no complete database`);
  await rm(place, { recursive: true });
  await writeFile(place, '');
  await refusedAs(main, FOUND, `${place} is not a folder`);
  await rm(dirname(place), { recursive: true });
  await symlink('nowhere', dirname(place));
  await refusedAs(main, FOUND, `${dirname(place)} is a broken symbolic link`);
  await rm(dirname(place));
  await mkdir(place, { recursive: true });
  const { result } = await command(main, '', FOUND);
  expect(result).toMatchObject({ cloned: true, database: place, peers: [{ verified: true }] });
});
