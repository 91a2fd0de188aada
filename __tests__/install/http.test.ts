import { text } from 'node:stream/consumers';
import { describe, expect, test } from '@jest/globals';
import type { Unreachable } from '../../src/install/http.ts';
import { type Answer, ask, askFollowing } from '../../src/install/http.ts';
import { closedHost, redirects, releaseHost, says } from '../helpers/release-host.ts';
import { failureOf } from '../helpers/thrown.ts';

const { signal } = new AbortController();

async function bodyOf(answer: Answer | Unreachable): Promise<string> {
  return answer.kind === 'answer' ? await text(answer.body) : answer.reason;
}

describe('a request to a host', () => {
  test('returns a negative answer too', async () => {
    await using host = await releaseHost();
    host.on('/a', says(200, 'yes'));
    expect(await bodyOf(await ask({ url: `${host.url}/a`, signal }))).toBe('yes');
    expect(await ask({ url: `${host.url}/b`, signal })).toMatchObject({ kind: 'answer', status: 404, location: null });
  });

  test('distinguishes a missing host from a host that refuses', async () => {
    const url = await closedHost();
    expect(await ask({ url, signal })).toMatchObject({
      kind: 'unreachable',
      reason: expect.stringContaining(url.slice(7)),
    });
    expect(await ask({ url: 'http://no-such-host.invalid/', signal })).toMatchObject({ kind: 'unreachable' });
  });

  test('is repeated if the host is busy', async () => {
    await using host = await releaseHost();
    host.on('/a', (response) => says(host.seen.length < 3 ? 503 : 200, 'at last')(response, {}));
    expect(await bodyOf(await ask({ url: `${host.url}/a`, signal, pausesMs: [1, 2] }))).toBe('at last');
    expect(host.seen).toHaveLength(3);
  });

  test('ends headers without an end at a limit', async () => {
    await using host = await releaseHost();
    host.on('/a', ({ socket }) => {
      socket?.write('HTTP/1.1 200 OK\r\n');
      const timer = setInterval(() => socket?.write('x: y\r\n'), 5);
      socket?.on('error', () => undefined).on('close', () => clearInterval(timer));
    });
    const failure = await failureOf(ask({ url: `${host.url}/a`, signal, answerMs: 100 }));
    expect([failure.code, failure.message]).toEqual([
      'dolt-download-failed',
      `${host.url}/a could not be reached: the answer takes longer than 0.1 s`,
    ]);
  });

  test('does not report a host without TLS as missing', async () => {
    await using host = await releaseHost();
    const failure = await failureOf(ask({ url: host.url.replace('http:', 'https:'), signal }));
    expect(failure.code).toBe('dolt-download-failed');
  });

  test('ends on an interruption', async () => {
    await using host = await releaseHost();
    const abort = new AbortController();
    host.on('/never', () => abort.abort());
    expect((await failureOf(ask({ url: `${host.url}/never`, signal: abort.signal }))).code).toBe('interrupted');
    expect((await failureOf(ask({ url: `${host.url}/never`, signal: abort.signal }))).code).toBe('interrupted');
  });

  test('ends on an interruption during the pause before another attempt', async () => {
    await using host = await releaseHost();
    const abort = new AbortController();
    host.on('/busy', (response) => {
      response.on('finish', () => abort.abort());
      says(503)(response, {});
    });
    expect((await failureOf(ask({ url: `${host.url}/busy`, signal: abort.signal }))).code).toBe('interrupted');
  });
});

describe('a redirect', () => {
  test('is returned by `ask` with its absolute target', async () => {
    await using host = await releaseHost();
    host.on('/a', redirects('/b?c=1'));
    expect(await ask({ url: `${host.url}/a`, signal })).toMatchObject({ status: 302, location: `${host.url}/b?c=1` });
  });

  test('does not pass headers to another host', async () => {
    await using first = await releaseHost();
    await using second = await releaseHost();
    first.on('/a', redirects(`${second.url}/b`));
    second.on('/b', says(200, 'there'));
    const answer = await askFollowing({ url: `${first.url}/a`, headers: { authorization: 'Bearer secret' }, signal });
    expect(await bodyOf(answer)).toBe('there');
    expect(first.seen[0]?.headers.authorization).toBe('Bearer secret');
    expect(second.seen[0]?.headers.authorization).toBeUndefined();
  });

  test('is followed five times, so a loop ends', async () => {
    await using host = await releaseHost();
    for (const [from, to] of ['ab', 'bc', 'cd', 'de', 'ef']) host.on(`/${from}`, redirects(`/${to}`));
    host.on('/f', says(200, 'there'));
    expect(await bodyOf(await askFollowing({ url: `${host.url}/a`, signal }))).toBe('there');
    host.on('/a', redirects('/a'));
    const failure = await failureOf(askFollowing({ url: `${host.url}/a`, signal }));
    expect([failure.code, failure.message]).toEqual([
      'dolt-download-failed',
      `${host.url}/a redirects more than 5 times`,
    ]);
  });
});
