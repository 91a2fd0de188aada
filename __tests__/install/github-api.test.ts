import { describe, expect, test } from '@jest/globals';
import { askGithub, githubApi } from '../../src/install/github-api.ts';
import { machine } from '../helpers/installing.ts';
import { closedHost, redirects, releaseHost, says, sendsJson } from '../helpers/release-host.ts';

const PUBLIC = 'https://api.github.com';

describe('the address and the token of the API', () => {
  test.each([
    ['without variables', {}, { base: PUBLIC, token: 't' }],
    [
      'on github.com',
      { GITHUB_SERVER_URL: 'https://github.com', GITHUB_API_URL: PUBLIC },
      { base: PUBLIC, token: 't' },
    ],
    [
      'on an Enterprise Server',
      { GITHUB_SERVER_URL: 'https://ghe.corp', GITHUB_API_URL: 'https://ghe.corp/api/v3' },
      { base: PUBLIC, token: null },
    ],
    [
      'on a ghe.com tenant',
      { GITHUB_SERVER_URL: 'https://corp.ghe.com', GITHUB_API_URL: 'https://api.corp.ghe.com' },
      { base: PUBLIC, token: null },
    ],
    ['on a look-alike host', { GITHUB_SERVER_URL: 'https://github.com.evil.test' }, { base: PUBLIC, token: null }],
    ['with an invalid server address', { GITHUB_SERVER_URL: 'github.com' }, { base: PUBLIC, token: null }],
    [
      'with another API',
      { GITHUB_API_URL: 'https://proxy.corp/github/' },
      { base: 'https://proxy.corp/github', token: 't' },
    ],
    [
      'with an API over plain http',
      { GITHUB_API_URL: 'http://proxy.corp' },
      { base: 'http://proxy.corp', token: null },
    ],
    [
      'with an API on this machine',
      { GITHUB_API_URL: 'http://127.0.0.1:1' },
      { base: 'http://127.0.0.1:1', token: 't' },
    ],
    ['with an invalid API address', { GITHUB_API_URL: 'proxy' }, { base: 'proxy', token: null }],
  ])('%s', (_, env, expected) => {
    expect(githubApi(env, 't')).toEqual(expected);
  });

  test('omit an empty token', () => {
    expect(githubApi({}, undefined).token).toBeNull();
    expect(githubApi({}, '').token).toBeNull();
  });
});

describe('a request to the API', () => {
  test('sends the token as a bearer token', async () => {
    await using box = await machine();
    await using host = await releaseHost();
    host.on('/x', sendsJson({ a: 1 }));
    expect(await askGithub('/x', { base: host.url, token: 'secret' }, box.context)).toEqual({
      kind: 'json',
      value: { a: 1 },
    });
    expect(host.seen.map(({ headers }) => headers.authorization)).toEqual(['Bearer secret']);
  });

  test('is repeated without a token that is not accepted', async () => {
    await using box = await machine();
    await using host = await releaseHost();
    host.on('/x', (response, headers) =>
      (headers.authorization === undefined ? sendsJson(1) : says(401))(response, headers),
    );
    expect(await askGithub('/x', { base: host.url, token: 'stale' }, box.context)).toEqual({ kind: 'json', value: 1 });
    expect(host.seen).toHaveLength(2);
  });

  test('follows a redirect without the token, even on the same host', async () => {
    await using box = await machine();
    await using host = await releaseHost();
    await using other = await releaseHost();
    host.on('/x', redirects('/y'));
    host.on('/y', redirects(`${other.url}/z`));
    other.on('/z', sendsJson('there'));
    expect(await askGithub('/x', { base: host.url, token: 't' }, box.context)).toEqual({
      kind: 'json',
      value: 'there',
    });
    expect(host.seen.filter(({ headers }) => headers.authorization !== undefined).map(({ path }) => path)).toEqual([
      '/x',
    ]);
    expect(other.seen[0]?.headers.authorization).toBeUndefined();
  });

  test.each([
    [
      'reports a rate limit',
      says(403),
      { kind: 'refused', reason: expect.stringContaining('403, probably its rate limit') },
    ],
    ['reports a missing page', says(404), { kind: 'missing' }],
    ['reports a server error', says(501), { kind: 'refused', reason: expect.stringContaining('501') }],
    [
      'reports an answer that is not JSON',
      says(200, '<html>'),
      { kind: 'refused', reason: expect.stringContaining('without JSON') },
    ],
    [
      'reports an answer of 17 MiB',
      says(200, Buffer.alloc(17 * 1024 * 1024, ' ')),
      { kind: 'refused', reason: expect.stringContaining('larger than 16777216 bytes') },
    ],
    [
      'reports an answer of millions of values',
      says(200, `[1${',{}'.repeat(5_000_000)}]`),
      { kind: 'refused', reason: expect.stringContaining('more than 250000 values') },
    ],
    [
      'does not count the signs in a text',
      says(200, JSON.stringify(['\\",[{'.repeat(100_000)])),
      { kind: 'json', value: ['\\",[{'.repeat(100_000)] },
    ],
  ])('%s', async (_, reply, expected) => {
    await using box = await machine();
    await using host = await releaseHost();
    host.on('/x', (response) => reply(response, {}));
    expect(await askGithub('/x', { base: host.url, token: null }, box.context)).toEqual(expected);
  });

  test('reports an unreachable host', async () => {
    await using box = await machine();
    const base = await closedHost();
    expect(await askGithub('/x', { base, token: 't' }, box.context)).toMatchObject({ kind: 'unreachable' });
    expect(await askGithub('/x', { base, token: null }, box.context)).toMatchObject({ kind: 'unreachable' });
  });
});
