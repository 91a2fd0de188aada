import { mkdir, rename } from 'node:fs/promises';
import { describe, expect, test } from '@jest/globals';
import type { PeerState } from '../../src/contract/vocabulary.ts';
import { cloneDatabase, makeDatabase, openTestDatabase, remoteHead, type TestDatabase } from '../helpers/database.ts';
import { federateDatabase, filePeer } from '../helpers/federating.ts';
import { type TempFolder, tempFolder } from '../helpers/temp-folder.ts';

const MAILBOX = 'mailbox';

/** A database and a mailbox that hold the same commit. */
async function inStep(folder: TempFolder): Promise<TestDatabase> {
  const local = await makeDatabase(folder.file('local'));
  await local.dolt('remote', 'add', 'seed', url(folder));
  await local.dolt('push', 'seed', 'main');
  return local;
}

const url = (folder: TempFolder): string => `file://${folder.file(MAILBOX)}`;

async function someoneElsePushes(folder: TempFolder): Promise<void> {
  const other = await cloneDatabase(url(folder), folder.file('other'));
  await other.commit('theirs', "INSERT INTO items VALUES (7, 'seven', 'eve')");
  await other.dolt('push', 'origin', 'main');
}

const STATES: readonly {
  state: PeerState;
  arrange: (folder: TempFolder) => Promise<unknown>;
  ahead: number | null;
  behind: number | null;
}[] = [
  { state: 'up-to-date', arrange: inStep, ahead: 0, behind: 0 },
  {
    state: 'ahead',
    async arrange(folder) {
      await (await inStep(folder)).commit('ours', "INSERT INTO items VALUES (5, 'five', 'ann')");
    },
    ahead: 1,
    behind: 0,
  },
  {
    state: 'behind',
    async arrange(folder) {
      await inStep(folder);
      await someoneElsePushes(folder);
    },
    ahead: 0,
    behind: 1,
  },
  {
    state: 'diverged',
    async arrange(folder) {
      const local = await inStep(folder);
      await someoneElsePushes(folder);
      await local.commit('ours', "INSERT INTO items VALUES (5, 'five', 'ann')");
    },
    ahead: 1,
    behind: 1,
  },
  {
    state: 'unrelated',
    async arrange(folder) {
      await inStep(folder);
      await rename(folder.file('local'), folder.file('first'));
      await makeDatabase(folder.file('local'));
    },
    ahead: null,
    behind: null,
  },
  {
    state: 'remote-empty',
    async arrange(folder) {
      await makeDatabase(folder.file('local'));
      await mkdir(folder.file(MAILBOX));
    },
    ahead: null,
    behind: null,
  },
  {
    state: 'branch-missing',
    async arrange(folder) {
      const local = await makeDatabase(folder.file('local'));
      await local.dolt('remote', 'add', 'seed', url(folder));
      await local.dolt('push', 'seed', 'main:elsewhere');
    },
    ahead: null,
    behind: null,
  },
  {
    state: 'unreachable',
    async arrange(folder) {
      await (await makeDatabase(folder.file('local'))).dolt('remote', 'add', MAILBOX, 'http://127.0.0.1:9/absent');
    },
    ahead: null,
    behind: null,
  },
];

describe.each(STATES)('a peer that is $state', ({ state, arrange, ahead, behind }) => {
  test('has this state in the report, and neither a status nor a dry run moves a head', async () => {
    await using folder = await tempFolder();
    await arrange(folder);
    const peer =
      state === 'unreachable'
        ? {
            ...filePeer(MAILBOX, ''),
            endpoint: { ...filePeer(MAILBOX, '').endpoint, dolt: 'http://127.0.0.1:9/absent' },
          }
        : filePeer(MAILBOX, folder.file(MAILBOX));
    const local = openTestDatabase(folder.file('local'));
    const branches = 'SELECT name, hash FROM dolt_branches ORDER BY name';
    const before = [await local.rows(branches), await remoteHead(url(folder), folder.file('look1', 'c'))];
    const place = { local: local.path, tempDir: folder.file('tmp'), peers: [peer] };
    const options = { retries: 0 };

    const status = await federateDatabase({ ...place, options, command: 'status' });
    expect(status.run(MAILBOX)).toMatchObject({ state, ahead, behind });
    const dry = await federateDatabase({ ...place, options: { ...options, dryRun: true } });
    expect(dry.run(MAILBOX)).toMatchObject({ state, ahead, behind, pulledCommits: 0, pushedCommits: 0 });
    expect([await local.rows(branches), await remoteHead(url(folder), folder.file('look2', 'c'))]).toEqual(before);
  });
});
