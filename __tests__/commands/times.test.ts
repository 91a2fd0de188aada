import { cp, mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { describe, expect, test } from '@jest/globals';
import { readStateFile, stateFilePath } from '../../src/sync/history/last-verified.ts';
import { command } from '../helpers/commanding.ts';
import { cloneDatabase, makeDatabase, openTestDatabase, publishing, type TestDatabase } from '../helpers/database.ts';
import { holdExclusively } from '../helpers/hold-lock.ts';
import { type TempFolder, tempFolder } from '../helpers/temp-folder.ts';

const mailbox = (folder: TempFolder) => `box: file://${folder.file('box')}`;

async function dateOf(local: TestDatabase, commit: string): Promise<string> {
  const [row] = await local.rows(
    `SELECT DATE_FORMAT(date, '%Y-%m-%dT%H:%i:%s.%f') AS at FROM dolt_log('${commit}') LIMIT 1`,
  );
  return `${String(row?.['at']).slice(0, 23)}Z`;
}

describe('lastVerifiedAt', () => {
  test('is recorded only by a run that writes, even if it finds no changes', async () => {
    await using folder = await tempFolder();
    const local = await makeDatabase(folder.file('local'));
    const at = async (request: Parameters<typeof command>[2]) =>
      (await command(folder, mailbox(folder), request)).result.peers[0]?.lastVerifiedAt ?? null;

    expect(await at({ command: 'status' })).toBeNull();
    expect(await at({ dryRun: true })).toBeNull();
    await expect(stat(stateFilePath(local.path))).rejects.toMatchObject({ code: 'ENOENT' });

    const started = new Date().toISOString();
    const first = await at({});
    expect(first !== null && first >= started).toBe(true);
    const written = await readFile(stateFilePath(local.path), 'utf8');
    expect(await at({ command: 'status' })).toBe(first);
    expect(await at({ dryRun: true })).toBe(first);
    expect(await readFile(stateFilePath(local.path), 'utf8')).toBe(written);

    const second = await at({});
    expect(second !== null && first !== null && second > first).toBe(true);
    await rm(folder.file('box'), { recursive: true });
    await writeFile(folder.file('box'), 'the disk is gone');
    expect(await at({ command: 'status' })).toBe(second);
    expect(await at({})).toBe(second);
    // The file does not affect Dolt: its commands work, and no table shows the file.
    await local.dolt('gc');
    await local.dolt('fsck');
    expect(await local.rows('SELECT * FROM dolt_status')).toEqual([]);
  });

  test('is lost with a warning if the file is damaged, and the next run records it again', async () => {
    await using folder = await tempFolder();
    const local = await makeDatabase(folder.file('local'));
    await command(folder, mailbox(folder));
    await writeFile(stateFilePath(local.path), '');
    const status = await command(folder, mailbox(folder), { command: 'status' });
    expect(status.result).toMatchObject({
      status: 'unchanged',
      peers: [{ lastVerifiedAt: null }],
      problems: [{ severity: 'warning', code: 'memory-unusable' }],
    });
    expect((await command(folder, mailbox(folder))).result.problems).toMatchObject([
      { code: 'memory-unusable' },
      { code: 'memory-unusable', message: expect.stringContaining('was renamed to') },
    ]);
    expect((await command(folder, mailbox(folder))).result).toMatchObject({
      problems: [],
      peers: [{ lastVerifiedAt: expect.any(String) }],
    });
  });

  test('and the head are recorded by a run that is interrupted while another process locks the folder', async () => {
    await using folder = await tempFolder();
    const local = await makeDatabase(folder.file('local'));
    const head = await local.head();
    await cp(local.path, folder.file('south'), { recursive: true });
    await openTestDatabase(folder.file('south')).sql(...publishing(`file://${folder.file('box')}`));
    await local.commit('ours', "INSERT INTO items VALUES (5, 'five', 'ann')");
    const release = await holdExclusively(folder.file('local', '.dolt'));
    const interruption = new AbortController();
    const { result } = await command(folder, mailbox(folder), {
      signal: interruption.signal,
      onEvent: ({ step }) => {
        if (step === 'pushing') interruption.abort();
      },
    });
    await release();
    expect(result.peers).toMatchObject([{ error: { code: 'interrupted' }, lastVerifiedAt: null }]);
    const { stateFile } = await readStateFile(local.path);
    expect([...stateFile.peers.values()]).toMatchObject([{ head, verifiedAt: null }]);
  });

  test('causes a warning if it cannot be written, and the sync counts', async () => {
    await using folder = await tempFolder();
    const local = await makeDatabase(folder.file('local'));
    await mkdir(stateFilePath(local.path));
    expect((await command(folder, mailbox(folder))).result).toMatchObject({
      status: 'success',
      peers: [{ verified: true }],
      problems: expect.arrayContaining([expect.objectContaining({ code: 'memory-unusable' })]),
    });
  });
});

describe('oldestUnsyncedAt', () => {
  test('is the date of the oldest commit that one side lacks, if the role of the peer allows the transfer', async () => {
    await using folder = await tempFolder();
    const local = await makeDatabase(folder.file('local'));
    const oldest = async (role: string, request: Parameters<typeof command>[2] = { command: 'status' }) => {
      const peers = `box: {endpoint: "file://${folder.file('box')}", role: ${role}}`;
      return (await command(folder, peers, request)).result.peers[0]?.oldestUnsyncedAt;
    };
    const [root] = await local.rows("SELECT commit_hash FROM dolt_log WHERE message = 'Initialize data repository'");
    expect(await oldest('peer')).toBe(await dateOf(local, String(root?.['commit_hash'])));
    expect(await oldest('upstream')).toBeNull();
    expect(await oldest('peer', {})).toBeNull();

    const stranger = await cloneDatabase(`file://${folder.file('box')}`, folder.file('stranger'));
    const theirs = await stranger.commit('theirs', "INSERT INTO items VALUES (7, 'seven', 'eve')");
    await stranger.commit('theirs again', "INSERT INTO items VALUES (8, 'eight', 'eve')");
    await stranger.dolt('push', 'origin', 'main');
    const ours = await local.commit('ours', "INSERT INTO items VALUES (5, 'five', 'ann')");
    await local.commit('ours again', "INSERT INTO items VALUES (6, 'six', 'ann')");

    expect(await oldest('peer')).toBe(await dateOf(stranger, theirs));
    expect(await oldest('upstream')).toBe(await dateOf(stranger, theirs));
    expect(await oldest('backup')).toBe(await dateOf(local, ours));
    expect(await oldest('peer', {})).toBeNull();
  });
});
