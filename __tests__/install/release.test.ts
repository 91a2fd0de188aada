import { readdir } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Secrets } from '../../src/core/secrets.ts';
import { run } from '../../src/dolt/process.ts';
import { fileDigest } from '../../src/install/digests.ts';
import { installDolt } from '../../src/install/install.ts';
import { parseAskedVersion } from '../../src/install/version.ts';
import { testDolt } from '../helpers/dolt-binary.ts';
import { answersAsDolt, machine } from '../helpers/installing.ts';
import { PLATFORM, packRelease } from '../helpers/release-archive.ts';
import { closedHost, redirects, releaseHost, says, sendsFile, sendsJson } from '../helpers/release-host.ts';
import { type TempFolder, tempFolder } from '../helpers/temp-folder.ts';
import { failureOf } from '../helpers/thrown.ts';

const ASSET = `/download/v2.3.0/${PLATFORM.asset}`;
const RELEASE = '/api/repos/dolthub/dolt/releases/tags/v2.3.0';
const TOKEN = 'ghs_secret';

let folder: TempFolder;
let small: Awaited<ReturnType<typeof packRelease>>;

beforeAll(async () => {
  folder = await tempFolder();
  small = await packRelease(await answersAsDolt(folder.file('made'), '2.3.0'), folder.path);
});
afterAll(async () => {
  await folder[Symbol.asyncDispose]();
});

const names = (sha256: string) => sendsJson({ assets: [{ name: PLATFORM.asset, digest: `sha256:${sha256}` }] });

test('the real Dolt is installed from a release, and the second time from the cache', async () => {
  await using box = await machine();
  await using host = await releaseHost();
  const real = await packRelease(testDolt(), folder.file('real'));
  host.on(ASSET, sendsFile(real.file));
  const dolt = { source: 'release', mirror: `${host.url}/download`, sha256: real.sha256 } as const;
  const context = {
    ...box.context,
    ceiling: null,
    cloneDir: null,
    userHome: false,
    secrets: new Secrets(),
    progress() {},
    onResource() {},
  };
  const path = box.folder.file('tools', 'dolt', '2.3.0', `${process.arch}-${real.sha256}`, 'dolt');
  const installed = await installDolt(dolt, context);
  expect(installed).toEqual({ version: '2.3.0', path, source: 'release' });
  expect(await fileDigest(path)).toBe(await fileDigest(testDolt()));
  expect(
    (
      await run(path, ['sql', '-q', 'select 6*7', '-r', 'csv'], {
        env: { HOME: box.folder.path },
        cwd: box.folder.path,
      })
    ).stdout,
  ).toContain('42');
  expect(await readdir(box.context.tempDir)).toEqual([]);

  expect((await installDolt(dolt, context)).source).toBe('tool-cache');
  expect(host.seen).toHaveLength(1);
});

describe('the target of each request', () => {
  test('is not the API if the digest is known, so its rate limit does not matter', async () => {
    await using host = await releaseHost();
    await using box = await machine({ GITHUB_API_URL: `${host.url}/api` });
    host.on(RELEASE, says(403));
    host.on(ASSET, sendsFile(small.file));
    const request = {
      source: 'release',
      mirror: `${host.url}/download`,
      sha256: small.sha256,
      githubToken: TOKEN,
    } as const;
    expect((await installDolt(request, box.context)).source).toBe('release');
    expect(host.seen.map(({ path }) => path)).toEqual([ASSET]);
  });

  test('gets the token only if it is the API, not the mirror or its redirect', async () => {
    await using api = await releaseHost();
    await using mirror = await releaseHost();
    await using storage = await releaseHost();
    await using box = await machine({ GITHUB_API_URL: `${api.url}/api` });
    api.on(RELEASE, names(small.sha256));
    mirror.on('/latest', redirects('/tag/v2.3.0'));
    mirror.on(ASSET, redirects(`${storage.url}/blob`));
    storage.on('/blob', sendsFile(small.file));
    const request = {
      source: 'release',
      version: parseAskedVersion('latest'),
      mirror: `${mirror.url}/download`,
      githubToken: TOKEN,
    } as const;
    expect((await installDolt(request, box.context)).version).toBe('2.3.0');
    expect(api.seen.map(({ headers }) => headers.authorization)).toEqual([`Bearer ${TOKEN}`]);
    expect([mirror.seen.length, storage.seen.length]).toEqual([2, 1]);
    expect(JSON.stringify([mirror.seen, storage.seen])).not.toContain(TOKEN);
    expect(box.lines.join('\n')).toContain("the one that GitHub's API names");
    expect(box.lines.join('\n')).not.toContain(TOKEN);
  });

  test('is chosen after a range is resolved', async () => {
    await using host = await releaseHost();
    await using box = await machine({ GITHUB_API_URL: `${host.url}/api` });
    const list = ['3.0.0', '2.3.0', '2.2.9'].map((version) => ({
      tag_name: `v${version}`,
      draft: false,
      prerelease: false,
    }));
    host.on('/api/repos/dolthub/dolt/releases?per_page=100', sendsJson(list));
    host.on(ASSET, sendsFile(small.file));
    const request = {
      source: 'release',
      version: parseAskedVersion('2.x'),
      mirror: `${host.url}/download`,
      sha256: small.sha256,
    } as const;
    expect((await installDolt(request, box.context)).version).toBe('2.3.0');
  });

  test('cannot be chosen if a range is not resolved because the host is unreachable', async () => {
    const closed = await closedHost();
    await using box = await machine({ GITHUB_API_URL: closed });
    const failure = await failureOf(
      installDolt({ source: 'release', version: parseAskedVersion('2.x'), mirror: closed }, box.context),
    );
    expect(failure.code).toBe('dolt-download-failed');
  });
});

describe('a refused Dolt leaves no cache entry', () => {
  test('if it has another version than requested', async () => {
    await using box = await machine();
    await using host = await releaseHost();
    host.on(`/download/v2.2.0/${PLATFORM.asset}`, sendsFile(small.file));
    const request = {
      source: 'release',
      version: parseAskedVersion('2.2.0'),
      mirror: `${host.url}/download`,
      sha256: small.sha256,
    } as const;
    const failure = await failureOf(installDolt(request, box.context));
    expect(failure).toMatchObject({
      code: 'dolt-download-failed',
      message: expect.stringContaining('contains Dolt 2.3.0 instead of 2.2.0'),
    });
    expect(await readdir(box.folder.path)).not.toContain('tools');
  });

  test('if its digest is wrong', async () => {
    await using box = await machine();
    await using host = await releaseHost();
    host.on(ASSET, sendsFile(small.file));
    const request = { source: 'release', mirror: `${host.url}/download`, sha256: '0'.repeat(64) } as const;
    expect((await failureOf(installDolt(request, box.context))).code).toBe('dolt-digest-mismatch');
    expect(await readdir(box.folder.path)).not.toContain('tools');
    expect(await readdir(box.context.tempDir)).toEqual([]);
  });
});
