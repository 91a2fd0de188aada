import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import type { SyncRequest } from '../../src/commands/request.ts';
import { command } from '../helpers/commanding.ts';
import { makeDatabase, openTestDatabase } from '../helpers/database.ts';
import { tempFolder } from '../helpers/temp-folder.ts';

describe('a run without a database', () => {
  test('clones from the primary, and leaves no clone after a dry run or a status', async () => {
    await using folder = await tempFolder();
    const first = await makeDatabase(folder.file('first'));
    await first.dolt('remote', 'add', 'box', `file://${folder.file('box')}`);
    await first.dolt('push', 'box', 'main');
    await mkdir(folder.file('.beads'));
    await writeFile(folder.file('.beads', 'metadata.json'), '{"dolt_database":"items"}');
    const place = folder.file('.beads', 'embeddeddolt', 'items');
    const overrides = { remote: `file://${folder.file('box')}`, syncMode: 'dolt-native' } as const;
    const request = { overrides, database: undefined };

    for (const look of [{ dryRun: true }, { command: 'status' }] as const) {
      const { result } = await command(folder, '', { ...request, ...look });
      expect(result).toMatchObject({ peers: [{ name: 'origin', state: 'up-to-date' }], problems: [] });
      expect(result).not.toHaveProperty('cloned');
      expect(await readdir(folder.file('.beads'))).toEqual(['metadata.json']);
      expect(await readdir(folder.file('tmp'))).toEqual([]);
    }
    const { result } = await command(folder, '', request);
    expect(result).toMatchObject({ status: 'unchanged', head: await first.head(), database: place, cloned: true });
    expect(result.problems).toMatchObject([
      { severity: 'notice', code: 'cloned', message: expect.stringContaining(`cloned origin into ${place}`) },
    ]);
    expect(await openTestDatabase(place).head()).toBe(await first.head());
    const again = await command(folder, '', request);
    expect(again.result).toMatchObject({ database: place, problems: [] });
    expect(again.result).not.toHaveProperty('cloned');
  });

  test('warns of a path-style that this Dolt ignores, before it contacts the service', async () => {
    await using folder = await tempFolder();
    await makeDatabase(folder.file('local'));
    const aws = '{region: eu, dynamodb-table: manifests, endpoint: "https://localhost:9", path-style: true}';
    const { result } = await command(folder, `store: {endpoint: s3://bucket/p, aws: ${aws}}`, { command: 'status' });
    const message = expect.stringContaining('store: `aws.path-style` has no effect with this Dolt');
    expect(result).toMatchObject({
      peers: [{ state: 'unreachable' }],
      problems: [{ severity: 'warning', code: 'unsupported-endpoint', peer: 'store', message }],
    });
  });

  test('clones from the peer that bootstrap names', async () => {
    await using folder = await tempFolder();
    const first = await makeDatabase(folder.file('first'));
    await first.dolt('remote', 'add', 'box', `file://${folder.file('box')}`);
    await first.dolt('push', 'box', 'main');
    const peers = `box: file://${folder.file('box')}`;
    await expect(command(folder, peers)).rejects.toMatchObject({ code: 'no-database' });
    await expect(command(folder, peers, { database: undefined })).rejects.toMatchObject({
      code: 'no-database',
      hint: expect.stringContaining('set `--bootstrap` to its name and `--database` to a new folder'),
    });
    await expect(command(folder, peers, { bootstrap: 'box', database: undefined })).rejects.toMatchObject({
      code: 'no-database',
      hint: 'Give the new folder for the clone of box with `--database`.',
    });
    const { result } = await command(folder, peers, { bootstrap: 'box' });
    expect(result).toMatchObject({ head: await first.head(), database: folder.file('local'), cloned: true });
  });

  type Lost = Pick<Partial<SyncRequest>, 'bootstrap' | 'database'> & { readonly remote?: string };
  test.each<[string, (path: string) => string, Lost, string]>([
    ['a peer without a bootstrap option', (path: string) => `box: file://${path}/box`, {}, 'no-database'],
    ['an unknown bootstrap', (path: string) => `box: file://${path}/box`, { bootstrap: 'nobody' }, 'unknown-peer'],
    ['a named folder, even with a primary', () => '', { remote: 'box' }, 'no-database'],
    ['a primary with a missing folder', () => '', { remote: 'empty', bootstrap: 'origin' }, 'no-database'],
    ['a primary on a disk that is not mounted', () => '', { remote: 'no/disk', bootstrap: 'origin' }, 'folder-missing'],
    ['a configuration without a source', () => '', { remote: 'box', database: undefined }, 'no-database'],
  ])(
    '%s is refused as the source of a clone, and nothing is created',
    async (_, peers, { remote, ...request }, code) => {
      await using folder = await tempFolder();
      const overrides = remote === undefined ? {} : { overrides: { remote: `file://${folder.file(remote)}` } };
      await expect(command(folder, peers(folder.path), { ...request, ...overrides })).rejects.toMatchObject({ code });
      expect((await readdir(folder.path)).filter((name) => name !== 'tmp')).toEqual([]);
    },
  );
});

describe('a run with a database', () => {
  test.each(['status', 'pull'] as const)('%s creates no folder for a mailbox that does not exist yet', async (name) => {
    await using folder = await tempFolder();
    await makeDatabase(folder.file('local'));
    const { result } = await command(folder, `box: file://${folder.file('box')}`, { command: name });
    expect(result).toMatchObject({ status: 'unchanged', peers: [{ state: 'remote-empty', status: 'unchanged' }] });
    await expect(stat(folder.file('box'))).rejects.toMatchObject({ code: 'ENOENT' });
  });

  test('a dry run plans the first push and creates nothing', async () => {
    await using folder = await tempFolder();
    const local = await makeDatabase(folder.file('local'));
    const { result } = await command(folder, `box: file://${folder.file('box')}`, { dryRun: true });
    expect(result.peers[0]?.plan).toEqual({
      pull: 'nothing',
      push: 'first-push',
      pullCommits: 0,
      pushCommits: 2,
      head: await local.head(),
      outgoing: {
        commits: 2,
        subjects: ['first rows', 'Initialize data repository'],
        tables: [{ table: 'items', change: 'added', definition: true, rows: { added: 2, changed: 0, removed: 0 } }],
        moreTables: 0,
      },
    });
    await expect(stat(folder.file('box'))).rejects.toMatchObject({ code: 'ENOENT' });
  });

  test('a remote of ours with an outdated address is corrected and reported; a foreign remote is not changed', async () => {
    await using folder = await tempFolder();
    const local = await makeDatabase(folder.file('local'));
    await command(folder, `box: file://${folder.file('old')}`);
    await local.dolt('remote', 'add', 'mine', `file://${folder.file('mine')}`);
    const { result } = await command(folder, `box: file://${folder.file('new')}`);
    expect(result.status).toBe('success');
    expect(result.problems).toContainEqual(
      expect.objectContaining({
        code: 'remote-corrected',
        message: expect.stringMatching(/^remote box changed from "file:.*old" to "file:.*new"/),
      }),
    );
    const remotes = await local.rows('SELECT name, url FROM dolt_remotes ORDER BY name');
    expect(remotes).toEqual([
      { name: 'box', url: `file://${folder.file('new')}` },
      { name: 'mine', url: `file://${folder.file('mine')}` },
    ]);
  });

  test.each(['https://u:hunter2secret@h.example/x', 'https://h.example/x?sig=hunter2secret'])(
    'a secret in the old address %s is not printed',
    async (url) => {
      await using folder = await tempFolder();
      const local = await makeDatabase(folder.file('local'));
      await local.dolt('remote', 'add', 'box', url);
      const { result, log } = await command(folder, `box: file://${folder.file('new')}`);
      expect(result.problems.map(({ message }) => message).join()).toContain('box of the database points to "https://');
      expect(JSON.stringify(result) + log.join('\n')).not.toContain('hunter2secret');
    },
  );

  test('an unmounted disk fails only its peer', async () => {
    await using folder = await tempFolder();
    await makeDatabase(folder.file('local'));
    const peers = `disk: file://${folder.file('not', 'mounted')}\nbox: file://${folder.file('box')}`;
    const { result } = await command(folder, peers);
    expect(result.status).toBe('partial');
    expect(result.peers).toMatchObject([
      { name: 'box', verified: true },
      { name: 'disk', status: 'failed', error: { code: 'folder-missing' } },
    ]);
    await expect(stat(folder.file('not'))).rejects.toMatchObject({ code: 'ENOENT' });
  });

  test('a stricter tier gets no data and no connection', async () => {
    await using folder = await tempFolder();
    await makeDatabase(folder.file('local'));
    const { result } = await command(folder, `box: {endpoint: "file://${folder.file('box')}", tier: T3}`);
    expect(result.peers).toMatchObject([
      { state: 'unknown', status: 'failed', error: { code: 'tier-unsupported' }, remoteHead: null },
    ]);
    await expect(stat(folder.file('box'))).rejects.toMatchObject({ code: 'ENOENT' });
  });

  test('an empty remote is refused if init-empty is false', async () => {
    await using folder = await tempFolder();
    await makeDatabase(folder.file('local'));
    await mkdir(folder.file('elsewhere'));
    const peers = `box: file://${folder.file('elsewhere')}`;
    const { result } = await command(folder, peers, { initEmpty: false });
    expect(result.peers).toMatchObject([{ status: 'failed', error: { code: 'remote-empty' } }]);
  });

  test.each([
    ['an unknown peer', { only: ['nobody'] }, 'unknown-peer'],
    ['a peer whose role the command does not use', { only: ['box'], command: 'push' }, 'bad-usage'],
    ['fail-on primary without a primary', { failOn: 'primary' }, 'no-primary'],
    [
      'fail-on primary without the primary among the selected peers',
      { failOn: 'primary', only: ['box'], overrides: { remote: 'file:///nowhere/box' } },
      'no-primary',
    ],
    ['a sync mode that disables federation', { overrides: { syncMode: 'git-portable' } }, 'sync-mode'],
  ] as const)('%s is refused', async (_, request, code) => {
    await using folder = await tempFolder();
    await makeDatabase(folder.file('local'));
    const peers = `box: {endpoint: "file://${folder.file('box')}", role: upstream}`;
    await expect(command(folder, peers, request)).rejects.toMatchObject({ code });
  });

  test('a missing branch is refused, and so is a database with a deleted branch', async () => {
    await using folder = await tempFolder();
    const local = await makeDatabase(folder.file('local'));
    const peers = `box: {endpoint: "file://${folder.file('box')}", role: upstream}`;
    await expect(command(folder, peers, { branch: 'elsewhere' })).rejects.toMatchObject({
      code: 'branch-not-found',
      hint: 'The only branch is main. Name an existing branch with `--branch`.',
    });
    const state = join(local.path, '.dolt', 'repo_state.json');
    await writeFile(state, (await readFile(state, 'utf8')).replace('refs/heads/main', 'refs/heads/gone'));
    await expect(command(folder, peers)).rejects.toMatchObject({
      code: 'branch-not-found',
      message: expect.stringContaining("'gone'"),
      hint: expect.stringContaining('dolt checkout'),
    });
  });

  test('a run without peers, or on an event that may not write, opens no database', async () => {
    await using folder = await tempFolder();
    expect((await command(folder, '')).result).toMatchObject({ status: 'unchanged', problems: [{ code: 'no-peers' }] });
    const none = await command(folder, 'box: file:///nowhere/box', { onlyRoles: ['backup'] });
    expect(none.result).toMatchObject({ status: 'unchanged', problems: [{ code: 'no-peers-selected' }] });
    const untrusted = await command(folder, 'box: file:///nowhere/box', { untrusted: true });
    expect(untrusted.result).toMatchObject({
      status: 'skipped',
      peers: [{ status: 'skipped', state: 'unknown' }],
      problems: [{ code: 'untrusted-event' }],
    });
  });
});
