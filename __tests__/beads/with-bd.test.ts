import { cp, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type CommandOptions, command } from '../helpers/commanding.ts';
import { openTestDatabase, type TestDatabase } from '../helpers/database.ts';
import { git } from '../helpers/git.ts';
import { type Bd, bdIn, bdWorkspace } from '../helpers/servers/bd.ts';
import { below, type TempFolder, tempFolder } from '../helpers/temp-folder.ts';

let seed: TempFolder;
beforeAll(async () => {
  seed = await tempFolder();
  await bdWorkspace(seed, []);
});
afterAll(async () => {
  await seed[Symbol.asyncDispose]();
});

interface Workspace {
  readonly bd: Bd;
  readonly database: TestDatabase;
  beads(...parts: readonly string[]): string;
  /** Runs `sync` as in a terminal. @param cwd below the folder of the test */
  sync(options?: CommandOptions, cwd?: string): Promise<Awaited<ReturnType<typeof command>>['result']>;
}

/** A copy of the workspace in embedded mode that bd made. */
async function workspace(folder: TempFolder): Promise<Workspace> {
  await cp(seed.path, folder.path, { recursive: true });
  const beads = (...parts: readonly string[]) => folder.file('repo', '.beads', ...parts);
  const config = await readFile(beads('config.yaml'), 'utf8');
  await writeFile(beads('config.yaml'), config.replaceAll(seed.path, folder.path));
  return {
    beads,
    bd: bdIn(folder, folder.file('repo')),
    database: openTestDatabase(beads('embeddeddolt', 'north')),
    sync: async (options = {}, cwd = 'repo') => {
      return (await command(below(folder, cwd), '', { database: undefined, ceiling: null, ...options })).result;
    },
  };
}

/** Makes the database look as before the last migration of bd. */
const BEFORE_LAST_MIGRATION =
  'DELETE FROM schema_migrations WHERE version = (SELECT * FROM (SELECT MAX(version) FROM schema_migrations) AS last)';

test('after a run, bd upgrades the database, refuses one that keeps a remote, and finds no peers', async () => {
  await using folder = await tempFolder();
  const { bd, database, sync } = await workspace(folder);
  await database.commit('back', BEFORE_LAST_MIGRATION);
  expect(await sync()).toMatchObject({ status: 'success', peers: [{ verified: true }] });
  await cp(folder.file('repo'), folder.file('kept'), { recursive: true });
  const kept = openTestDatabase(folder.file('kept', '.beads', 'embeddeddolt', 'north'));
  await kept.dolt('remote', 'add', 'north', `file://${folder.file('box')}`);
  expect(await bd.at(folder.file('kept')).run('create', 'refused')).toMatchObject({ exitCode: 1 });

  await bd.ok('create', 'upgraded', '--quiet');
  expect(await bd.titles()).toEqual(['ours', 'upgraded']);
  expect(JSON.parse(await bd.ok('federation', 'list-peers', '--json'))).toEqual([]);
  const pushed = await bd.run('federation', 'sync', '--json');
  expect(`${pushed.stdout}${pushed.stderr}`).toContain('no federation peers configured');
});

test('bd and a run in a worktree use the database of the repository', async () => {
  await using folder = await tempFolder();
  const { bd, beads, sync } = await workspace(folder);
  await git(bd.cwd, 'add', '.');
  await git(bd.cwd, 'commit', '--quiet', '--no-verify', '-m', 'all');
  await git(bd.cwd, 'worktree', 'add', '--quiet', '-b', 'other', folder.file('wt'));
  const inTree = bd.at(folder.file('wt'));
  const before = await inTree.ok('where', '--json');
  expect(await sync({}, 'wt')).toMatchObject({ database: beads('embeddeddolt', 'north'), peers: [{ verified: true }] });
  expect(await inTree.ok('where', '--json')).toBe(before);
  expect(await inTree.titles()).toEqual(['ours']);
  expect(await readdir(folder.file('wt', '.beads'))).not.toContain('embeddeddolt');
});

test('a redirect and BEADS_DIR select the same database for bd and for a run', async () => {
  await using folder = await tempFolder();
  const { bd, beads, sync } = await workspace(folder);
  await mkdir(folder.file('rig', '.beads'), { recursive: true });
  await writeFile(folder.file('rig', '.beads', 'redirect'), '../repo/.beads\n');
  await mkdir(folder.file('empty'));
  expect(await bd.at(folder.file('rig')).titles()).toEqual(['ours']);
  const real = beads('embeddeddolt', 'north');
  expect(await sync({}, 'rig')).toMatchObject({ database: real, peers: [{ verified: true }], status: 'success' });
  const env = { BEADS_DIR: beads() };
  expect(await bdIn(folder, folder.file('empty'), env).titles()).toEqual(['ours']);
  expect(await sync({ env, command: 'status' }, 'empty')).toMatchObject({ database: real });
  expect(await readdir(folder.file('rig', '.beads'))).toEqual(['redirect']);
});

test('neither bd nor a run writes to a frozen workspace, and both can read it', async () => {
  await using folder = await tempFolder();
  const { bd, database, sync } = await workspace(folder);
  const head = await database.head();
  await writeFile(folder.file('repo', 'MIGRATION-FREEZE'), '');
  expect(await bd.run('create', 'refused')).toMatchObject({ exitCode: 14 });
  for (const name of ['sync', 'pull', 'push'] as const) {
    await expect(sync({ command: name })).rejects.toMatchObject({ code: 'migration-freeze' });
  }
  expect(await sync({ command: 'status' })).toMatchObject({ head });
  expect(await sync({ dryRun: true })).toMatchObject({ head });
  expect(await bd.titles()).toEqual(['ours']);
});

test('a backend that bd refuses is refused', async () => {
  await using folder = await tempFolder();
  const { bd, beads, sync } = await workspace(folder);
  const metadata = JSON.parse(await readFile(beads('metadata.json'), 'utf8'));
  await writeFile(beads('metadata.json'), JSON.stringify({ ...metadata, backend: 'postgres' }));
  expect(await bd.run('list')).toMatchObject({ exitCode: 1 });
  const hint = expect.stringContaining('set `backend` in metadata.json to `dolt`');
  await expect(sync()).rejects.toMatchObject({ code: 'workspace-unknown', hint });
});

/** Keys that bd 1.3.0 itself writes to config.yaml, and a value that neither forbids pushing nor moves the database. */
const KEYS = {
  'sync.remote': 'file:///nowhere',
  'sync.git-remote': 'file:///nowhere',
  'sync.require_confirmation_on_mass_delete': 'true',
  'federation.sovereignty': 'T1',
  'federation.exclude_types': 'wisp',
  'dolt.auto-push': 'false',
  'dolt.auto-commit': 'on',
  'dolt.max-conns': '5',
  'export.auto': 'false',
  'backup.enabled': 'false',
  'routing.mode': 'maintainer',
  'validation.on-sync': 'none',
  'hierarchy.max-depth': '3',
  'import.auto': 'false',
  'events-journal': 'false',
  'list.limit': '50',
};

test('the keys that bd writes to config.yaml do not stop a run', async () => {
  await using folder = await tempFolder();
  const { bd, beads, sync } = await workspace(folder);
  const pairs = Object.entries(KEYS).map(([key, value]) => `${key}=${value}`);
  await bd.ok('config', 'set-many', ...pairs);
  const text = await readFile(beads('config.yaml'), 'utf8');
  for (const key of Object.keys(KEYS)) expect(text).toContain(key.split('.').at(-1));
  expect(await sync()).toMatchObject({ status: 'success', peers: [{ verified: true }] });
  expect(await readdir(join(beads(), '..'))).not.toContain('nowhere');
});
