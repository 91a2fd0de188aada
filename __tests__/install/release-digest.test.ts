import { describe, expect, test } from '@jest/globals';
import { digestTableSchema, PINNED_DIGESTS, releaseDigest } from '../../src/install/digests.ts';
import type { DoltRequest } from '../../src/install/dolt-request.ts';
import { type Machine, machine } from '../helpers/installing.ts';
import { closedHost, type ReleaseHost, releaseHost, says, sendsJson } from '../helpers/release-host.ts';
import { failureOf } from '../helpers/thrown.ts';

const ASSET = { version: '2.3.0', name: 'dolt-linux-amd64.tar.gz' };
const DIGEST = 'a1'.repeat(32);
const RELEASE = '/repos/dolthub/dolt/releases/tags/v2.3.0';

const digestOf = (box: Machine, request: Partial<DoltRequest> = {}, table = {}) =>
  releaseDigest(ASSET, { request: { source: 'release', ...request }, table }, box.context);

async function withApi(work: (box: Machine, host: ReleaseHost) => Promise<void>): Promise<void> {
  await using host = await releaseHost();
  await using box = await machine({ GITHUB_API_URL: host.url });
  await work(box, host);
}

describe('the required digest of an asset', () => {
  test('is that of the user first', () =>
    withApi(async (box, host) => {
      const table = { '2.3.0': { [ASSET.name]: 'b2'.repeat(32) } };
      expect(await digestOf(box, { sha256: DIGEST }, table)).toBe(DIGEST);
      expect(host.seen).toEqual([]);
    }));

  test('is the pinned one second, without a request', () =>
    withApi(async (box, host) => {
      expect(await digestOf(box, {}, { '2.3.0': { [ASSET.name]: DIGEST } })).toBe(DIGEST);
      expect(host.seen).toEqual([]);
    }));

  test("is that of GitHub's API last, with a notice", () =>
    withApi(async (box, host) => {
      host.on(RELEASE, sendsJson({ assets: [{ name: ASSET.name, digest: `sha256:${DIGEST}`, size: 1 }] }));
      expect(await digestOf(box)).toBe(DIGEST);
      expect(box.lines).toEqual([
        expect.stringContaining("info: No digest of Dolt 2.3.0 is pinned: taking the one that GitHub's API"),
      ]);
    }));
});

describe('an asset without a digest is not downloaded', () => {
  test.each([
    ['the asset does not exist', sendsJson({ assets: [] }), 'GitHub has none'],
    [
      'the asset is older than the digests of GitHub',
      sendsJson({ assets: [{ name: ASSET.name, digest: null }] }),
      'GitHub has none',
    ],
    [
      'the digest has another algorithm',
      sendsJson({ assets: [{ name: ASSET.name, digest: `sha512:${DIGEST}` }] }),
      'GitHub has none',
    ],
    ['the release does not exist', sendsJson({ message: 'hello' }), 'GitHub has none'],
    ['the API has a rate limit', says(403), 'rate limit'],
  ])('%s', async (_, reply, reason) => {
    await withApi(async (box, host) => {
      host.on(RELEASE, reply);
      const failure = await failureOf(digestOf(box));
      expect(failure).toMatchObject({ code: 'dolt-digest-unknown', message: expect.stringContaining(reason) });
    });
  });

  test('the version does not exist', () =>
    withApi(async (box) => {
      const failure = await failureOf(digestOf(box));
      expect(failure).toMatchObject({ code: 'dolt-version-unknown', message: 'GitHub has no release of Dolt 2.3.0' });
    }));

  test('only the mirror has the version', () =>
    withApi(async (box, host) => {
      expect((await failureOf(digestOf(box, { mirror: host.url }))).code).toBe('dolt-digest-unknown');
    }));

  test('only the release host is reachable', async () => {
    await using box = await machine({ GITHUB_API_URL: await closedHost() });
    await using host = await releaseHost();
    const failure = await failureOf(digestOf(box, { mirror: host.url }));
    expect(failure).toMatchObject({
      code: 'dolt-digest-unknown',
      message: expect.stringContaining('cannot be reached'),
    });
    expect(host.seen.map(({ method }) => method)).toEqual(['HEAD']);
  });

  test('neither host is reachable, which is not an error about digests', async () => {
    const url = await closedHost();
    await using box = await machine({ GITHUB_API_URL: url });
    expect(await digestOf(box, { mirror: url })).toMatchObject({ kind: 'unreachable' });
  });
});

test.each([
  ['an invalid version', { latest: {} }],
  ['an invalid asset name', { '2.3.0': { dolt: DIGEST } }],
  ['an invalid digest', { '2.3.0': { [ASSET.name]: 'abc' } }],
  ['a value that is not a table', []],
])('the pinned table is checked: %s', (_, table) => {
  expect(digestTableSchema.safeParse(table).success).toBe(false);
  expect(digestTableSchema.safeParse(PINNED_DIGESTS).success).toBe(true);
});
