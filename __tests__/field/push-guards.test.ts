import { cp, mkdir, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { resolve } from '../../src/commands/resolve.ts';
import type { Env } from '../../src/core/env.ts';
import { command } from '../helpers/commanding.ts';
import { commandContext, refusal } from '../helpers/configuring.ts';
import { makeDatabase, openTestDatabase, publishing, remoteHead, type TestDatabase } from '../helpers/database.ts';
import { testDolt } from '../helpers/dolt-binary.ts';
import { examine, linesOf } from '../helpers/examining.ts';
import { committing } from '../helpers/scenario.ts';
import { type TempFolder, tempFolder } from '../helpers/temp-folder.ts';
import { madeOnce } from '../helpers/templates.ts';

/** The head of the box that `diverged` makes, and copies in every test. */
let theirs = '';

/** A database with a commit that the box lacks, and a box with one that the database lacks. */
async function diverged(folder: TempFolder): Promise<TestDatabase> {
  const path = folder.file('local');
  await madeOnce('diverged', [path, folder.file('box')], async () => {
    const made = await makeDatabase(path);
    theirs = await made.headAfter(
      ...committing('theirs', ["INSERT INTO items VALUES (8, 'theirs', 'cat')"]),
      ...publishing(`file://${folder.file('box')}`),
    );
    const ours = committing('ours', ["INSERT INTO items VALUES (9, 'ours', 'ann')"]);
    await made.sql("CALL DOLT_RESET('--hard', 'HEAD~1')", ...ours);
  });
  return openTestDatabase(path);
}

const configFile = (folder: TempFolder) => folder.file('.beads', 'config.yaml');

async function configured(folder: TempFolder, text: string): Promise<string> {
  await mkdir(folder.file('.beads'), { recursive: true });
  await writeFile(configFile(folder), `sync: {mode: dolt-native}\n${text}\n`);
  return `box: file://${folder.file('box')}\nnew: file://${folder.file('new')}\nsafe: {endpoint: "file://${folder.file('safe')}", role: backup}`;
}

const boxHead = (folder: TempFolder) => remoteHead(`file://${folder.file('box')}`, folder.file('look', 'box'));

describe('a database that must not be pushed', () => {
  test.each<[string, string, Env]>([
    ['no-push: true (', 'no-push: true', {}],
    ['dolt.local-only: true (', 'dolt: {local-only: true}', {}],
    ['dolt.local-only: true (', 'dolt.local-only: true', {}],
    ['the variable BD_NO_PUSH', '', { BD_NO_PUSH: 'true' }],
    ['federation.push: false (', 'federation.push: false', {}],
  ])('%s: sync pulls and merges, but does not push', async (said, text, env) => {
    await using folder = await tempFolder();
    const local = await diverged(folder);
    const peers = await configured(folder, text);
    const { result } = await command(folder, peers, { env });
    expect(result.status).toBe('success');
    expect(result.peers).toMatchObject([
      { name: 'box', status: 'pulled', pulledCommits: 1, pushedCommits: 0, verified: true, error: null },
      { name: 'new', status: 'unchanged', state: 'remote-empty', pushedCommits: 0 },
      { name: 'safe', status: 'skipped' },
    ]);
    const notices = result.problems.filter(({ code }) => code === 'push-disabled');
    expect(notices).toMatchObject([{ severity: 'notice', message: expect.stringContaining(said) }]);
    expect(await local.rows('SELECT id FROM items ORDER BY id')).toEqual([1, 2, 8, 9].map((id) => ({ id })));
    expect(await boxHead(folder)).toBe(theirs);
    for (const name of ['new', 'safe']) await expect(stat(folder.file(name))).rejects.toMatchObject({ code: 'ENOENT' });
  });

  test('shows no push in a plan, and the key in a status', async () => {
    await using folder = await tempFolder();
    await diverged(folder);
    const peers = await configured(folder, 'no-push: true');
    const { result } = await command(folder, peers, { dryRun: true });
    expect(result.peers[0]?.plan).toMatchObject({ pull: 'merge', push: 'nothing', pushCommits: 0 });
    expect(result.peers[1]?.plan).toMatchObject({ push: 'nothing' });
    const status = await command(folder, peers, { command: 'status' });
    expect(status.result.problems.map(({ code }) => code)).toContain('push-disabled');
    const pulled = await command(folder, peers, { command: 'pull' });
    expect(pulled.result.problems.map(({ code }) => code)).not.toContain('push-disabled');
  });

  test('refuses push and every forced push with the place of the key, before a database is opened', async () => {
    await using folder = await tempFolder();
    const peers = await configured(folder, 'no-push: true');
    const leases = new Map([['box', '0'.repeat(32)]]);
    for (const asked of [
      { command: 'push' },
      { command: 'push', dryRun: true },
      { command: 'sync', leases },
    ] as const) {
      const failure = await refusal(() => command(folder, peers, asked));
      expect(failure).toMatchObject({
        code: 'push-disabled',
        location: { file: configFile(folder), line: 2, column: 1 },
      });
    }
    await expect(stat(folder.file('box'))).rejects.toMatchObject({ code: 'ENOENT' });
  });

  test('is refused for every write under readonly', async () => {
    await using folder = await tempFolder();
    const local = await diverged(folder);
    const before = await local.head();
    const peers = await configured(folder, 'readonly: true\nfederation: {push: false}');
    for (const name of ['sync', 'pull', 'push'] as const) {
      expect((await refusal(() => command(folder, peers, { command: name }))).code).toBe('push-disabled');
    }
    const { result } = await command(folder, peers, { command: 'status' });
    expect(result.peers[0]?.state).toBe('diverged');
    expect(await local.head()).toBe(before);
  });

  test('gets pushes with federation.push: true, which overrides the keys of beads', async () => {
    await using folder = await tempFolder();
    const local = await diverged(folder);
    const peers = await configured(folder, 'no-push: true\ndolt: {local-only: true}\nfederation: {push: true}');
    const { result } = await command(folder, peers, { env: { BD_NO_PUSH: '1' } });
    expect(result.peers[0]).toMatchObject({ status: 'synced', verified: true });
    expect(result.problems.map(({ code }) => code)).not.toContain('push-disabled');
    expect(await boxHead(folder)).toBe(await local.head());
  });

  test('follows the guards of the workspaces of the file and of the database too', async () => {
    await using folder = await tempFolder();
    await diverged(folder);
    const peers = await configured(folder, 'no-push: true');
    await writeFile(folder.file('ci.yaml'), 'sync: {mode: dolt-native}\n');
    const config = { peers, config: 'ci.yaml' };
    expect((await refusal(() => command(folder, '', { command: 'push', overrides: config }))).code).toBe(
      'push-disabled',
    );

    const database = folder.file('neighbour', '.beads', 'dolt', 'local');
    await cp(folder.file('local'), database, { recursive: true });
    await writeFile(folder.file('neighbour', '.beads', 'config.yaml'), 'dolt: {local-only: true}\n');
    await configured(folder, '');
    const asked = { database, only: ['box'] };
    expect((await refusal(() => command(folder, peers, { ...asked, command: 'push' }))).code).toBe('push-disabled');
    await symlink(database, folder.file('linked'));
    const linked = { ...asked, database: folder.file('linked') };
    expect((await refusal(() => command(folder, peers, { ...linked, command: 'push' }))).code).toBe('push-disabled');
    // The workspace of a database on another disk.
    await mkdir(folder.file('town', '.beads'), { recursive: true });
    await writeFile(folder.file('town', '.beads', 'config.yaml'), 'no-push: true\n');
    await symlink(folder.file('disk'), folder.file('town', '.beads', 'dolt'));
    await cp(folder.file('local'), folder.file('disk', 'local'), { recursive: true });
    const moved = { ...asked, database: folder.file('town', '.beads', 'dolt', 'local') };
    expect((await refusal(() => command(folder, peers, { ...moved, command: 'push' }))).code).toBe('push-disabled');
    const { result } = await command(folder, peers, asked);
    expect(result.peers).toMatchObject([{ name: 'box', status: 'pulled', pushedCommits: 0 }]);
    expect(result.problems.map(({ message }) => message).join()).toContain(folder.file('neighbour', '.beads'));
    expect(await boxHead(folder)).toBe(theirs);
    const allowed = await command(folder, peers, { ...asked, env: { BD_FEDERATION_PUSH: 'true' } });
    expect(allowed.result.peers).toMatchObject([{ status: 'pushed', verified: true }]);
  });

  test('is reported by doctor with the key and its place', async () => {
    await using folder = await tempFolder();
    await makeDatabase(folder.file('local'));
    const peers = await configured(folder, 'dolt.local-only: true');
    const result = await examine(folder, peers);
    expect(linesOf(result, 'push')).toEqual([
      `warning: dolt.local-only: true (${configFile(folder)}:2:1) forbids pushing, so runs only pull`,
    ]);
    expect(linesOf(await examine(folder, peers, { env: { BD_FEDERATION_PUSH: 'true' } }), 'push')).toEqual([
      'ok: pushing is allowed',
    ]);
    await configured(folder, '');
    const neighbour = folder.file('neighbour', '.beads');
    await cp(folder.file('local'), join(neighbour, 'dolt', 'local'), { recursive: true });
    await writeFile(join(neighbour, 'config.yaml'), 'readonly: true\n');
    const ofNeighbour = { database: join(neighbour, 'dolt', 'local') };
    expect(linesOf(await examine(folder, peers, ofNeighbour), 'push')).toEqual([
      `missing: readonly: true (${join(neighbour, 'config.yaml')}:1:1) forbids every write`,
    ]);
    // A guard of the configuration that only forbids pushing lifts none of the database.
    await configured(folder, 'no-push: true');
    expect(linesOf(await examine(folder, peers, ofNeighbour), 'push').join()).toContain('forbids every write');
    const pulling = { ...ofNeighbour, only: ['box'], command: 'pull' } as const;
    expect((await refusal(() => command(folder, peers, pulling))).code).toBe('push-disabled');
    const dolt = { source: 'release', path: testDolt() } as const;
    const resolving = { ...ofNeighbour, maxDelete: 100, mergeTimeout: 60_000, overrides: { peers }, dolt };
    const context = commandContext(folder.path);
    expect((await refusal(() => resolve(resolving, context))).code).toBe('push-disabled');
  });
});
