import { appendFile, rm, writeFile } from 'node:fs/promises';
import { describe, expect, test } from '@jest/globals';
import { installDolt } from '../../src/install/install.ts';
import { storeInToolCache } from '../../src/install/tool-cache.ts';
import { parseAskedVersion } from '../../src/install/version.ts';
import { answersAsDolt, type Machine, machine, program } from '../helpers/installing.ts';
import { closedHost, redirects, releaseHost } from '../helpers/release-host.ts';
import { failureOf } from '../helpers/thrown.ts';

const RELEASE = { source: 'release' } as const;

async function primeCache(box: Machine, version: string): Promise<string> {
  const executable = await answersAsDolt(box.folder.file('made'), version);
  return storeInToolCache(executable, { version }, box.context.toolCacheDir);
}

describe('a named executable', () => {
  test('is used with any version, unless a version is given', async () => {
    await using box = await machine();
    const path = await answersAsDolt(box.folder.file('mine'), '2.9.9');
    const installed = { version: '2.9.9', path, source: 'path' };
    expect(await installDolt({ ...RELEASE, path }, box.context)).toEqual(installed);
    expect(
      await installDolt({ ...RELEASE, path: 'mine/dolt', version: parseAskedVersion('2.x') }, box.context),
    ).toEqual(installed);
    const failure = await failureOf(
      installDolt({ ...RELEASE, path, version: parseAskedVersion('2.3.0') }, box.context),
    );
    expect(failure).toMatchObject({ code: 'dolt-not-found', message: `"${path}" is Dolt 2.9.9, not 2.3.0` });
  });

  test('must run, even if PATH has another Dolt', async () => {
    await using box = await machine();
    await answersAsDolt(box.bin, '2.3.0');
    const failure = await failureOf(installDolt({ ...RELEASE, path: '/no/such/dolt' }, box.context));
    expect(failure).toMatchObject({ code: 'dolt-not-found', message: expect.stringContaining('"/no/such/dolt"') });
    expect(failure.hint).toMatch(/^Correct `--dolt-path`/);
  });

  test('is not blamed for a temporary folder that cannot be used; nor is one on PATH', async () => {
    await using box = await machine();
    const path = await answersAsDolt(box.bin, '2.3.0');
    await writeFile(box.context.tempDir, '');
    for (const named of [{ path }, {}]) {
      const failure = await failureOf(installDolt({ ...RELEASE, ...named }, box.context));
      expect([failure.code, failure.message]).toEqual(['bad-usage', expect.stringContaining(box.context.tempDir)]);
    }
    expect(box.lines.filter((line) => line.startsWith('warning'))).toEqual([]);
  });

  test('is compared with the latest version if that is requested', async () => {
    await using box = await machine();
    await using host = await releaseHost();
    host.on('/latest', redirects('/tag/v2.9.9'));
    const request = { ...RELEASE, version: parseAskedVersion('latest'), mirror: `${host.url}/download` };
    const path = await answersAsDolt(box.folder.file('mine'), '2.9.9');
    expect((await installDolt({ ...request, path }, box.context)).version).toBe('2.9.9');
  });
});

describe('Dolt on PATH and in the tool cache', () => {
  test('is taken from PATH if its version fits', async () => {
    await using box = await machine();
    await primeCache(box, '2.3.0');
    const path = await answersAsDolt(box.bin, '2.3.0');
    expect(await installDolt(RELEASE, box.context)).toEqual({ version: '2.3.0', path, source: 'path' });
  });

  test('is named in the error if another version is on PATH and no release is available', async () => {
    const closed = await closedHost();
    await using box = await machine({ GITHUB_API_URL: closed });
    await answersAsDolt(box.bin, '1.40.0');
    const failure = await failureOf(installDolt({ ...RELEASE, mirror: closed }, box.context));
    expect(failure).toMatchObject({
      code: 'dolt-download-failed',
      message: expect.stringMatching(/cannot be reached: .*\n.*bin\/dolt is Dolt 1\.40\.0, not 2\.3\.0$/s),
      hint: expect.stringMatching(/To use another Dolt on PATH, set `--dolt-version`\.$/),
    });
  });

  test('is not used if it has another version or does not run', async () => {
    await using box = await machine();
    await answersAsDolt(box.bin, '2.2.0');
    const path = await primeCache(box, '2.3.0');
    expect(await installDolt(RELEASE, box.context)).toEqual({ version: '2.3.0', path, source: 'tool-cache' });
    expect(box.lines).toEqual([`info: ${box.bin}/dolt is Dolt 2.2.0, not 2.3.0: it is not used`]);
    await program(`${box.bin}/dolt`, 'echo broken >&2; exit 3');
    expect((await installDolt(RELEASE, box.context)).source).toBe('tool-cache');
    expect(box.lines.at(-1)).toContain('warning: A Dolt on PATH is not used');
    expect(box.lines.at(-1)).toContain('exit code 3, output "broken"');
  });

  test.each(['release', 'build', 'auto'] as const)(
    'needs neither network nor Go if it is in the cache (%s)',
    async (source) => {
      await using box = await machine({ GITHUB_API_URL: await closedHost() });
      await primeCache(box, '2.3.0');
      expect((await installDolt({ source, mirror: await closedHost() }, box.context)).source).toBe('tool-cache');
      expect((await installDolt({ source, version: parseAskedVersion('^2.0.0') }, box.context)).version).toBe('2.3.0');
    },
  );

  test('is not used if its cache entry was changed, even without another Dolt', async () => {
    const closed = await closedHost();
    await using box = await machine({ GITHUB_API_URL: closed });
    await appendFile(await primeCache(box, '2.3.0'), '# changed');
    const failure = await failureOf(installDolt({ ...RELEASE, mirror: closed }, box.context));
    expect(failure).toMatchObject({
      code: 'dolt-download-failed',
      message: expect.stringContaining('cannot be reached'),
    });
    expect(box.lines[0]).toContain('warning: Dolt 2.3.0 in the tool cache was changed after it was stored');
  });
});

test('neither PATH nor an entry of another origin is used with a digest', async () => {
  await using box = await machine();
  await answersAsDolt(box.bin, '2.3.0');
  await primeCache(box, '2.3.0');
  const request = { ...RELEASE, mirror: await closedHost(), sha256: '0'.repeat(64) };
  expect(await failureOf(installDolt(request, box.context))).toMatchObject({
    code: 'dolt-download-failed',
    hint: expect.stringContaining('Without `--dolt-sha256`, any matching Dolt is used'),
  });
});

describe('the latest version', () => {
  test('is searched on PATH after the release host named it', async () => {
    await using box = await machine();
    await using host = await releaseHost();
    host.on('/latest', redirects('/tag/v2.9.9'));
    const path = await answersAsDolt(box.bin, '2.9.9');
    const request = { ...RELEASE, version: parseAskedVersion('latest'), mirror: `${host.url}/download` };
    expect(await installDolt(request, box.context)).toEqual({ version: '2.9.9', path, source: 'path' });
    await rm(path);
    expect(await primeCache(box, '2.9.9')).toBe((await installDolt(request, box.context)).path);
  });

  test.each(['release', 'auto'] as const)('is unknown without that host (%s)', async (source) => {
    await using box = await machine();
    const request = { source, version: parseAskedVersion('latest'), mirror: `${await closedHost()}/download` };
    const failure = await failureOf(installDolt(request, box.context));
    expect(failure).toMatchObject({ code: 'dolt-download-failed', hint: expect.stringContaining('exact version') });
  });

  test('is not requested if no download is allowed', async () => {
    await using box = await machine();
    const failure = await failureOf(
      installDolt({ source: 'build', version: parseAskedVersion('latest') }, box.context),
    );
    expect(failure.code).toBe('dolt-version-unknown');
  });
});

test('an interruption ends the search and the call of a named executable', async () => {
  await using box = await machine();
  const path = await answersAsDolt(box.bin, '2.3.0');
  box.interrupt();
  expect((await failureOf(installDolt(RELEASE, box.context))).code).toBe('interrupted');
  expect((await failureOf(installDolt({ ...RELEASE, path }, box.context))).code).toBe('interrupted');
});
