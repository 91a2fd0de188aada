import { afterEach, expect, test } from '@jest/globals';
import { ask } from '../../src/install/http.ts';
import { closedHost } from '../helpers/release-host.ts';
import { startRefusingProxy } from '../helpers/servers/refusing-proxy.ts';

const { signal } = new AbortController();
const URL_BEYOND = 'https://github.example.test/dolthub/dolt';

afterEach(() => {
  delete process.env['https_proxy'];
});

test('a proxy is used, and a proxy that refuses a connection makes the host unreachable', async () => {
  await using proxy = await startRefusingProxy();
  process.env['https_proxy'] = proxy.url;
  const answer = await ask({ url: URL_BEYOND, signal, pausesMs: [1, 2] });
  expect(answer).toMatchObject({ kind: 'unreachable', reason: expect.stringContaining('statusCode=403') });
  expect(new Set(proxy.asked)).toEqual(new Set(['github.example.test:443']));
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
