import { mkdir, readdir, readFile, rename, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { execa } from 'execa';
import { Secrets } from '../../src/core/secrets.ts';
import { loadCredentials } from '../../src/credentials/load.ts';
import { isTableFile } from '../../src/dolt/database-files.ts';
import { lockHolder } from '../../src/dolt/server/lock.ts';
import { readPayload } from '../../src/frontends/action/event.ts';
import { readConflicts } from '../../src/resolve/store-conflicts.ts';
import { command } from '../helpers/commanding.ts';
import { makeDatabase } from '../helpers/database.ts';
import { examine, linesOf } from '../helpers/examining.ts';
import { type TempFolder, tempFolder } from '../helpers/temp-folder.ts';

let seed: TempFolder;
beforeAll(async () => {
  seed = await tempFolder();
  const local = await makeDatabase(seed.file('local'));
  await local.publish(`file://${seed.file('box')}`);
});
afterAll(async () => {
  await seed[Symbol.asyncDispose]();
});

const fifo = async (path: string): Promise<void> => {
  await rm(path, { recursive: true, force: true });
  await mkdir(dirname(path), { recursive: true });
  await execa('mkfifo', ['-m', '600', path]);
};
const endless = async (path: string): Promise<void> => {
  await rm(path, { recursive: true, force: true });
  await mkdir(dirname(path), { recursive: true });
  await symlink('/dev/zero', path);
};
const huge = async (path: string): Promise<void> => {
  await rm(path, { recursive: true, force: true });
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, '', { mode: 0o600 });
  await truncate(path, 2 ** 40);
};
const MAKERS = [
  ['a FIFO', fifo],
  ['a device', endless],
  ['a terabyte', huge],
] as const;

/** A copy of the database in a folder of its own. */
async function copy(folder: TempFolder): Promise<void> {
  await execa('cp', ['-a', seed.file('local'), folder.file('local')]);
}

describe('a special file in a database', () => {
  test.each(
    ['repo_state.json', 'config.json', 'noms/manifest', 'noms/LOCK', 'noms/oldgen/manifest'].flatMap((name) => [
      [name, 'a FIFO', fifo] as const,
      [name, 'a device', endless] as const,
    ]),
  )('as %s (%s) is refused before an engine opens it', async (name, _, make) => {
    await using folder = await tempFolder();
    await copy(folder);
    const path = folder.file('local', '.dolt', ...name.split('/'));
    await make(path);
    const peers = `box: file://${folder.file('box')}`;
    const run = command(folder, peers, { ceiling: null });
    await expect(run).rejects.toMatchObject({ code: 'corrupt', message: expect.stringContaining(path) });
    const [reported] = linesOf(await examine(folder, peers), 'database');
    expect(reported).toMatch(/^missing: /);
    expect(reported).toContain(path);
  });

  test('as a settings file of a terabyte is refused', async () => {
    await using folder = await tempFolder();
    await copy(folder);
    await huge(folder.file('local', '.dolt', 'config.json'));
    const run = command(folder, `box: file://${folder.file('box')}`);
    await expect(run).rejects.toMatchObject({ code: 'corrupt', message: expect.stringContaining('larger than') });
  });

  test('as sql-server.info names no process', async () => {
    await using folder = await tempFolder();
    for (const [, make] of MAKERS) {
      await make(folder.file('db', '.dolt', 'sql-server.info'));
      expect(await lockHolder(folder.file('db'), {})).toMatchObject({ kind: 'unknown' });
    }
  });
});

describe('a special file of a checkout', () => {
  test.each(
    ['metadata.json', 'config.yaml', 'config.local.yaml', 'redirect', 'proxied_server_client_info.json'].flatMap(
      (name) => MAKERS.map(([kind, make]) => [name, kind, make] as const),
    ),
  )('as .beads/%s (%s) is refused without a read', async (name, _, make) => {
    await using folder = await tempFolder();
    await mkdir(folder.file('.beads'));
    await writeFile(folder.file('.beads', 'config.yaml'), 'sync: {mode: dolt-native}\n');
    await writeFile(folder.file('.beads', 'metadata.json'), '{}');
    await make(folder.file('.beads', name));
    const run = command(folder, `box: file://${folder.file('box')}`, { database: undefined, ceiling: null });
    await expect(run).rejects.toMatchObject({ code: 'config-unreadable' });
  });

  test('as daemon.pid is refused', async () => {
    await using folder = await tempFolder();
    await execa('mkdir', ['-p', folder.file('.beads', 'embeddeddolt')]);
    await execa('cp', ['-a', seed.file('local'), folder.file('.beads', 'embeddeddolt', 'north')]);
    await writeFile(folder.file('.beads', 'config.yaml'), 'sync: {mode: dolt-native}\n');
    await writeFile(folder.file('.beads', 'metadata.json'), '{"dolt_database":"north"}');
    await fifo(folder.file('.beads', 'daemon.pid'));
    const run = command(folder, `box: file://${folder.file('box')}`, { database: undefined });
    await expect(run).rejects.toMatchObject({ code: 'config-unreadable' });
  });

  test('as .git or .jj/repo names no other repository', async () => {
    await using folder = await tempFolder();
    await copy(folder);
    await fifo(folder.file('.git'));
    await fifo(folder.file('.jj', 'repo'));
    const { result } = await command(folder, `box: file://${folder.file('box')}`);
    expect(result.status).toBe('success');
  });
});

test.each(MAKERS)('credentials, a conflicts file and an event in %s are not read', async (_, make) => {
  await using folder = await tempFolder();
  const file = folder.file('x');
  await make(file);
  const given = loadCredentials({ file }, { env: {}, cwd: folder.path, secrets: new Secrets() });
  await expect(given).rejects.toMatchObject({ code: 'config-unreadable' });
  await expect(readConflicts(file)).rejects.toMatchObject({ code: 'conflicts-file-unreadable' });
  expect(await readPayload(file)).toBeNull();
});

const folderAt = async (path: string): Promise<void> => {
  await rm(path, { force: true });
  await mkdir(path, { recursive: true });
};
const editManifest = (edit: (text: string) => string) => async (box: string) => {
  const file = join(box, 'manifest');
  await writeFile(file, edit(await readFile(file, 'utf8')));
};
const SPECIAL = ['manifest', 'LOCK', join('oldgen', 'manifest')];

/** The code of a peer, and what was done to its folder. */
const DAMAGES: readonly (readonly [code: string, damage: (box: string) => Promise<unknown>])[] = [
  ...SPECIAL.map((name) => ['not-a-remote', (box: string) => fifo(join(box, name))] as const),
  ...SPECIAL.map((name) => ['not-a-remote', (box: string) => folderAt(join(box, name))] as const),
  ['not-a-remote', (box) => insteadOfOldgen(box, (path) => writeFile(path, ''))],
  [
    'not-a-remote',
    (box) => rename(join(box, 'LOCK'), `${box}-lock`).then(() => symlink(`${box}-lock`, join(box, 'LOCK'))),
  ],
  ['corrupt', (box) => insteadOfOldgen(box, (path) => symlink('oldgen', path))],
  ['corrupt', cutTables],
  ['corrupt', editManifest(() => '5:__DOLT__:x:y:z')],
  ['corrupt', editManifest((text) => text.replace(/\d+$/, '-1'))],
  ['corrupt', editManifest((text) => text.replace(/\d+$/, '99999999999999999999'))],
  ['database-format', editManifest((text) => text.replace('__DOLT__', '__LD_1__'))],
];

async function insteadOfOldgen(box: string, make: (path: string) => Promise<void>): Promise<void> {
  await rm(join(box, 'oldgen'), { recursive: true, force: true });
  await make(join(box, 'oldgen'));
}

/** As after a full disk. */
async function cutTables(box: string): Promise<void> {
  for (const name of await readdir(box)) if (isTableFile(name)) await truncate(join(box, name), 20);
}

test('a peer with a special, misplaced or damaged file is named as such, and does not keep another one out', async () => {
  await using folder = await tempFolder();
  await copy(folder);
  const box = (at: number) => folder.file(`box-${at}`);
  for (const [at, [, damage]] of DAMAGES.entries()) {
    await execa('cp', ['-a', seed.file('box'), box(at)]);
    await damage(box(at));
  }
  await execa('cp', ['-a', seed.file('box'), folder.file('good')]);
  // Nothing looks behind it: that takes minutes, and finds devices.
  await symlink('/', folder.file('good', 'disk'));
  const peers = [...DAMAGES.keys()].map((at) => `bad-${at}: file://${box(at)}\n`);
  const { result } = await command(folder, `${peers.join('')}good: file://${folder.file('good')}`, { ceiling: null });
  const outcomes = new Map(result.peers.map(({ name, error }) => [name, error?.code ?? null]));
  expect(outcomes).toEqual(new Map([...DAMAGES.map(([code], at) => [`bad-${at}`, code] as const), ['good', null]]));
});
