import { once } from 'node:events';
import { chmod, readdir, readFile, stat } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';
import { commandLine, startCli } from '../helpers/bundled-cli.ts';
import { makeDatabase } from '../helpers/database.ts';
import { type TempFolder, tempFolder } from '../helpers/temp-folder.ts';

/** A peer that accepts the connection and never answers. */
async function silentPeer(): Promise<{ server: Server; url: string } & AsyncDisposable> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const sockets: Socket[] = [];
  server.on('connection', (socket) => sockets.push(socket));
  return {
    server,
    url: `http://127.0.0.1:${address.port}/local`,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** The pid that the running engine wrote beside the data. */
async function enginePid(folder: TempFolder): Promise<number> {
  return Number((await readFile(folder.file('local', '.dolt', 'sql-server.info'), 'utf8')).split(':')[0]);
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** The engine is no longer a child of the test, so the test polls for its end, up to a limit. */
async function ends(pid: number): Promise<boolean> {
  for (let waited = 0; waited < 10_000; waited += 50) {
    if (!isAlive(pid)) return true;
    await delay(50);
  }
  return false;
}

const leftovers = async (folder: TempFolder): Promise<string[]> =>
  readdir(folder.file('home', '.cache', 'dolt-federation', 'tmp')).catch(() => []);

async function leavesNothing(folder: TempFolder): Promise<void> {
  for (let waited = 0; waited < 5_000 && (await leftovers(folder)).length > 0; waited += 50) await delay(50);
  expect(await leftovers(folder)).toEqual([]);
}

describe('the engine ends with its run', () => {
  test.each([
    { signal: 'SIGKILL', exitCode: undefined },
    { signal: 'SIGINT', exitCode: 130 },
    { signal: 'SIGTERM', exitCode: 143 },
  ] as const)('even after $signal in the middle of a fetch', async ({ signal, exitCode }) => {
    await using folder = await tempFolder();
    const local = await makeDatabase(folder.file('local'));
    const head = await local.head();
    await chmod(folder.file('local', '.dolt'), 0o755);
    await using silent = await silentPeer();
    const connected = once(silent.server, 'connection');
    const cli = startCli(folder, await commandLine(folder, 'sync', { silent: silent.url }));
    await connected;
    const pid = await enginePid(folder);
    expect(isAlive(pid)).toBe(true);

    cli.kill(signal);
    const result = await cli;
    expect(result.exitCode).toBe(exitCode);
    expect(await ends(pid)).toBe(true);
    await leavesNothing(folder);
    expect((await stat(folder.file('local', '.dolt'))).mode & 0o777).toBe(0o755);
    expect(await readdir(folder.file('local', '.dolt'))).not.toContain('sql-server.info');
    // The database opens again without a change.
    expect(await local.head()).toBe(head);
    expect(await local.rows('SELECT name FROM dolt_branches')).toEqual([{ name: 'main' }]);
  });
});
