import { cpSync, rmSync } from 'node:fs';
import { cp } from 'node:fs/promises';
import { describe, expect, test } from '@jest/globals';
import { cloneDatabase, makeDatabase, remoteHead, type TestDatabase } from '../helpers/database.ts';
import { federateDatabase, filePeer } from '../helpers/federating.ts';
import { type TempFolder, tempFolder } from '../helpers/temp-folder.ts';

interface Scene {
  readonly local: TestDatabase;
  readonly url: string;
  readonly first: string;
}

/** A database that is one commit ahead of its mailbox. */
async function oneAhead(folder: TempFolder): Promise<Scene> {
  const local = await makeDatabase(folder.file('local'));
  const url = `file://${folder.file('mailbox')}`;
  await local.dolt('remote', 'add', 'mailbox', url);
  await local.dolt('push', 'mailbox', 'main');
  const first = await local.head();
  await local.commit('ours', "INSERT INTO items VALUES (5, 'five', 'ann')");
  return { local, url, first };
}

/** Replaces the mailbox by a prepared one, at once, as a writer of another machine would. */
function replaceMailbox(folder: TempFolder, by: string): void {
  rmSync(folder.file('mailbox'), { recursive: true });
  cpSync(folder.file(by), folder.file('mailbox'), { recursive: true });
}

/** A copy of the mailbox with a foreign commit. */
async function mailboxWithAnotherCommit(folder: TempFolder, name: string, statement: string): Promise<string> {
  await cp(folder.file('mailbox'), folder.file(name), { recursive: true });
  const other = await cloneDatabase(`file://${folder.file(name)}`, folder.file(`${name}-clone`));
  const head = await other.commit('theirs', statement);
  await other.dolt('push', 'origin', 'main');
  return head;
}

describe('the proof of a push', () => {
  test('is missing for a push without effect, which is unverified', async () => {
    await using folder = await tempFolder();
    const { local, url, first } = await oneAhead(folder);
    await cp(folder.file('mailbox'), folder.file('before'), { recursive: true });
    const outcome = await federateDatabase({
      local: local.path,
      tempDir: folder.file('tmp'),
      peers: [filePeer('mailbox', folder.file('mailbox'))],
      onEvent: (event) => {
        if (event.step === 'verifying') replaceMailbox(folder, 'before');
      },
    });
    expect(outcome.run('mailbox')).toMatchObject({ verified: false, pushedCommits: 0 });
    expect(outcome.run('mailbox').failure?.code).toBe('unverified');
    expect(outcome.run('mailbox').failure?.message).toContain(first);
    expect(await remoteHead(url, folder.file('look', 'c'))).toBe(first);
  });

  test('is missing for a mailbox that is gone when it is read again', async () => {
    await using folder = await tempFolder();
    const { local } = await oneAhead(folder);
    const outcome = await federateDatabase({
      local: local.path,
      tempDir: folder.file('tmp'),
      peers: [filePeer('mailbox', folder.file('mailbox'))],
      onEvent: (event) => {
        if (event.step === 'verifying') rmSync(folder.file('mailbox'), { recursive: true });
      },
    });
    expect(outcome.run('mailbox')).toMatchObject({ verified: false });
    expect(outcome.run('mailbox').failure?.code).toBe('unverified');
  });
});

describe('a lost race', () => {
  test('with a mailbox that moves between fetch and push is followed by another fetch, merge and push', async () => {
    await using folder = await tempFolder();
    const { local, url } = await oneAhead(folder);
    const theirs = await mailboxWithAnotherCommit(folder, 'moved', "INSERT INTO items VALUES (6, 'six', 'eve')");
    let moved = false;
    const outcome = await federateDatabase({
      local: local.path,
      tempDir: folder.file('tmp'),
      peers: [filePeer('mailbox', folder.file('mailbox')), filePeer('vault', folder.file('vault'), 'backup')],
      onEvent: (event) => {
        if (event.peer !== 'mailbox' || event.step !== 'pushing' || moved) return;
        moved = true;
        replaceMailbox(folder, 'moved');
      },
    });
    expect(outcome.run('mailbox')).toMatchObject({ failure: null, verified: true, attempts: 2, pulledCommits: 1 });
    expect(outcome.run('vault')).toMatchObject({ failure: null, verified: true });
    expect(await remoteHead(url, folder.file('look', 'c'))).toBe(outcome.head);
    expect(await remoteHead(`file://${folder.file('vault')}`, folder.file('look2', 'c'))).toBe(outcome.head);
    expect(await local.rows(`SELECT COUNT(*) AS n FROM dolt_log WHERE commit_hash = '${theirs}'`)).toEqual([{ n: 1 }]);
  });

  test('without attempts left fails the peer as non-fast-forward, and its commit stays', async () => {
    await using folder = await tempFolder();
    const { local, url } = await oneAhead(folder);
    const theirs = await mailboxWithAnotherCommit(folder, 'moved', "INSERT INTO items VALUES (6, 'six', 'eve')");
    const outcome = await federateDatabase({
      local: local.path,
      tempDir: folder.file('tmp'),
      peers: [filePeer('mailbox', folder.file('mailbox'))],
      options: { retries: 0 },
      onEvent: (event) => {
        if (event.step === 'pushing') replaceMailbox(folder, 'moved');
      },
    });
    expect(outcome.run('mailbox').failure?.code).toBe('non-fast-forward');
    expect(await remoteHead(url, folder.file('look', 'c'))).toBe(theirs);
  });

  test('with a backup that has a foreign commit never overwrites it, and is reported', async () => {
    await using folder = await tempFolder();
    const { local, url } = await oneAhead(folder);
    const theirs = await mailboxWithAnotherCommit(folder, 'moved', "INSERT INTO items VALUES (6, 'six', 'eve')");
    replaceMailbox(folder, 'moved');
    const outcome = await federateDatabase({
      local: local.path,
      tempDir: folder.file('tmp'),
      peers: [filePeer('mailbox', folder.file('mailbox'), 'backup')],
    });
    expect(outcome.run('mailbox').failure).toMatchObject({
      code: 'non-fast-forward',
      message: expect.stringContaining('1 commit'),
    });
    expect(await remoteHead(url, folder.file('look', 'c'))).toBe(theirs);
  });
});
