import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import { expect, test } from '@jest/globals';
import { z } from 'zod';
import { call, within } from '../../src/github/client.ts';
import { listen } from '../helpers/servers/listen.ts';

/** A server that never stays silent for long, and never ends. */
async function drippingServer(begin: (response: ServerResponse) => void) {
  let requests = 0;
  const closed: Promise<unknown>[] = [];
  const server = createServer((_, response) => {
    requests += 1;
    begin(response);
    const timer = setInterval(() => response.write(' '), 20);
    closed.push(once(response, 'close').then(() => clearInterval(timer)));
  });
  const listening = await listen(server);
  return {
    ...listening,
    api: `http://127.0.0.1:${listening.port}`,
    requests: () => requests,
    /** All connections are closed by the client. */
    closed: async () => void (await Promise.all(closed)),
  };
}

const get = { method: 'GET', path: '/issues', schema: z.unknown() } as const;

test('a call ends after its limit, although bytes keep coming, and closes the connection', async () => {
  await using server = await drippingServer((response) => response.writeHead(200).flushHeaders());
  const repository = within({ api: server.api, name: 'org/repo', token: 'app-1' }, 60_000, 200);
  expect(await call(repository, get)).toEqual({
    kind: 'failed',
    reason: 'GET /repos/org/repo/issues took longer than 200 ms',
  });
  await server.closed();
});

test('several calls have a limit together, after which none is tried', async () => {
  await using server = await drippingServer((response) => response.writeHead(200).flushHeaders());
  const repository = within({ api: server.api, name: 'org/repo', token: 'app-1' }, 200);
  expect(await call(repository, get)).toMatchObject({ reason: expect.stringMatching(/took longer than \d+ ms$/) });
  expect(await call(repository, get)).toEqual({
    kind: 'failed',
    reason: 'GET /repos/org/repo/issues was not tried: the time for all calls is over',
  });
  expect(server.requests()).toBe(1);
});
