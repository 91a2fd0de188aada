import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { createServer } from 'node:net';
import { expect, test } from '@jest/globals';
import { z } from 'zod';
import { call, callPages, within } from '../../src/github/client.ts';
import { repositoryAt } from '../helpers/servers/github-api.ts';
import { listen } from '../helpers/servers/listen.ts';
import { failureOf } from '../helpers/thrown.ts';

/** A server that answers a request with some bytes, and then sends more without an end. Empty texts send nothing. */
async function endlessServer(first: string, more: string) {
  const closed: Promise<unknown>[] = [];
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    let timer: NodeJS.Timeout | undefined;
    socket.once('data', () => {
      socket.write(first, 'latin1');
      timer = setInterval(() => socket.write(more), 10);
    });
    // `once` would reject when the client resets the connection.
    closed.push(new Promise((resolve) => socket.once('close', resolve)).then(() => clearInterval(timer)));
  });
  const asked = once(server, 'connection');
  const listening = await listen(server);
  return {
    ...listening,
    url: `http://127.0.0.1:${listening.port}`,
    /** Resolves when a client has connected. */
    asked,
    /** Waits until the client has closed all connections. @returns their number */
    closed: async () => (await Promise.all(closed)).length,
  };
}

const get = { method: 'GET', path: '/issues', schema: z.unknown() } as const;
const OK = 'HTTP/1.1 200 OK\r\n';
/** The head of a TLS record of 16 KiB: the client waits for all of it. */
const TLS_RECORD = '\x16\x03\x03\x40\x00';

test.each([
  ['a body without an end', 'direct', `${OK}\r\n`, 'a'],
  ['a header without an end', 'direct', `${OK}X: `, 'a'],
  ['a proxy that never answers', 'proxy', '', ''],
  ['a proxy whose header has no end', 'proxy', `${OK}X: `, 'a'],
  ['a tunnel without data', 'proxy', `${OK}\r\n`, ''],
  ['a tunnel with an endless handshake', 'proxy', `${OK}\r\n${TLS_RECORD}`, 'a'],
] as const)('a call ends after its limit and closes its connection: %s', async (_, way, first, more) => {
  await using server = await endlessServer(first, more);
  const { url } = server;
  const at = way === 'direct' ? { api: url, env: {} } : { api: 'https://git.example/api', env: { https_proxy: url } };
  const repository = within({ ...repositoryAt(url), ...at }, 60_000, 200);
  expect(await call(repository, get)).toEqual({
    kind: 'failed',
    reason: 'GET /repos/org/repo/issues took longer than 200 ms',
  });
  expect(await server.closed()).toBe(1);
});

test('a call ends with the step', async () => {
  await using server = await endlessServer(`${OK}\r\n`, 'a');
  const step = new AbortController();
  const repository = repositoryAt(server.url, { signal: step.signal });
  const failing = failureOf(call(repository, get));
  await server.asked;
  step.abort();
  expect((await failing).code).toBe('interrupted');
  expect(await server.closed()).toBe(1);
  expect((await failureOf(call(repository, get))).code).toBe('interrupted');
});

test('several calls share one limit, after which none is made', async () => {
  await using server = await endlessServer(`${OK}\r\n`, 'a');
  const repository = within(repositoryAt(server.url), 200);
  expect(await call(repository, get)).toMatchObject({ reason: expect.stringMatching(/took longer than \d+ ms$/) });
  expect(await call(repository, get)).toEqual({
    kind: 'failed',
    reason: 'GET /repos/org/repo/issues was not tried: the time for all calls is over',
  });
  expect(await server.closed()).toBe(1);
});

test.each([
  ['millions of values', `[1${',1'.repeat(15_000_000)}]`, 'failed: the answer has more than 250000 values'],
  ['lists in one entry', `[{"id":1,"labels":[1${',{}'.repeat(300_000)}]}]`, 'has more than 250000 values'],
  ['more entries than a page', `[{"id":1}${',{"id":1}'.repeat(100_000)}]`, 'expected array to have <=100 items'],
  ['other entries', `[1${',1'.repeat(99)}]`, '…'],
  ['a token and a terminal code', 'ghs_0123456789\u001b[31m', 'failed: the answer is not JSON'],
])('a page is refused in little time and memory: %s', async (_, body, says) => {
  await using server = await listen(createHttpServer((_request, response) => response.end(body)));
  const repository = repositoryAt(`http://127.0.0.1:${server.port}`);
  const schema = z.looseObject({ id: z.int() });
  const answer = await callPages(repository, { path: '/issues?', schema, maxPages: 1 });
  expect(answer).toMatchObject({ kind: 'failed', reason: expect.stringContaining(says) });
  expect('reason' in answer && answer.reason.length).toBeLessThan(500);
});

test.each([
  ['values', JSON.stringify(Array.from({ length: 100 }, (_, id) => ({ id, labels: Array(1_000).fill({}) }))), 6],
  ['texts', JSON.stringify(Array.from({ length: 100 }, (_, id) => ({ id, body: 'a'.repeat(200_000) }))), 4],
])('all pages of a list together are limited: %s', async (_, page, pages) => {
  let answered = 0;
  const server = createHttpServer((_request, response) => {
    answered += 1;
    response.end(page);
  });
  await using listening = await listen(server);
  const repository = repositoryAt(`http://127.0.0.1:${listening.port}`);
  const answer = await callPages(repository, {
    path: '/issues?',
    schema: z.looseObject({ id: z.int() }),
    maxPages: 50,
  });
  expect(answer).toEqual({
    kind: 'failed',
    reason: `GET /repos/org/repo/issues?per_page=100&page=${pages} failed: the pages of the list need more than 64 MiB`,
  });
  expect(answered).toBe(pages);
});

test('of each page only the wanted entries are kept', async () => {
  const pages = [100, 30].map((entries) => JSON.stringify(Array.from({ length: entries }, (_, id) => ({ id }))));
  const server = createHttpServer((_request, response) => response.end(pages.shift()));
  await using listening = await listen(server);
  const repository = repositoryAt(`http://127.0.0.1:${listening.port}`);
  const schema = z.looseObject({ id: z.int() });
  const keep = ({ id }: { readonly id: number }) => id % 25 === 3;
  expect(await callPages(repository, { path: '/issues?', schema, maxPages: 50, keep })).toEqual({
    kind: 'ok',
    value: [3, 28, 53, 78, 3, 28].map((id) => ({ id })),
  });
});
