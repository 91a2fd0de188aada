import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { describe, expect, test } from '@jest/globals';
import { download } from '../../src/install/release.ts';
import { breaksOff, closedHost, redirects, releaseHost, says } from '../helpers/release-host.ts';
import { tempFolder } from '../helpers/temp-folder.ts';
import { failureOf } from '../helpers/thrown.ts';

const BODY = Buffer.alloc(300_000, 'dolt');
const SHA256 = createHash('sha256').update(BODY).digest('hex');
const FLIPPED = Buffer.from(BODY);
FLIPPED[150_000] = (FLIPPED[150_000] ?? 0) ^ 1;

async function downloading(
  reply: Parameters<Awaited<ReturnType<typeof releaseHost>>['on']>[1],
  { signal = new AbortController().signal, ...limits }: Partial<Parameters<typeof download>[0]> = {},
) {
  await using host = await releaseHost();
  await using folder = await tempFolder();
  host.on('/asset', reply);
  const file = folder.file('asset');
  const work = download({ ...limits, url: `${host.url}/asset`, file, sha256: SHA256, signal, pausesMs: [1, 2] });
  const failure = await failureOf(work);
  return { failure, asked: host.seen.length, left: await readdir(folder.path) };
}

describe('a download', () => {
  test('writes a file with the correct digest, even through a redirect', async () => {
    await using host = await releaseHost();
    await using folder = await tempFolder();
    host.on('/asset', redirects('/storage'));
    host.on('/storage', says(200, BODY));
    const { signal } = new AbortController();
    expect(
      await download({ url: `${host.url}/asset`, file: folder.file('a'), sha256: SHA256, signal }),
    ).toBeUndefined();
    expect((await readFile(folder.file('a'))).equals(BODY)).toBe(true);
  });

  test('with one flipped bit is refused, deleted and not repeated', async () => {
    const { failure, asked, left } = await downloading(says(200, FLIPPED));
    expect(failure).toMatchObject({ code: 'dolt-digest-mismatch', message: expect.stringContaining(`not ${SHA256}`) });
    expect([asked, left]).toEqual([1, []]);
  });

  test('that ends too early is refused', async () => {
    const { failure, left } = await downloading(says(200, BODY.subarray(1)));
    expect([failure.code, left]).toEqual(['dolt-digest-mismatch', []]);
  });

  test('is repeated after a broken connection, then fails, and leaves no file', async () => {
    const { failure, asked, left } = await downloading(breaksOff(BODY));
    expect(failure).toMatchObject({
      code: 'dolt-download-failed',
      message: expect.stringContaining('broke off 3 times'),
    });
    expect([asked, left]).toEqual([3, []]);
  });

  test('succeeds after one broken connection', async () => {
    await using host = await releaseHost();
    await using folder = await tempFolder();
    host.on('/asset', (response, headers) =>
      (host.seen.length === 1 ? breaksOff(BODY) : says(200, BODY))(response, headers),
    );
    const { signal } = new AbortController();
    expect(
      await download({ url: `${host.url}/asset`, file: folder.file('a'), sha256: SHA256, signal }),
    ).toBeUndefined();
  });

  test.each([
    [403, 'dolt-download-failed'],
    [404, 'dolt-version-unknown'],
    [410, 'dolt-download-failed'],
    [501, 'dolt-download-failed'],
  ])('fails at once after the answer %d', async (status, code) => {
    const { failure, left } = await downloading(says(status));
    expect(failure).toMatchObject({ code, message: expect.stringContaining(`/asset answered ${status}`) });
    expect(left).toEqual([]);
  });

  test('leaves no file after an interruption', async () => {
    const abort = new AbortController();
    const { failure, left } = await downloading((response) => {
      response.writeHead(200, { 'content-length': BODY.length });
      response.write(BODY.subarray(0, 1000), () => abort.abort());
    }, abort);
    expect([failure.code, left]).toEqual(['interrupted', []]);
  });

  test.each([
    ['without an end', BODY, 'sends more than 300000 bytes'],
    ['of one byte now and then', BODY.subarray(0, 1), 'broke off: the answer takes longer than'],
  ])('a body %s is ended at a limit, and nothing is left', async (_, piece, message) => {
    const { failure, asked, left } = await downloading(
      (response) => {
        response.writeHead(200);
        const timer = setInterval(() => response.write(piece), 5);
        response.on('close', () => clearInterval(timer));
      },
      { downloadMs: 1_000, maxBytes: BODY.length },
    );
    expect(failure).toMatchObject({ code: 'dolt-download-failed', message: expect.stringContaining(message) });
    expect([asked, left]).toEqual([1, []]);
  });

  test('without a reachable host is not a failure yet, because another way may work', async () => {
    await using folder = await tempFolder();
    const url = `${await closedHost()}/asset`;
    const { signal } = new AbortController();
    const ended = await download({ url, file: folder.file('a'), sha256: SHA256, signal });
    expect(ended).toMatchObject({ kind: 'unreachable' });
  });
});
