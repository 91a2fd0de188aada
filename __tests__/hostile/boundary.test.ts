import { appendFile, cp, mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { command } from '../helpers/commanding.ts';
import { makeDatabase, openTestDatabase } from '../helpers/database.ts';
import { filesBelow } from '../helpers/files-below.ts';
import { type TempFolder, tempFolder } from '../helpers/temp-folder.ts';

const METADATA = { backend: 'dolt', dolt_mode: 'embedded', dolt_database: 'north' };
const SERVER = { ...METADATA, dolt_mode: 'server' };
const PLACE = ['.beads', 'embeddeddolt', 'north'] as const;

/** The paths of a checkout, and of another team's files on the same runner. */
interface Scene {
  readonly checkout: TempFolder;
  readonly ours: (...parts: readonly string[]) => string;
  readonly theirs: (...parts: readonly string[]) => string;
}

let seed: TempFolder;
beforeAll(async () => {
  seed = await tempFolder();
  const local = await makeDatabase(seed.file('db'));
  await local.dolt('remote', 'add', 'box', `file://${seed.file('box')}`);
  await local.dolt('push', 'box', 'main');
  await local.dolt('remote', 'remove', 'box');
});
afterAll(async () => {
  await seed[Symbol.asyncDispose]();
});

const CONFIG = (folder: TempFolder): string =>
  `sync: {mode: dolt-native}\nfederation: {remote: "file://${folder.file('mail', 'box')}"}\n`;

/** A checkout with a workspace and an empty mailbox beside it, and a team with a workspace and a remote of its own. */
async function scene(folder: TempFolder): Promise<Scene> {
  const ours = (...parts: readonly string[]) => folder.file('checkout', ...parts);
  const theirs = (...parts: readonly string[]) => folder.file('team', ...parts);
  const config = CONFIG(folder);
  await mkdir(folder.file('mail'));
  for (const place of [ours, theirs]) {
    await mkdir(place('.beads'), { recursive: true });
    await writeFile(place('.beads', 'config.yaml'), config);
    await writeFile(place('.beads', 'metadata.json'), JSON.stringify(METADATA));
    await cp(seed.file('db'), place(...PLACE), { recursive: true });
  }
  await cp(seed.file('box'), theirs('box'), { recursive: true });
  await openTestDatabase(theirs(...PLACE)).commit('theirs', "UPDATE items SET title = 'secret' WHERE id = 1");
  return { checkout: { ...folder, path: ours(), file: (...more) => ours(...more) }, ours, theirs };
}

/** Replaces a file of the checkout by a link. */
async function replace(path: string, target: string): Promise<void> {
  await rm(path, { recursive: true, force: true });
  await symlink(target, path);
}

const metadata = ({ ours }: Scene, value: object) => writeFile(ours('.beads', 'metadata.json'), JSON.stringify(value));
const name = ({ ours }: Scene, database: string) =>
  appendFile(
    ours('.beads', 'config.yaml'),
    `federation.database: ${JSON.stringify(database)}
`,
  );

const LEADS: readonly (readonly [string, (scene: Scene) => Promise<void>])[] = [
  ['an absolute dolt_data_dir', (s) => metadata(s, { ...SERVER, dolt_data_dir: s.theirs('.beads', 'embeddeddolt') })],
  ['a dolt_data_dir of ../', (s) => metadata(s, { ...SERVER, dolt_data_dir: '../../team/.beads/embeddeddolt' })],
  [
    'a dolt_data_dir in the checkout that is a link',
    async (s) => {
      await metadata(s, { ...SERVER, dolt_data_dir: 'data' });
      await symlink(s.theirs('.beads', 'embeddeddolt'), s.ours('.beads', 'data'));
    },
  ],
  ['.beads', (s) => replace(s.ours('.beads'), '../team/.beads')],
  ['the data folder', (s) => replace(s.ours('.beads', 'embeddeddolt'), s.theirs('.beads', 'embeddeddolt'))],
  ['the database', (s) => replace(s.ours(...PLACE), s.theirs(...PLACE))],
  ['.dolt', (s) => replace(s.ours(...PLACE, '.dolt'), s.theirs(...PLACE, '.dolt'))],
  ['.dolt/noms', (s) => replace(s.ours(...PLACE, '.dolt', 'noms'), s.theirs(...PLACE, '.dolt', 'noms'))],
  [
    'the manifest',
    (s) => replace(s.ours(...PLACE, '.dolt', 'noms', 'manifest'), s.theirs(...PLACE, '.dolt', 'noms', 'manifest')),
  ],
  [
    'a link to a link',
    async (s) => {
      await symlink(s.theirs(...PLACE), s.ours('inner'));
      await replace(s.ours(...PLACE), s.ours('inner'));
    },
  ],
  ['config.yaml', (s) => replace(s.ours('.beads', 'config.yaml'), s.theirs('.beads', 'config.yaml'))],
  ['config.local.yaml', (s) => replace(s.ours('.beads', 'config.local.yaml'), s.theirs('.beads', 'config.yaml'))],
  ['metadata.json', (s) => replace(s.ours('.beads', 'metadata.json'), s.theirs('.beads', 'metadata.json'))],
  [
    'the main repository of jujutsu',
    async (s) => {
      await writeFile(s.theirs('.beads', '.env'), 'BEADS_DIR=$SECRET\n');
      await mkdir(s.ours('.jj'));
      await writeFile(s.ours('.jj', 'repo'), s.theirs('.jj', 'repo'));
      await rm(s.ours('.beads'), { recursive: true });
    },
  ],
  ['a redirect', (s) => writeFile(s.ours('.beads', 'redirect'), '../../team/.beads\n')],
  ['a redirect that is a link', (s) => replace(s.ours('.beads', 'redirect'), s.theirs('.beads', 'config.yaml'))],
  ['federation.database', (s) => name(s, s.theirs(...PLACE))],
  ['federation.database of ../', (s) => name(s, '../../team/.beads/embeddeddolt/north')],
  [
    'federation.database through a link',
    async (s) => {
      await symlink('../team', s.ours('friends'));
      await name(s, '../friends/.beads/embeddeddolt/north');
    },
  ],
];

describe('a checkout that leads to the database of another team', () => {
  test.each(LEADS)('by %s is refused, and no row is read or published', async (_, lead) => {
    await using folder = await tempFolder();
    const at = await scene(folder);
    await lead(at);
    const before = await filesBelow(folder.file('team'));
    const run = command(at.checkout, '', { database: undefined });
    await expect(run).rejects.toMatchObject({ code: 'outside-workspace' });
    expect(await filesBelow(folder.file('team'))).toEqual(before);
    expect(await filesBelow(folder.file('mail'))).toEqual(new Map());
  });

  test('is refused even if the target does not exist yet', async () => {
    await using folder = await tempFolder();
    const at = await scene(folder);
    await symlink(at.theirs('new'), at.ours('inner'));
    await symlink('inner', at.ours('local'));
    for (const database of ['../local', '../local/deep/db']) {
      await name(at, database);
      const run = command(at.checkout, '', { database: undefined, bootstrap: 'origin' });
      await expect(run).rejects.toMatchObject({ code: 'outside-workspace' });
      await writeFile(at.ours('.beads', 'config.yaml'), CONFIG(folder));
    }
  });

  test('is refused if an input names a link of the checkout', async () => {
    await using folder = await tempFolder();
    const at = await scene(folder);
    await replace(at.ours('local'), at.theirs(...PLACE));
    await expect(command(at.checkout, '', { database: 'local' })).rejects.toMatchObject({ code: 'outside-workspace' });
  });

  test('is followed if an input or a variable names the target, and in a terminal', async () => {
    await using folder = await tempFolder();
    const at = await scene(folder);
    await replace(at.ours('.beads', 'embeddeddolt'), at.theirs('.beads', 'embeddeddolt'));
    const found = { database: undefined } as const;
    const env = { BEADS_DOLT_DATA_DIR: at.theirs('.beads', 'embeddeddolt') };
    expect((await command(at.checkout, '', { ...found, env })).result).toMatchObject({ status: 'success' });
    expect((await command(at.checkout, '', { ...found, ceiling: null })).result).toMatchObject({ status: 'unchanged' });
    await rm(at.ours('.beads', 'embeddeddolt'));
    await rename(at.theirs(...PLACE), at.theirs('db'));
    const named = await command(at.checkout, '', { ...found, database: '../team/db' });
    expect(named.result).toMatchObject({ status: 'unchanged', database: at.theirs('db') });
  });
});

describe('a peer in a folder of the checkout', () => {
  test.each<readonly [string, (scene: Scene) => Promise<void>]>([
    ['is a link', (s) => symlink('../team/box', s.ours('peer'))],
    ['is below a link', (s) => symlink('../team', s.ours('up')).then(() => symlink('up/box', s.ours('peer')))],
    [
      'has a manifest that is a link',
      async (s) => {
        await cp(s.theirs('box'), s.ours('peer'), { recursive: true });
        await replace(s.ours('peer', 'manifest'), s.theirs('box', 'manifest'));
      },
    ],
  ])('that %s to another team is refused', async (_, lead) => {
    await using folder = await tempFolder();
    const at = await scene(folder);
    await lead(at);
    const before = await filesBelow(folder.file('team'));
    const peers = `team: file://${at.ours('peer')}`;
    const { result } = await command(at.checkout, peers, { database: join(...PLACE) });
    const team = result.peers.find(({ name }) => name === 'team');
    expect(team).toMatchObject({ status: 'failed', error: { code: 'outside-workspace' } });
    expect(await filesBelow(folder.file('team'))).toEqual(before);
  });

  test('is accepted if it stays in the checkout, and so is a folder elsewhere', async () => {
    await using folder = await tempFolder();
    const at = await scene(folder);
    await mkdir(at.ours('real'));
    await symlink('real', at.ours('near'));
    const peers = `near: file://${at.ours('near', 'box')}\nfar: file://${folder.file('mail', 'far')}`;
    const { result } = await command(at.checkout, peers, { database: join(...PLACE) });
    expect(result.status).toBe('success');
  });
});
