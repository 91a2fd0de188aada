import { rm, stat } from 'node:fs/promises';
import { describe, expect, test } from '@jest/globals';
import { parseDuration } from '../../src/contract/duration.ts';
import { command } from '../helpers/commanding.ts';
import { cloneDatabase, makeDatabase } from '../helpers/database.ts';
import { federateDatabase, filePeer } from '../helpers/federating.ts';
import { tempFolder } from '../helpers/temp-folder.ts';

describe('sync over file remotes', () => {
  test('a first push reaches an empty remote and is verified; a second run finds no change', async () => {
    await using folder = await tempFolder();
    const local = await makeDatabase(folder.file('local'));
    const head = await local.head();
    const peers = [filePeer('mailbox', folder.file('mailbox'))];
    const place = { local: local.path, tempDir: folder.file('tmp'), peers };

    const first = await federateDatabase(place);
    expect(first.head).toBe(head);
    expect(first.run('mailbox')).toMatchObject({ state: 'remote-empty', head, verified: true, failure: null });
    expect(first.run('mailbox').pushedCommits).toBeGreaterThan(0);

    const second = await federateDatabase(place);
    expect(second.run('mailbox')).toMatchObject({
      state: 'up-to-date',
      pushedCommits: 0,
      pulledCommits: 0,
      verified: true,
    });
    expect(await local.head()).toBe(head);
  });

  test('two databases with changes to different rows end at one commit', async () => {
    await using folder = await tempFolder();
    const north = await makeDatabase(folder.file('north'));
    const peers = [filePeer('mailbox', folder.file('mailbox'))];
    const at = (local: string) => ({ local, tempDir: folder.file('tmp'), peers });
    await federateDatabase(at(north.path));
    const south = await cloneDatabase(`file://${folder.file('mailbox')}`, folder.file('south'));
    await north.commit('north edits', "UPDATE items SET title = 'uno' WHERE id = 1");
    await south.commit(
      'south edits',
      "UPDATE items SET owner = 'cid' WHERE id = 1",
      "INSERT INTO items VALUES (3, 'three', 'dan')",
    );

    await federateDatabase(at(north.path));
    const met = await federateDatabase(at(south.path));
    expect(met.run('mailbox')).toMatchObject({ state: 'diverged', pulledCommits: 1, verified: true });
    const back = await federateDatabase(at(north.path));
    expect(back.run('mailbox').state).toBe('behind');
    expect(await north.head()).toBe(await south.head());
    expect(await north.rows('SELECT * FROM items ORDER BY id')).toEqual([
      { id: 1, title: 'uno', owner: 'cid' },
      { id: 2, title: 'two', owner: 'bob' },
      { id: 3, title: 'three', owner: 'dan' },
    ]);
  });
});

test('a mailbox with a removed folder gets a first push again, even with the greatest limits', async () => {
  await using folder = await tempFolder();
  const local = await makeDatabase(folder.file('local'));
  const mailbox = folder.file('mailbox');
  const longest = { timeout: parseDuration('24d') ?? 0, parallel: 999_999_999, retries: 999_999_999 };
  const run = async (options = {}) =>
    (await command(folder, `mailbox: file://${mailbox}`, { ...longest, ...options })).result.peers[0];
  expect(await run()).toMatchObject({ verified: true, error: null });
  await rm(mailbox, { recursive: true });
  expect(await run({ dryRun: true })).toMatchObject({ state: 'remote-empty', error: null });
  await expect(stat(mailbox)).rejects.toThrow('ENOENT');
  expect(await run()).toMatchObject({
    state: 'remote-empty',
    verified: true,
    error: null,
    remoteHead: await local.head(),
  });
});

test('a missing branch at a peer is created with a warning, and fails a peer that is only read', async () => {
  await using folder = await tempFolder();
  const local = await makeDatabase(folder.file('local'));
  const url = `file://${folder.file('mailbox')}`;
  await local.dolt('remote', 'add', 'm', url);
  await local.dolt('push', 'm', 'main');

  const read = await command(folder, `m: {endpoint: "${url}", branch: mian, role: upstream}`);
  expect(read.result).toMatchObject({
    status: 'failed',
    peers: [{ state: 'branch-missing', status: 'failed', error: { code: 'branch-missing' } }],
  });
  expect(read.result.peers[0]?.error?.message).toBe('m has no branch mian; it has main');

  const written = await command(folder, `m: {endpoint: "${url}", branch: mian}`);
  expect(written.result).toMatchObject({
    status: 'success',
    peers: [{ status: 'pushed', verified: true, error: null }],
    problems: [{ severity: 'warning', code: 'branch-missing', message: 'm has no branch mian; it has main' }],
  });
  expect((await command(folder, `m: {endpoint: "${url}", branch: mian}`)).result.problems).toEqual([]);
});
