import { createServer } from 'node:net';
import { expect, test } from '@jest/globals';
import type { Failure } from '../../src/core/failure.ts';
import { type Destination, tryConnection } from '../../src/egress/try-connection.ts';
import { startJobProxy } from '../helpers/servers/job-proxy.ts';
import { startSilentPeer } from '../helpers/servers/silent-peer.ts';
import { failureOf as failureFrom } from '../helpers/thrown.ts';

const MS = 500;

const trying = (env: Readonly<Record<string, string>> = {}, signal = new AbortController().signal) => ({
  env,
  milliseconds: MS,
  signal,
});

function at(url: string, tls: boolean): Destination {
  return { host: '127.0.0.1', port: Number(new URL(url).port), tls, throughProxy: true };
}

async function failureOf(to: Destination, how = trying()): Promise<Pick<Failure, 'code' | 'message'>> {
  const { code, message } = await failureFrom(() => tryConnection(to, how));
  return { code, message };
}

test('a server that accepts connections is reachable without TLS', async () => {
  await using silent = await startSilentPeer();
  await tryConnection(at(silent.url, false), trying());
  await silent.asked;
});

test('a server that does not answer the TLS handshake is unreachable', async () => {
  await using silent = await startSilentPeer();
  const to = at(silent.url, true);
  expect(await failureOf(to)).toEqual({
    code: 'connect-timeout',
    message: `127.0.0.1:${to.port} did not answer within 0.5 s`,
  });
});

test('a server that answers without TLS is left to the engine', async () => {
  const server = createServer((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')).listen(0, '127.0.0.1');
  await new Promise((listening) => server.once('listening', listening));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  await tryConnection(at(`http://127.0.0.1:${address.port}`, true), trying());
  server.close();
});

test.each([
  [{ host: '127.0.0.1', port: 1 }, '127.0.0.1:1 could not be reached: the connection was refused'],
  [{ host: 'h.invalid', port: 443 }, /^h\.invalid:443 could not be reached: its name does not resolve/],
])('%j is unreachable', async (target, message) => {
  const failure = await failureOf({ ...target, tls: true, throughProxy: true });
  expect(failure.code).toBe('network');
  expect(failure.message).toMatch(message);
});

test('a host that only the kind of a peer names must have a public address; of any other the engine decides', async () => {
  await using silent = await startSilentPeer();
  const to = { ...at(silent.url, false), host: 'localhost' };
  await tryConnection(to, trying());
  const failure = await failureFrom(() => tryConnection({ ...to, ofProvider: true }, trying()));
  expect(failure).toMatchObject({
    code: 'host-not-allowed',
    message: expect.stringMatching(/^localhost:\d+ is at .*, which is not a public address; nothing was sent there$/),
    hint: expect.stringContaining(`allowed-hosts: ["localhost:${to.port}"]`),
  });
  await tryConnection({ ...to, remoteOnly: true }, trying());
});

test('the proxy of the job resolves the name', async () => {
  await using proxy = await startJobProxy();
  await using silent = await startSilentPeer();
  const to = { ...at(silent.url, true), host: 'peer.example' };
  expect((await failureOf(to, trying({ HTTPS_PROXY: proxy.url }))).code).toBe('connect-timeout');
  expect(proxy.asked).toEqual([`CONNECT peer.example:${to.port}`]);
});

test('an interrupted run does not wait for a server', async () => {
  await using silent = await startSilentPeer();
  const stop = new AbortController();
  const failing = failureOf(at(silent.url, true), { ...trying({}, stop.signal), milliseconds: 60_000 });
  await silent.asked;
  stop.abort();
  expect((await failing).code).toBe('interrupted');
});
