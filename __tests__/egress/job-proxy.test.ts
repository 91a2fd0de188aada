import { describe, expect, test } from '@jest/globals';
import { parseTarget } from '../../src/egress/host-rule.ts';
import { jobProxyFor } from '../../src/egress/job-proxy.ts';

/** The proxy for a target, or the reason why it has none. */
function proxyFor(env: Record<string, string>, scheme: 'http' | 'https', written: string): string {
  const target = parseTarget(written, 443);
  if (target === null) throw new Error('no target');
  const found = jobProxyFor(env, scheme, target);
  switch (found.kind) {
    case 'direct':
      return 'direct';
    case 'proxy':
      return found.url.href;
    case 'unusable':
      return found.why;
  }
}

const MALFORMED = 'has a "%" that begins no percent-encoded character: write it as %25';

test.each([
  [{}, 'https', 'direct'],
  [{ HTTP_PROXY: 'http://p:1' }, 'https', 'direct'],
  [{ HTTP_PROXY: 'http://p:1' }, 'http', 'http://p:1/'],
  [{ HTTPS_PROXY: 'http://p:1' }, 'http', 'direct'],
  [{ https_proxy: 'https://u:w@p' }, 'https', 'https://u:w@p/'],
  [{ HTTPS_PROXY: 'http://first', https_proxy: 'http://second' }, 'https', 'http://first/'],
  [{ HTTPS_PROXY: '', https_proxy: 'http://second' }, 'https', 'http://second/'],
  [{ HTTPS_PROXY: 'p:3128' }, 'https', 'http://p:3128/'],
  [{ HTTPS_PROXY: 'http://u:w%25@p' }, 'https', 'http://u:w%25@p/'],
  [{ HTTPS_PROXY: 'http://u:w%zz@p' }, 'https', `the user or password in HTTPS_PROXY ${MALFORMED}`],
  [{ HTTPS_PROXY: 'http://u%ff@p' }, 'https', `the user or password in HTTPS_PROXY ${MALFORMED}`],
  [{ HTTP_PROXY: 'u%:w@p' }, 'http', `the user or password in HTTP_PROXY ${MALFORMED}`],
  [{ HTTPS_PROXY: 'http://' }, 'https', 'HTTPS_PROXY is not the address of a proxy'],
  [{ HTTP_PROXY: 'socks5://p' }, 'http', 'HTTP_PROXY names a socks5:// proxy, but only http proxies are supported'],
] as const)('the variables %j decide the proxy for %s', (env, scheme, expected) => {
  expect(proxyFor(env, scheme, 'h.example')).toBe(expected);
});

describe('NO_PROXY excludes hosts', () => {
  test.each([
    ['h.example', 'h.example', true],
    ['H.EXAMPLE', 'h.example', true],
    ['example', 'h.example', true],
    ['.example', 'h.example', true],
    ['.h.example', 'h.example', false],
    ['*.h.example', 'a.h.example', true],
    ['*.h.example', 'h.example', false],
    ['ample', 'h.example', false],
    ['h.example:443', 'h.example:443', true],
    ['h.example:80', 'h.example:443', false],
    ['*', 'h.example', true],
    [' a.example , h.example ', 'h.example', true],
    ['10.0.0.0/8', '10.1.2.3', true],
    ['10.0.0.0/8', '11.1.2.3', false],
    ['10.0.0.0/8', 'h.example', false],
    ['10.1.2.3', '10.1.2.3', true],
    ['10.1.2.3:80', '10.1.2.3:443', false],
    ['2001:db8::/32', '[2001:db8::1]:443', true],
    ['2001:db8::1', '[2001:db8::1]:443', true],
    ['[2001:db8::1]:443', '[2001:db8::1]:443', true],
    ['', 'localhost', true],
    ['', '127.0.0.1:1', true],
    ['', '[::1]:1', true],
    ['', 'h.example', false],
    [',:80,', 'h.example', false],
  ])('"%s": %s (%s)', (list, target, isOut) => {
    const env = { HTTPS_PROXY: 'http://p', no_proxy: list };
    expect(proxyFor(env, 'https', target)).toBe(isOut ? 'direct' : 'http://p/');
  });
});
