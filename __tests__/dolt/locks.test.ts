import { readdir, stat } from 'node:fs/promises';
import { describe, expect, test } from '@jest/globals';
import type { LockTimeouts } from '../../src/dolt/server/lock.ts';
import type { EngineContext, ServerOptions } from '../../src/dolt/server/server.ts';
import { command } from '../helpers/commanding.ts';
import { makeDatabase } from '../helpers/database.ts';
import { openTestServer } from '../helpers/open-server.ts';
import { startEngine } from '../helpers/servers/engine.ts';
import { type TempFolder, tempFolder } from '../helpers/temp-folder.ts';

const SHORT: LockTimeouts = { run: 400, server: 400, process: 400, unknown: 400 };
const LONG: LockTimeouts = { run: 60_000, server: 60_000, process: 60_000, unknown: 60_000 };

/** Opens a server that waits for locks for a short time only. */
const open = (folder: TempFolder, more: Partial<EngineContext & ServerOptions> = {}) =>
  openTestServer(folder, { lockTimeouts: SHORT, ...more });

const lockFile = (folder: TempFolder) => stat(folder.file('local', '.dolt', 'noms', 'LOCK'));

describe('a database that another process holds', () => {
  test('is refused after the wait with the name of the holder; its lock stays, and no file remains', async () => {
    await using folder = await tempFolder();
    await makeDatabase(folder.file('local'));
    const first = await open(folder);
    const before = (await lockFile(folder)).ino;
    await expect(open(folder)).rejects.toMatchObject({
      code: 'database-in-use',
      message: expect.stringMatching(
        process.platform === 'linux'
          ? /requires direct database access, but .* is in use by another run of dolt-federation \(pid \d+\)/
          : /requires direct database access/,
      ),
    });
    expect((await lockFile(folder)).ino).toBe(before);
    await first.stop();
    expect((await lockFile(folder)).ino).toBe(before);
    expect(await readdir(folder.file('tmp'))).toEqual([]);
  });

  test('is opened after the lock is released, and the wait is reported once', async () => {
    await using folder = await tempFolder();
    await makeDatabase(folder.file('local'));
    const first = await open(folder);
    const messages: string[] = [];
    const second = open(folder, {
      lockTimeouts: LONG,
      log: {
        debug() {},
        info(message) {
          messages.push(message);
          void first.stop();
        },
      },
    });
    await (await second).stop();
    expect(messages).toEqual([expect.stringContaining(`waiting for ${folder.file('local')}`)]);
  });

  test('is not waited for after an interruption', async () => {
    await using folder = await tempFolder();
    await makeDatabase(folder.file('local'));
    const first = await open(folder);
    const abort = new AbortController();
    const second = open(folder, {
      lockTimeouts: LONG,
      signal: abort.signal,
      log: { debug() {}, info: () => abort.abort() },
    });
    await expect(second).rejects.toMatchObject({ code: 'interrupted' });
    await first.stop();
    expect(await readdir(folder.file('tmp'))).toEqual([]);
  });

  test('is refused with the hint for a server if a server holds it', async () => {
    await using folder = await tempFolder();
    await makeDatabase(folder.file('local'));
    await using server = await startEngine(folder.file('local'));
    await server.head('main');
    await expect(command(folder, `box: file://${folder.file('box')}`)).rejects.toMatchObject({
      code: 'database-in-use',
      message: expect.stringMatching(/requires direct database access/),
      ...(process.platform === 'linux' ? { hint: expect.stringContaining('federation.server: {port: ') } : {}),
    });
  });
});

test('two runs that wait for a third start at the same moment and both succeed', async () => {
  await using folder = await tempFolder();
  const local = await makeDatabase(folder.file('local'));
  const first = await open(folder);
  const waiting = new Set<string>();
  const run = (name: string) =>
    command(folder, `${name}: file://${folder.file(name)}`, {
      heard(message) {
        if (message.startsWith('waiting for')) waiting.add(name);
        if (waiting.size === 2) void first.stop();
      },
    });
  const runs = await Promise.all(['one', 'two'].map(run));
  expect(runs.map(({ result }) => [result.status, result.peers[0]?.verified])).toEqual([
    ['success', true],
    ['success', true],
  ]);
  expect(runs.map(({ log }) => log.filter((line) => line.startsWith('waiting for')).length)).toEqual([1, 1]);
  expect(await local.rows('SELECT name FROM dolt_branches')).toEqual([{ name: 'main' }]);
});
