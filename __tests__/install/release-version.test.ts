import { describe, expect, test } from '@jest/globals';
import { latestVersion, newestRelease } from '../../src/install/version.ts';
import { type Machine, machine } from '../helpers/installing.ts';
import { closedHost, type ReleaseHost, redirects, releaseHost, says, sendsJson } from '../helpers/release-host.ts';
import { failureOf } from '../helpers/thrown.ts';

const LIST = '/api/repos/dolthub/dolt/releases?per_page=100';
const RANGE = { kind: 'range', range: '^2.2.0' } as const;
const release = (version: string, more = {}) => ({ tag_name: `v${version}`, draft: false, prerelease: false, ...more });

async function withHost(work: (box: Machine, host: ReleaseHost) => Promise<void>): Promise<void> {
  await using host = await releaseHost();
  await using box = await machine({ GITHUB_API_URL: `${host.url}/api` });
  await work(box, host);
}

const requestTo = (host: ReleaseHost) => ({ source: 'release', mirror: `${host.url}/dolt/download` }) as const;

describe('the latest version', () => {
  test('is the target of the redirect of the release page, without a request to the API', () =>
    withHost(async (box, host) => {
      host.on('/dolt/latest', redirects('https://github.com/dolthub/dolt/releases/tag/v2.4.1'));
      expect(await latestVersion(requestTo(host), box.context)).toBe('2.4.1');
      expect(host.seen.map(({ path }) => path)).toEqual(['/dolt/latest']);
    }));

  test.each([
    ['no redirect', says(200), '200 without a redirect'],
    ['a missing page', says(404), '404 without a redirect'],
    ['a redirect elsewhere', redirects('https://github.com/login'), 'with a redirect to "https://github.com/login"'],
    ['a tag that is not a version', redirects('https://github.com/dolthub/dolt/releases/tag/vnext'), '/tag/vnext"'],
  ])('is unknown after %s', (_, reply, text) =>
    withHost(async (box, host) => {
      host.on('/dolt/latest', reply);
      const failure = await failureOf(latestVersion(requestTo(host), box.context));
      expect(failure).toMatchObject({ code: 'dolt-version-unknown', message: expect.stringContaining(text) });
    }),
  );
});

describe('the newest version in a range', () => {
  const newest = (box: Machine, host: ReleaseHost, table = {}) =>
    newestRelease(RANGE, { request: requestTo(host), table }, box.context);

  test('comes from the pinned table if possible, without a request', () =>
    withHost(async (box, host) => {
      expect(await newest(box, host, { '2.3.0': {}, '2.10.0': {}, '3.0.0': {} })).toBe('2.10.0');
      expect(host.seen).toEqual([]);
    }));

  test("comes from GitHub's list otherwise, without drafts, pre-releases and other tags", () =>
    withHost(async (box, host) => {
      const drafts = [release('2.9.0', { draft: true }), release('2.8.0', { prerelease: true }), release('nightly')];
      host.on(LIST, sendsJson([...drafts, release('2.3.0'), release('2.4.0'), release('3.0.0')]));
      expect(await newest(box, host, { '1.0.0': {} })).toBe('2.4.0');
    }));

  test('does not exist if the list has none', () =>
    withHost(async (box, host) => {
      host.on(LIST, sendsJson([release('1.0.0')]));
      const message = 'None of the last 1 releases of Dolt is in "^2.2.0"';
      expect(await failureOf(newest(box, host))).toMatchObject({ code: 'dolt-version-unknown', message });
    }));

  test.each([
    ['refuses (403)', says(403)],
    ['is too busy (429)', says(429)],
    ['sends something else', sendsJson({ message: 'hello' })],
  ])('is the latest version, if it is in the range and the API %s', (_, reply) =>
    withHost(async (box, host) => {
      host.on(LIST, reply);
      host.on('/dolt/latest', redirects('/dolt/tag/v2.4.1'));
      expect(await newest(box, host)).toBe('2.4.1');
    }),
  );

  test.each([
    ['refuses', says(403), 'rate limit'],
    ['sends something else', sendsJson({}), 'did not send a list'],
  ])('is unknown if the latest version is outside of the range and the API %s', (_, reply, reason) =>
    withHost(async (box, host) => {
      host.on(LIST, reply);
      host.on('/dolt/latest', redirects('/dolt/tag/v3.0.0'));
      const failure = await failureOf(newest(box, host));
      expect(failure).toMatchObject({ code: 'dolt-version-unknown', message: expect.stringContaining(reason) });
      expect(failure.message).toContain('(the latest is 3.0.0)');
    }),
  );

  test('is unknown without a reachable host', async () => {
    const url = await closedHost();
    await using box = await machine({ GITHUB_API_URL: url });
    const request = { source: 'release', mirror: `${url}/download` } as const;
    expect(await newestRelease(RANGE, { request, table: {} }, box.context)).toMatchObject({ kind: 'unreachable' });
  });
});
