import { existsSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { installDolt } from '../../src/install/install.ts';
import { parseAskedVersion } from '../../src/install/version.ts';
import { fakeGo } from '../helpers/fake-go.ts';
import { machine } from '../helpers/installing.ts';
import { PLATFORM } from '../helpers/release-archive.ts';
import { closedHost, releaseHost, says } from '../helpers/release-host.ts';
import { failureOf } from '../helpers/thrown.ts';

const ASSET = `/download/v2.3.0/${PLATFORM.asset}`;
const SHA256 = 'a1'.repeat(32);

describe('the source auto', () => {
  test('builds if the release host is unreachable, and says why', async () => {
    const closed = await closedHost();
    await using box = await machine({ GITHUB_API_URL: closed });
    await fakeGo(box.bin);
    const installed = await installDolt({ source: 'auto', mirror: closed }, box.context);
    expect(installed).toMatchObject({ version: '2.3.0', source: 'build' });
    expect(box.lines[0]).toMatch(/^info: The releases of Dolt cannot be reached \(.*ECONNREFUSED.*\): building it/);
  });

  test('does not build if a digest is given, because only a release has a digest', async () => {
    await using box = await machine();
    await fakeGo(box.bin);
    const request = { source: 'auto', mirror: await closedHost(), sha256: SHA256 } as const;
    expect(await failureOf(installDolt(request, box.context))).toMatchObject({
      code: 'dolt-download-failed',
      message: expect.stringMatching(/\nDolt 2\.3\.0 is not in the tool cache$/),
      hint: expect.stringContaining('Without `--dolt-sha256`'),
    });
    expect(existsSync(`${box.bin}/go.calls`)).toBe(false);
  });

  test.each([
    ['403', says(403), 'dolt-download-failed'],
    ['404', says(404), 'dolt-version-unknown'],
    ['a wrong digest', says(200, 'not Dolt'), 'dolt-digest-mismatch'],
  ])('does not build after %s', async (_, reply, code) => {
    await using box = await machine();
    await using host = await releaseHost();
    host.on(ASSET, reply);
    await fakeGo(box.bin);
    const request = { source: 'auto', mirror: `${host.url}/download`, sha256: SHA256 } as const;
    expect((await failureOf(installDolt(request, box.context))).code).toBe(code);
    expect(existsSync(`${box.bin}/go.calls`)).toBe(false);
  });

  test('does not build after a missing digest', async () => {
    await using host = await releaseHost();
    await using box = await machine({ GITHUB_API_URL: host.url });
    await fakeGo(box.bin);
    const request = { source: 'auto', mirror: `${host.url}/download` } as const;
    expect((await failureOf(installDolt(request, box.context))).code).toBe('dolt-digest-unknown');
    expect(existsSync(`${box.bin}/go.calls`)).toBe(false);
  });

  test('names both solutions without a release and Go', async () => {
    const closed = await closedHost();
    await using box = await machine({ GITHUB_API_URL: closed });
    const failure = await failureOf(installDolt({ source: 'auto', mirror: closed }, box.context));
    expect(failure.code).toBe('dolt-not-found');
    expect(failure.message).toContain('no Go was found on PATH (its release cannot be reached:');
    expect(failure.message).toMatch(/\nDolt 2\.3\.0 is not on PATH or in the tool cache$/);
    expect(failure.hint).toContain('allow the download of a release');
    expect(failure.hint).toContain('install Go');
  });
});

test('the source release never builds', async () => {
  await using box = await machine();
  await fakeGo(box.bin);
  const request = { source: 'release', mirror: await closedHost(), sha256: SHA256 } as const;
  expect((await failureOf(installDolt(request, box.context))).code).toBe('dolt-download-failed');
  expect(existsSync(`${box.bin}/go.calls`)).toBe(false);
});

test('the source build never downloads a release', async () => {
  await using host = await releaseHost();
  await using box = await machine({ GITHUB_API_URL: host.url });
  await fakeGo(box.bin);
  expect(
    (await installDolt({ source: 'build', mirror: host.url, version: parseAskedVersion('^2.0.0') }, box.context))
      .source,
  ).toBe('build');
  expect(host.seen).toEqual([]);
});
