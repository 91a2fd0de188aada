import { createServer } from 'node:http';
import { afterEach, expect, test } from '@jest/globals';
import { ask } from '../../src/install/http.ts';
import { closedHost } from '../helpers/release-host.ts';

const { signal } = new AbortController();
const URL_BEYOND = 'https://github.example.test/dolthub/dolt';

afterEach(() => {
  delete process.env['https_proxy'];
});

test('a proxy is used, and one that refuses the way out means that no host can be reached', async () => {
  const asked: (string | undefined)[] = [];
  const proxy = createServer();
  proxy.on('connect', (request, socket) => {
    asked.push(request.url);
    socket.end('HTTP/1.1 403 Forbidden\r\n\r\n');
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  const address = proxy.address();
  process.env['https_proxy'] = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
  const answer = await ask({ url: URL_BEYOND, signal, pausesMs: [1, 2] });
  proxy.close();
  expect(answer).toMatchObject({ kind: 'unreachable', reason: expect.stringContaining('statusCode=403') });
  expect(new Set(asked)).toEqual(new Set(['github.example.test:443']));
});

test('a proxy that is not there means the same', async () => {
  process.env['https_proxy'] = await closedHost();
  expect(await ask({ url: URL_BEYOND, signal, pausesMs: [1, 2] })).toMatchObject({ kind: 'unreachable' });
});
