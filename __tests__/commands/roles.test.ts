import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { describe, expect, test } from '@jest/globals';
import { exitCodeOf } from '../../src/commands/outcome/exit-code.ts';
import { EXIT } from '../../src/contract/exit-codes.ts';
import type { FailOn } from '../../src/contract/vocabulary.ts';
import { command } from '../helpers/commanding.ts';
import { cloneDatabase, makeDatabase, remoteHead } from '../helpers/database.ts';
import { type TempFolder, tempFolder } from '../helpers/temp-folder.ts';

/** A primary, a peer that is down, a backup, and a peer that is only read and has no folder: two of them fail. */
function fourPeers(folder: TempFolder, primary = folder.file('origin')): string {
  return [
    `one: {endpoint: "file://${primary}", role: primary}`,
    `two: file://${folder.file('no', 'disk')}`,
    `vault: {endpoint: "file://${folder.file('vault')}", role: backup}`,
    `west: {endpoint: "file://${folder.file('not-made')}", role: upstream}`,
  ].join('\n');
}

describe('four peers, two of which are down', () => {
  test('serve the other two, and fail-on decides the exit code', async () => {
    await using folder = await tempFolder();
    const local = await makeDatabase(folder.file('local'));
    const { result } = await command(folder, fourPeers(folder));
    expect(result.status).toBe('partial');
    expect(result.peers).toMatchObject([
      { name: 'one', status: 'pushed', verified: true },
      { name: 'two', status: 'failed', state: 'unreachable', verified: false, error: { code: 'folder-missing' } },
      { name: 'vault', status: 'pushed', verified: true },
      {
        name: 'west',
        status: 'failed',
        state: 'unreachable',
        error: {
          code: 'folder-missing',
          message: expect.stringContaining('not-made does not exist, and runs only read'),
        },
      },
    ]);
    for (const name of ['origin', 'vault']) {
      expect(await remoteHead(`file://${folder.file(name)}`, folder.file(name, '..', `look-${name}`, 'c'))).toBe(
        await local.head(),
      );
    }
    const codes = (['any', 'primary', 'none'] as const).map((failOn: FailOn) => exitCodeOf(result, failOn));
    expect(codes).toEqual([EXIT.partial, EXIT.ok, EXIT.ok]);
  });

  test('fail the run under fail-on primary if the primary is down, and the others are still served', async () => {
    await using folder = await tempFolder();
    await makeDatabase(folder.file('local'));
    const { result } = await command(folder, fourPeers(folder, folder.file('gone', 'too')), { failOn: 'primary' });
    expect(result.peers).toMatchObject([
      { name: 'one', status: 'failed' },
      { name: 'two', status: 'failed' },
      { name: 'vault', status: 'pushed', verified: true },
      { name: 'west', status: 'failed' },
    ]);
    expect(exitCodeOf(result, 'primary')).toBe(EXIT.failed);
    expect(exitCodeOf(result, 'any')).toBe(EXIT.partial);
  });

  test('an endpoint that Dolt refuses to register fails only its peer', async () => {
    await using folder = await tempFolder();
    await makeDatabase(folder.file('local'));
    await writeFile(folder.file('plain'), 'not a folder');
    const peers = `box: file://${folder.file('box')}\nplain: file://${folder.file('plain')}`;
    const { result } = await command(folder, peers);
    expect(result.peers).toMatchObject([
      { name: 'box', verified: true },
      { name: 'plain', status: 'failed', state: 'unreachable', error: { message: expect.stringContaining('file') } },
    ]);
  });
});

describe('a backup', () => {
  test('that is ahead of us is read for its state, and never merged', async () => {
    await using folder = await tempFolder();
    const local = await makeDatabase(folder.file('local'));
    await local.dolt('remote', 'add', 'seed', `file://${folder.file('vault')}`);
    await local.dolt('push', 'seed', 'main');
    const stranger = await cloneDatabase(`file://${folder.file('vault')}`, folder.file('stranger'));
    const theirs = await stranger.commit('theirs', "INSERT INTO items VALUES (9, 'nine', 'eve')");
    await stranger.dolt('push', 'origin', 'main');
    const before = await local.head();
    const { result } = await command(folder, `vault: {endpoint: "file://${folder.file('vault')}", role: backup}`);
    expect(result.peers).toMatchObject([
      { state: 'behind', status: 'unchanged', remoteHead: theirs, pulledCommits: 0 },
    ]);
    expect(await local.head()).toBe(before);
  });

  test('is not used by a pull, and an archive is not used by a sync', async () => {
    await using folder = await tempFolder();
    await makeDatabase(folder.file('local'));
    const peers = ['backup', 'archive'].map(
      (role) => `${role}s: {endpoint: "file://${folder.file(role)}", role: ${role}}`,
    );
    const statuses = async (name: 'sync' | 'pull' | 'push') =>
      (await command(folder, peers.join('\n'), { command: name })).result.peers.map((peer) => peer.status);
    expect(await statuses('pull')).toEqual(['skipped', 'skipped']);
    expect(await statuses('sync')).toEqual(['skipped', 'pushed']);
    expect(await statuses('push')).toEqual(['pushed', 'unchanged']);
  });
});

describe('only-role', () => {
  test('limits a run to peers with these roles', async () => {
    await using folder = await tempFolder();
    await makeDatabase(folder.file('local'));
    await mkdir(folder.file('origin'));
    const { result } = await command(folder, fourPeers(folder), { onlyRoles: ['primary', 'backup'] });
    expect(result.peers.map((peer) => peer.name)).toEqual(['one', 'vault']);
    expect(result.status).toBe('success');
  });

  test('reports that it selects no peer, which is not a failure', async () => {
    await using folder = await tempFolder();
    await makeDatabase(folder.file('local'));
    const { result } = await command(folder, fourPeers(folder), { only: ['two'], onlyRoles: ['archive'] });
    expect(result).toMatchObject({
      status: 'unchanged',
      peers: [],
      problems: [{ severity: 'notice', code: 'no-peers-selected', message: expect.stringContaining('role') }],
    });
  });
});

test('nothing is pushed to the branch of an upstream that a peer names in other words', async () => {
  await using folder = await tempFolder();
  const local = await makeDatabase(folder.file('local'));
  const url = `file://${folder.file('box')}`;
  await local.publish(url);
  const head = await local.head();
  await local.commit('ours', "INSERT INTO items VALUES (3, 'three', 'cyd')");
  await symlink(folder.file('box'), folder.file('link'));
  const peers = [
    `beside: {endpoint: "${url}", branch: other}`,
    `linked: {endpoint: "file://${folder.file('link')}"}`,
    `named: {endpoint: "${url}", branch: main}`,
    `up: {endpoint: "${url}", role: upstream}`,
  ];
  const { result } = await command(folder, peers.join('\n'), { only: ['beside', 'linked', 'named'] });
  const refused = {
    status: 'failed',
    error: { code: 'config-invalid', message: expect.stringContaining('upstream up') },
  };
  expect(result.peers).toMatchObject([
    { name: 'beside', status: 'pushed', verified: true },
    { name: 'linked', ...refused },
    { name: 'named', ...refused },
  ]);
  expect(await remoteHead(url, folder.file('look', 'c'))).toBe(head);
});
