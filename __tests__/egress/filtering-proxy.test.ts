import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, expect, test } from '@jest/globals';
import { Failure } from '../../src/core/failure.ts';
import { Secrets } from '../../src/core/secrets.ts';
import { type FilteringProxy, openFilteringProxy } from '../../src/egress/filtering-proxy.ts';
import type { HostRule, Reach } from '../../src/egress/host-rule.ts';
import { get, startEcho, startSaying, startTcpEcho, tunnel } from '../helpers/proxy-clients.ts';

interface Scene {
  readonly proxy: FilteringProxy;
  readonly url: URL;
  readonly secrets: Secrets;
}

async function withProxy(work: (scene: Scene) => Promise<void>): Promise<void> {
  const secrets = new Secrets();
  const proxy = await openFilteringProxy({}, secrets, ({ code }) => code === 'corrupt');
  try {
    await work({ proxy, secrets, url: new URL(proxy.variables['HTTP_PROXY'] ?? '') });
  } finally {
    await proxy.close();
  }
}

const local = (port: number, more: Partial<HostRule> = {}): Reach => [
  { host: 'localhost', port, plain: true, named: true, ...more },
];
const failed = async (said = 'what Dolt said') => {
  throw new Failure('unknown', said);
};
/** As Dolt words it; the status of a refusal would not name the URL. */
const failedAt = async (url: string) => await failed(`failed to read from the db: Get "${url}": any reason`);
/** Go and Node take the answer for invalid; libcurl may take its status. */
const INVALID = { code: 'HPE_INVALID_HEADER_TOKEN', rawPacket: expect.any(Buffer) };

describe('a plain HTTP request', () => {
  test('is forwarded with its headers, except those of the connection', async () => {
    await using echo = await startEcho();
    await withProxy(async ({ proxy, url }) => {
      const answer = await proxy.during(local(echo.port), () =>
        get(url, `http://localhost:${echo.port}/a%2Fb?c`, {
          Host: 'signed',
          'X-Mine': '1',
          Connection: 'X-Hop',
          'X-Hop': '2',
        }),
      );
      expect(answer).toMatchObject({ status: 200, headers: { 'x-own': 'yes' } });
      const names: string[] = JSON.parse(answer.body);
      expect(names).toEqual(expect.arrayContaining(['Host', 'signed', 'X-Mine', '1']));
      expect(names).not.toEqual(expect.arrayContaining(['X-Hop']));
      expect(names).not.toEqual(expect.arrayContaining(['Proxy-Authorization']));
    });
  });

  test.each([
    ['without the correct secret', { 'Proxy-Authorization': 'Basic ZW5naW5lOng=' }, 407],
    ['with headers that are too long', { 'X-Long': 'x'.repeat(20_000) }, 431],
  ])('%s is refused', async (_, headers, status) => {
    await using echo = await startEcho();
    await withProxy(async ({ proxy, url }) => {
      const asking = proxy.during(local(echo.port), () => get(url, `http://localhost:${echo.port}/`, headers));
      expect(await asking).toMatchObject({ status });
    });
  });

  test.each(['/', 'https://localhost/', 'ftp://localhost/', 'http://', 'http://user@localhost/'])(
    'for %s is invalid',
    async (path) => {
      await withProxy(async ({ proxy, url }) => {
        expect(await proxy.during(local(80, { port: null }), () => get(url, path))).toMatchObject({ status: 400 });
      });
    },
  );
});

describe('an answer', () => {
  test.each([
    ['with a status below 100', 'HTTP/1.1 099 x\r\nContent-Length: 2\r\n\r\nok', 'Invalid status code: 99'],
    ['with a control character', 'HTTP/1.1 200 a\x01\r\nContent-Length: 2\r\n\r\nok', 'Invalid character'],
    ['of another protocol', 'HTTP/1.1 101 x\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n', 'it changed the protocol'],
  ])('%s ends the request, and nothing else', async (_, text, why) => {
    await using server = await startSaying(text);
    await withProxy(async ({ proxy, url }) => {
      const working = proxy.during(local(server.port), async () => {
        expect(await get(url, `http://localhost:${server.port}/`)).toMatchObject({ status: 502, body: '' });
        await failedAt(`http://localhost:${server.port}/`);
      });
      await expect(working).rejects.toMatchObject({ code: 'network', message: expect.stringContaining(why) });
    });
  });
});

describe('a refused request', () => {
  test.each<[string, (port: number) => Reach, string, RegExp]>([
    [
      'to another host is the reason of the failure',
      () => local(1),
      'localhost',
      /names localhost:\d+, which is not a host of the peer/,
    ],
    [
      'without TLS is the reason of the failure',
      (port) => local(port, { plain: false }),
      'localhost',
      /names localhost:\d+ without TLS/,
    ],
    [
      'to a name with a private address is the reason of the failure',
      (port) => local(port, { named: false }),
      'localhost',
      /is at (127.0.0.1|::1), which/,
    ],
    [
      'to a private address is the reason of the failure',
      (port) => local(port, { named: false, host: '127.0.0.1' }),
      '127.0.0.1',
      /is at 127.0.0.1, which is not a public address/,
    ],
  ])('%s', async (_, reach, host, message) => {
    await using echo = await startEcho();
    await withProxy(async ({ proxy, url }) => {
      const working = proxy.during(reach(echo.port), async () => {
        await expect(get(url, `http://${host}:${echo.port}/`)).rejects.toMatchObject(INVALID);
        await failedAt(`http://${host}:${echo.port}/x`);
      });
      await expect(working).rejects.toMatchObject({
        code: 'host-not-allowed',
        message: expect.stringMatching(message),
      });
    });
  });

  test('does not hide another reason of a failure', async () => {
    await withProxy(async ({ proxy, url }) => {
      const working = proxy.during(local(1), async () => {
        await expect(get(url, 'http://localhost:2/')).rejects.toMatchObject(INVALID);
        throw new Failure('branch-missing', 'no branch at "http://localhost:2/"');
      });
      await expect(working).rejects.toMatchObject({ code: 'branch-missing' });
    });
  });

  test('to an unreachable host is the reason of the failure', async () => {
    await withProxy(async ({ proxy, url }) => {
      const working = proxy.during(local(1), async () => {
        expect(await get(url, 'http://localhost:1/')).toMatchObject({ status: 502 });
        await failed();
      });
      await expect(working).rejects.toMatchObject({
        code: 'network',
        message: expect.stringMatching(/localhost:1 could not be reached: /),
      });
    });
  });

  test('fails only the peer whose operation named the host, also if that one has ended', async () => {
    await withProxy(async ({ proxy, url }) => {
      const reachOf = (host: string): Reach => [{ host, port: 443, plain: false, named: true }];
      const ask = () => tunnel(url, 'evil.example:443', '');
      let finish = (): void => undefined;
      const asked = new Promise<void>((done) => {
        finish = done;
      });
      const innocent = proxy.during(reachOf('down.example'), async () => {
        await asked;
        await failed('error reading server preface: EOF of "https://down.example/x" and "https://evil.example.com/"');
      });
      const named = proxy.during(reachOf('mal.example'), async () => {
        await ask();
        await failedAt('https://evil.example/x');
      });
      await expect(named).rejects.toMatchObject({
        code: 'host-not-allowed',
        message:
          'the server of this peer names evil.example:443, which is not a host of the peer; nothing was sent there',
      });
      await ask();
      finish();
      await expect(innocent).rejects.toMatchObject({ code: 'unknown' });
    });
  });

  test('by a redirect to the host of another peer does not fail that one', async () => {
    await withProxy(async ({ proxy, url }) => {
      const working = proxy.during([{ host: 'localhost', port: 443, plain: false, named: true }], async () => {
        await expect(get(url, 'http://localhost:443/')).rejects.toMatchObject(INVALID);
        await failed();
      });
      await expect(working).rejects.toMatchObject({ code: 'unknown' });
    });
  });
});

describe('a tunnel', () => {
  const HELLO = '\x16\x03\x01hello';

  test.each(['CONNECT x:443', 'GET http://x/', 'no request'])(
    'is kept, if another program sends "%s" and resets its connection',
    async (line) => {
      await withProxy(async ({ url }) => {
        for (let count = 0; count < 50; count += 1) {
          const socket = connect(Number(url.port), url.hostname).on('error', () => undefined);
          socket.write(`${line} HTTP/1.1\r\nHost: x\r\n\r\n`, () => socket.resetAndDestroy());
          await once(socket, 'close');
        }
        const { status } = await tunnel(url, 'x:443', HELLO);
        expect(status).toBe('HTTP/1.1 403 Refused by dolt-federation');
      });
    },
  );

  test('carries TLS to a host over https in both directions', async () => {
    await using echo = await startTcpEcho();
    await withProxy(async ({ proxy, url }) => {
      await proxy.during(local(echo.port, { plain: false }), async () => {
        const { status, came } = await tunnel(url, `localhost:${echo.port}`, HELLO, HELLO.length);
        expect([status, came]).toEqual(['HTTP/1.1 200 Connection Established', HELLO]);
      });
    });
  });

  test('carries no plain data to a host over https', async () => {
    await using echo = await startTcpEcho();
    await withProxy(async ({ proxy, url }) => {
      const working = proxy.during(local(echo.port, { plain: false }), async () => {
        const { came } = await tunnel(url, `localhost:${echo.port}`, 'PRI * HTTP/2.0\r\n\r\n');
        expect(came).toBe('');
        await failedAt(`http://localhost:${echo.port}/`);
      });
      await expect(working).rejects.toMatchObject({
        code: 'host-not-allowed',
        message: expect.stringMatching(/without TLS/),
      });
    });
  });

  test.each([
    ['evil.example:443', 'HTTP/1.1 403 Refused by dolt-federation'],
    ['localhost', 'HTTP/1.1 400 Bad Request'],
  ])('to %s is refused', async (target, status) => {
    await withProxy(async ({ proxy, url }) => {
      const refused = await proxy.during(local(443), () => tunnel(url, target, ''));
      expect(refused.status).toBe(status);
    });
  });

  test.each([
    ['by the server', 'corrupt', 'network'],
    ['by the server', 'missing-table-file', 'missing-table-file'],
    ['by the engine', 'corrupt', 'corrupt'],
  ] as const)('that is ended %s before a failure with %s means %s', async (by, code, means) => {
    await using echo = await startTcpEcho();
    await withProxy(async ({ proxy, url }) => {
      const working = proxy.during(local(echo.port, { plain: false }), async () => {
        const { socket, ended } = await tunnel(url, `localhost:${echo.port}`, HELLO, HELLO.length);
        const [far] = echo.sockets;
        if (by === 'by the server') far?.resetAndDestroy();
        else socket.end();
        await ended;
        throw new Failure(code, "root hash doesn't exist");
      });
      await expect(working).rejects.toMatchObject({ code: means });
    });
  });

  test('ends with the operation that opened it', async () => {
    await using echo = await startTcpEcho();
    await withProxy(async ({ proxy, url }) => {
      const { ended } = await proxy.during(local(echo.port), () =>
        tunnel(url, `localhost:${echo.port}`, HELLO, HELLO.length),
      );
      await ended;
      const [far] = echo.sockets;
      if (far !== undefined && !far.destroyed) await once(far, 'close');
      expect(far?.destroyed).toBe(true);
    });
  });

  test('ends with the proxy', async () => {
    await using echo = await startTcpEcho();
    const proxy = await openFilteringProxy({}, new Secrets(), () => false);
    const url = new URL(proxy.variables['HTTPS_PROXY'] ?? '');
    await proxy.during(local(echo.port), async () => {
      const { ended } = await tunnel(url, `localhost:${echo.port}`, HELLO, HELLO.length);
      await proxy.close();
      await ended;
    });
    await expect(once(connect(Number(url.port), url.hostname), 'connect')).rejects.toThrow();
  });
});

test('the secret in the proxy address is masked, and NO_PROXY is empty', async () => {
  await withProxy(async ({ proxy, secrets, url }) => {
    expect(secrets.hide(url.href)).not.toContain(url.password);
    expect(proxy.variables).toMatchObject({ NO_PROXY: '', no_proxy: '', https_proxy: proxy.variables['HTTPS_PROXY'] });
  });
});
