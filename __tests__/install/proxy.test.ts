import { afterEach, expect, test } from '@jest/globals';
import { ask } from '../../src/install/http.ts';
import { closedHost, releaseHost, says } from '../helpers/release-host.ts';
import { startRefusingProxy } from '../helpers/servers/refusing-proxy.ts';

const { signal } = new AbortController();
const URL_BEYOND = 'https://github.example.test/dolthub/dolt';

const VARIABLES = ['https_proxy', 'HTTPS_PROXY', 'http_proxy', 'HTTP_PROXY', 'NO_PROXY'];

afterEach(() => {
  for (const name of VARIABLES) delete process.env[name];
});

test('a proxy is used, and a proxy that refuses a connection makes the host unreachable', async () => {
  await using proxy = await startRefusingProxy();
  process.env['https_proxy'] = proxy.url;
  const answer = await ask({ url: URL_BEYOND, signal, pausesMs: [1, 2] });
  expect(answer).toMatchObject({ kind: 'unreachable', reason: expect.stringContaining('answered 403') });
  expect(new Set(proxy.asked)).toEqual(new Set(['github.example.test:443']));
});

test('the rules are those of the engines: upper-case variables first, patterns in NO_PROXY, plain requests', async () => {
  await using upper = await startRefusingProxy();
  await using lower = await startRefusingProxy();
  process.env['HTTPS_PROXY'] = upper.url;
  process.env['https_proxy'] = lower.url;
  await ask({ url: URL_BEYOND, signal, pausesMs: [] });
  expect([upper.asked, lower.asked]).toEqual([['github.example.test:443'], []]);
  await using plain = await releaseHost();
  process.env['HTTP_PROXY'] = plain.url;
  const mirror = 'http://mirror.example.test/v2/dolt.zip';
  plain.on(mirror, says(200, 'there'));
  expect(await ask({ url: mirror, signal, pausesMs: [] })).toMatchObject({ kind: 'answer', status: 200 });
  process.env['NO_PROXY'] = '*.example.test';
  expect(await ask({ url: mirror, signal, pausesMs: [] })).toMatchObject({ kind: 'unreachable' });
  expect(upper.asked).toHaveLength(1);
});

test('a proxy whose address cannot be parsed is named, and not left out', async () => {
  process.env['https_proxy'] = 'http://user:p%zz@proxy.example:3128';
  await expect(ask({ url: URL_BEYOND, signal, pausesMs: [] })).rejects.toMatchObject({
    code: 'dolt-download-failed',
    message: expect.stringMatching(/could not be reached: the user or password in HTTPS_PROXY has a "%"(?!.*p%zz)/),
  });
});

test('a missing proxy makes the host unreachable', async () => {
  process.env['https_proxy'] = await closedHost();
  expect(await ask({ url: URL_BEYOND, signal, pausesMs: [1, 2] })).toMatchObject({ kind: 'unreachable' });
});
