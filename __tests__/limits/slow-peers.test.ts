import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { expect, test } from '@jest/globals';
import { stringify } from 'yaml';
import { command } from '../helpers/commanding.ts';
import { makeDatabase, remoteHead } from '../helpers/database.ts';
import { tempFolder } from '../helpers/temp-folder.ts';

/** The bytes that a server sends on each connection, again and again without an end. */
interface Drip {
  readonly first: string;
  readonly again: string;
}

/** An HTTP/2 server's preface, then pings; an HTTP/1.1 answer whose body, or whose headers, never end. */
const DRIPS: Readonly<Record<string, Drip>> = {
  'http2-pings': { first: '\0\0\0\u0004\0\0\0\0\0', again: '\0\0\u0008\u0006\0\0\0\0\0abcdefgh' },
  'endless-body': { first: 'HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n', again: 'x' },
  'endless-headers': { first: 'HTTP/1.1 200 OK\r\n', again: 'x' },
};

async function startDripping({ first, again }: Drip) {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.write(first, 'latin1');
    const timer = setInterval(() => socket.write(again, 'latin1'), 100);
    socket.on('close', () => clearInterval(timer));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  return {
    host: `127.0.0.1:${address.port}`,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

/** A server of each kind, by name. */
async function startAll() {
  const servers = await Promise.all(
    Object.entries(DRIPS).map(async ([name, drip]) => ({ name, server: await startDripping(drip) })),
  );
  return {
    hosts: Object.fromEntries(servers.map(({ name, server }) => [name, server.host])),
    [Symbol.asyncDispose]: async () => {
      for (const { server } of servers) await server[Symbol.asyncDispose]();
    },
  };
}

/** Many times what it takes. Without a limit it would never end. */
const GIVEN_UP_WITHIN_MS = 120_000;

test(
  'servers with endless answers fail after the limit, and the other peer is served',
  async () => {
    await using folder = await tempFolder();
    const local = await makeDatabase(folder.file('local'));
    const peers: Record<string, unknown> = { box: `file://${folder.file('box')}` };
    await using servers = await startAll();
    for (const [name, host] of Object.entries(servers.hosts)) {
      peers[`dolt-${name}`] = { endpoint: `http://${host}/org/repo`, timeout: '3s', live: false };
      peers[`git-${name}`] = { endpoint: `http://${host}/org/repo.git`, timeout: '3s' };
    }
    const started = performance.now();
    const { result } = await command(folder, stringify(peers), { retries: 0, parallel: 8 });
    expect(performance.now() - started).toBeLessThan(GIVEN_UP_WITHIN_MS);
    const failed = result.peers.filter(({ error }) => error !== null).map(({ name }) => name);
    expect(failed).toEqual(
      Object.keys(peers)
        .filter((name) => name !== 'box')
        .toSorted(),
    );
    expect(await remoteHead(`file://${folder.file('box')}`, folder.file('look', 'local'))).toBe(await local.head());
  },
  2 * GIVEN_UP_WITHIN_MS,
);
