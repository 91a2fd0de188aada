import { readFile, rm, writeFile } from 'node:fs/promises';
import { describe, expect, test } from '@jest/globals';
import { exitCodeOf } from '../../src/commands/outcome/exit-code.ts';
import { stateFilePath } from '../../src/sync/history/last-verified.ts';
import { command } from '../helpers/commanding.ts';
import { dateCommits } from '../helpers/commit-dates.ts';
import { makeDatabase, type TestDatabase } from '../helpers/database.ts';
import { type TempFolder, tempFolder } from '../helpers/temp-folder.ts';

const DAY_MS = 86_400_000;
const staleAfter = 2 * DAY_MS;
const daysAgo = (days: number) => new Date(Date.now() - days * DAY_MS).toISOString();
const box = (folder: TempFolder, role = 'peer') => `box: {endpoint: "file://${folder.file('box')}", role: ${role}}`;
/** No process listens on this port. */
const GONE = 'https://127.0.0.1:1/north';

/** Replaces endpoints and times of the state file. */
async function edit(local: TestDatabase, change: (text: string) => string): Promise<void> {
  await writeFile(stateFilePath(local.path), change(await readFile(stateFilePath(local.path), 'utf8')));
}

/** A database whose mailbox lacks a commit that is three days old. */
async function behind(folder: TempFolder): Promise<TestDatabase> {
  const local = await makeDatabase(folder.file('local'));
  await command(folder, box(folder));
  await local.commit('old', dateCommits(daysAgo(3).slice(0, 19)), "INSERT INTO items VALUES (5, 'five', 'ann')");
  return local;
}

describe('stale-after', () => {
  test('fails a status if a peer lacks an old commit of ours, until a run pushes it', async () => {
    await using folder = await tempFolder();
    await behind(folder);
    const status = async (days: number, peers = box(folder)) =>
      (await command(folder, peers, { command: 'status', staleAfter: days * DAY_MS })).result;

    const old = await status(2);
    expect(old).toMatchObject({
      status: 'failed',
      peers: [{ status: 'failed', stale: { because: 'unsent' }, error: { code: 'stale', retryable: false } }],
    });
    const since = String(old.peers[0]?.stale?.since);
    expect(old.peers[0]?.error?.message).toContain(since.slice(0, 16).replace('T', ' '));
    expect(exitCodeOf(old, 'any')).toBe(1);
    expect((await status(4)).status).toBe('unchanged');
    // Neither an upstream nor an archive gets commits of ours in a sync.
    for (const role of ['upstream', 'archive']) expect((await status(2, box(folder, role))).status).toBe('unchanged');

    expect((await command(folder, box(folder), { staleAfter })).result).toMatchObject({ status: 'success' });
    expect((await status(2)).status).toBe('unchanged');
  });

  test('reports no stale peer if pushes are disabled', async () => {
    await using folder = await tempFolder();
    await behind(folder);
    const { result } = await command(folder, box(folder), {
      command: 'status',
      staleAfter,
      env: { BD_NO_PUSH: 'true' },
    });
    expect(result.peers).toMatchObject([{ status: 'unchanged', state: 'ahead' }]);
  });

  test('accepts a peer that is unreachable for a shorter time, then fails', async () => {
    await using folder = await tempFolder();
    const local = await makeDatabase(folder.file('local'));
    await command(folder, box(folder));
    const peers = `box: {endpoint: "${GONE}", live: false}`;
    const sync = async () => (await command(folder, peers, { staleAfter, retries: 0 })).result;

    const never = await sync();
    expect(never.peers).toMatchObject([
      { status: 'failed', error: { code: 'network' }, stale: { since: null, because: 'never-verified' } },
    ]);
    expect(never.problems).toContainEqual(
      expect.objectContaining({
        ...{ severity: 'error', code: 'stale', peer: 'box' },
        message: 'box was not verified, and this machine does not know when it last was',
      }),
    );

    await edit(local, (text) => text.replaceAll(`file://${folder.file('box')}`, GONE));
    const waiting = await sync();
    expect(waiting.peers).toMatchObject([{ status: 'failed', error: { code: 'network', retryable: true } }]);
    expect(waiting.peers[0]?.stale).toBeUndefined();
    expect(waiting.problems).toContainEqual(expect.objectContaining({ severity: 'notice', code: 'stale' }));
    const { staleAfterMs, ...unlimited } = waiting;
    expect(staleAfterMs).toBe(staleAfter);
    expect([exitCodeOf(waiting, 'any'), exitCodeOf(unlimited, 'any')]).toEqual([0, 1]);

    const since = daysAgo(3);
    await edit(local, (text) => text.replace(/"verifiedAt": ?"[^"]*"/g, `"verifiedAt": "${since}"`));
    const stale = await sync();
    expect(stale.peers).toMatchObject([{ status: 'failed', stale: { since, because: 'unread' } }]);
    expect(exitCodeOf(stale, 'any')).toBe(1);
  });

  test('reports a removed mailbox as stale beside its own error', async () => {
    await using folder = await tempFolder();
    await behind(folder);
    await rm(folder.file('box'), { recursive: true });
    await writeFile(folder.file('box'), 'the disk is gone');
    const { result } = await command(folder, box(folder), { staleAfter: 1, command: 'push' });
    expect(result.peers).toMatchObject([{ status: 'failed', verified: false, stale: { because: 'unread' } }]);
    expect(result.peers[0]?.error?.code).not.toBe('stale');
  });
});
