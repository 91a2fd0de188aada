import { on, once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { stringify } from 'yaml';
import { makeDatabase } from '../helpers/database.ts';
import { testDolt } from '../helpers/dolt-binary.ts';
import { fakeRunner } from '../helpers/fake-runner.ts';
import { filesWith } from '../helpers/files-below.ts';
import { readKeyValues } from '../helpers/runner-protocol.ts';
import { tempFolder } from '../helpers/temp-folder.ts';

const KEY = '-----BEGIN OPENSSH PRIVATE KEY-----\nYSBjYW5hcnkgb2YgYSBrZXk\n-----END OPENSSH PRIVATE KEY-----\n';

/** A host that accepts ssh connections and never answers. */
async function silentHost() {
  const server = createServer();
  const sockets: Socket[] = [];
  server.on('connection', (socket) => sockets.push(socket));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    server,
    port: address.port,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** The processes with a path below a folder on their command line (Linux). */
async function startedWith(folder: string): Promise<readonly { readonly pid: number; readonly line: string }[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const lines = await Promise.all(
    pids.map(async (pid) => ({
      pid: Number(pid),
      line: await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => ''),
    })),
  );
  return lines.filter(({ line }) => line.includes(folder));
}

test.each(['and its watchdog ends the started processes', 'with its watchdog, and post ends the started processes'])(
  'a step is killed in the middle of a fetch, %s; no secret remains',
  async (how) => {
    await using folder = await tempFolder();
    await using host = await silentHost();
    const runner = await fakeRunner(folder);
    await makeDatabase(join(runner.workspace, 'local'));
    const place = `ssh://127.0.0.1:${host.port}`;
    const inputs = {
      ...{ database: 'local', 'dolt-path': testDolt(), peers: stringify({ far: `${place}/db` }) },
      credentials: stringify({ far: { url: place, 'ssh-key': KEY, 'known-hosts': 'far ssh-ed25519 AAAA\n' } }),
    };
    const connections = on(host.server, 'connection');
    const { running } = await runner.start({ inputs });
    // The first connection only checks that the host is reachable. The second one is that of ssh.
    await connections.next();
    await connections.next();
    expect(await filesWith(runner.temp, [KEY])).toHaveLength(1);

    const watchdogs = (await startedWith(runner.temp)).filter(({ line }) => line.startsWith('/bin/sh'));
    expect(watchdogs).toHaveLength(1);
    if (how.startsWith('with')) for (const { pid } of watchdogs) process.kill(pid, 'SIGKILL');
    running.kill('SIGKILL');
    await running;
    const state = readKeyValues(await readFile(runner.stateFile, 'utf8'));
    for (const text of Object.values(state)) expect(text).not.toContain('YSBjYW5hcnkgb2YgYSBrZXk');
    expect((await runner.post(state)).exitCode).toBe(0);

    // The watchdog removes the same folder, and may not have finished.
    for (let waited = 0; waited < 15_000 && (await startedWith(runner.temp)).length > 0; waited += 50) await delay(50);
    expect(await startedWith(runner.temp)).toEqual([]);
    expect(await readdir(runner.temp)).toEqual([]);
    expect(await readdir(folder.file('home'))).toEqual([]);
    expect(await filesWith(folder.path, ['YSBjYW5hcnkgb2YgYSBrZXk'])).toEqual([]);
  },
);
