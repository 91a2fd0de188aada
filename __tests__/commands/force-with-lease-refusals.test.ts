import { cpSync, rmSync } from 'node:fs';
import { cp, mkdir } from 'node:fs/promises';
import { describe, expect, test } from '@jest/globals';
import type { SyncRequest } from '../../src/commands/request.ts';
import { clash, leases } from '../helpers/clash.ts';
import { command } from '../helpers/commanding.ts';
import { makeDatabase, remoteHead } from '../helpers/database.ts';
import { federateDatabase, filePeer } from '../helpers/federating.ts';
import { HEAD } from '../helpers/results.ts';
import { tempFolder } from '../helpers/temp-folder.ts';

describe('a stale lease', () => {
  test.each([{ dryRun: true }, { dryRun: false }])('is refused, and nothing is pushed: %j', async ({ dryRun }) => {
    await using folder = await tempFolder();
    const { local, theirs, peers, mailbox } = await clash(folder);
    const { result } = await command(folder, peers, { command: 'push', dryRun, ...leases(HEAD) });
    expect(result.peers).toMatchObject([
      { status: 'failed', verified: false, error: { code: 'lease-stale', message: expect.stringContaining(theirs) } },
    ]);
    expect(await mailbox()).toBe(theirs);
    expect(await local.rows('SELECT tag_name FROM dolt_tags')).toEqual([]);
  });

  test('is noticed when the peer moves after the first read', async () => {
    await using folder = await tempFolder();
    const { local, other, theirs, mailbox } = await clash(folder);
    await cp(folder.file('box'), folder.file('moved'), { recursive: true });
    await other.dolt('remote', 'add', 'moved', `file://${folder.file('moved')}`);
    const later = await other.commit('later', "INSERT INTO items VALUES (7, 'seven', 'eve')");
    await other.dolt('push', 'moved', 'main');
    const outcome = await federateDatabase({
      local: local.path,
      tempDir: folder.file('tmp'),
      peers: [filePeer('box', folder.file('box'))],
      command: 'push',
      leases: { box: theirs },
      onEvent: ({ step, detail }) => {
        if (step !== 'fetching' || detail === '') return;
        rmSync(folder.file('box'), { recursive: true });
        cpSync(folder.file('moved'), folder.file('box'), { recursive: true });
      },
    });
    expect(outcome.run('box').failure).toMatchObject({ code: 'lease-stale', message: expect.stringContaining(later) });
    expect(await mailbox()).toBe(later);
  });

  test('for an empty peer is refused too', async () => {
    await using folder = await tempFolder();
    await makeDatabase(folder.file('local'));
    await mkdir(folder.file('box'));
    const { result } = await command(folder, `box: file://${folder.file('box')}`, leases(HEAD));
    expect(result.peers).toMatchObject([{ status: 'failed', error: { code: 'lease-stale' } }]);
  });
});

test('a forced push without effect is unverified', async () => {
  await using folder = await tempFolder();
  const { local, theirs } = await clash(folder, '');
  await cp(folder.file('box'), folder.file('before'), { recursive: true });
  const outcome = await federateDatabase({
    local: local.path,
    tempDir: folder.file('tmp'),
    peers: [filePeer('box', folder.file('box'))],
    leases: { box: theirs },
    onEvent: ({ step }) => {
      if (step !== 'verifying') return;
      rmSync(folder.file('box'), { recursive: true });
      cpSync(folder.file('before'), folder.file('box'), { recursive: true });
    },
  });
  expect(outcome.run('box')).toMatchObject({ verified: false, replaced: null, failure: { code: 'unverified' } });
});

test('a tag of the same name on another commit stops a forced push before it sends data', async () => {
  await using folder = await tempFolder();
  const { local, theirs, ours, peers, mailbox } = await clash(folder);
  await local.sql(`CALL DOLT_TAG('dolt-federation-replaced/box/${theirs}', '${ours}')`);
  const { result } = await command(folder, peers, { command: 'push', ...leases(theirs) });
  expect(result.peers).toMatchObject([{ status: 'failed', error: { code: 'tag-conflict' } }]);
  expect(await mailbox()).toBe(theirs);
});

test('a peer without a lease is never forced', async () => {
  await using folder = await tempFolder();
  const { theirs, mailbox } = await clash(folder);
  const peers = `box: {endpoint: "file://${folder.file('box')}", role: backup}\nother: file://${folder.file('second')}`;
  await command(folder, `other: file://${folder.file('second')}`);
  const other = await remoteHead(`file://${folder.file('second')}`, folder.file('look', 'c'));
  const { result } = await command(folder, peers, { leases: new Map([['other', other ?? '']]) });
  expect(result.peers).toMatchObject([
    { name: 'box', status: 'failed', error: { code: 'non-fast-forward' } },
    { name: 'other', verified: true },
  ]);
  expect(await mailbox()).toBe(theirs);
});

test.each<[string, Partial<SyncRequest>, string]>([
  ['an unknown peer', { leases: new Map([['nobody', HEAD]]) }, 'unknown-peer'],
  ['a peer that is not selected for this run', { only: ['two'], ...leases(HEAD) }, 'unknown-peer'],
  ['a peer that is only read', { leases: new Map([['up', HEAD]]) }, 'bad-usage'],
  ['an archive in a sync', { leases: new Map([['old', HEAD]]) }, 'bad-usage'],
  ['a pull', { command: 'pull', ...leases(HEAD) }, 'bad-usage'],
  ['a status', { command: 'status', ...leases(HEAD) }, 'bad-usage'],
])('force-with-lease for %s is refused', async (_, request, code) => {
  await using folder = await tempFolder();
  const peers = [
    ...['box', 'two'].map((name) => `${name}: file://${folder.file(name)}`),
    `up: {endpoint: "file://${folder.file('up')}", role: upstream}`,
    `old: {endpoint: "file://${folder.file('old')}", role: archive}`,
  ];
  await expect(command(folder, peers.join('\n'), request)).rejects.toMatchObject({
    code,
    message: expect.stringContaining('force-with-lease'),
  });
});
