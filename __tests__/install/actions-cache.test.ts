import { readdir, readFile, writeFile } from 'node:fs/promises';
import { expect, test } from '@jest/globals';
import { buildDolt } from '../../src/install/build.ts';
import { fileDigest } from '../../src/install/digests.ts';
import type { DoltRequest } from '../../src/install/dolt-request.ts';
import { installDolt } from '../../src/install/install.ts';
import { cacheOfStep } from '../helpers/caching.ts';
import { fakeGo } from '../helpers/fake-go.ts';
import { answersAsDolt, type Machine, machine } from '../helpers/installing.ts';
import { PLATFORM, packRelease } from '../helpers/release-archive.ts';
import { closedHost, releaseHost, sendsFile } from '../helpers/release-host.ts';
import { type StubCache, startCacheService } from '../helpers/servers/cache-service.ts';

const WANTED = { kind: 'exact', version: '2.3.0' } as const;

/** A machine of one job: a new one has an empty tool cache, and the cache of the repository stays. */
async function runner(service: StubCache, more: Readonly<Record<string, string>> = {}) {
  const box = await machine({ ...service.env, ...more });
  const context = { ...box.context, cache: cacheOfStep(box.context.env, box.context) };
  return { box, context };
}

const restored = (box: Machine) => box.lines.filter((line) => line.includes('restored'));

test('a release is stored once and restored on a new machine, even if its host is unreachable', async () => {
  await using service = await startCacheService();
  await using host = await releaseHost();
  const first = await runner(service);
  await using one = first.box;
  const made = await packRelease(await answersAsDolt(one.folder.file('made'), '2.3.0'), one.folder.path);
  host.on(`/download/v2.3.0/${PLATFORM.asset}`, sendsFile(made.file));
  const request = (url: string): DoltRequest => ({ source: 'release', mirror: `${url}/download`, sha256: made.sha256 });
  expect((await installDolt(request(host.url), first.context)).source).toBe('release');
  expect([...service.entries.keys()]).toEqual([`dolt-federation-dolt-2.3.0-${PLATFORM.asset}-${made.sha256}`]);

  const second = await runner(service);
  await using two = second.box;
  const again = await installDolt(request(await closedHost()), second.context);
  expect(again).toEqual({ version: '2.3.0', path: expect.stringContaining(two.folder.path), source: 'actions-cache' });
  expect(await fileDigest(again.path)).toBe(await fileDigest(one.folder.file('made', 'dolt')));
  expect(restored(two)).toHaveLength(1);
  expect(await readdir(two.context.tempDir)).toEqual([]);
  expect(host.seen).toHaveLength(1);

  // The tool cache of the machine comes first.
  const asked = service.requests.length;
  expect((await installDolt(request(await closedHost()), second.context)).source).toBe('tool-cache');
  expect(service.requests).toHaveLength(asked);
});

test('other bytes under the key of a release never run, and the release is downloaded', async () => {
  await using service = await startCacheService();
  await using host = await releaseHost();
  const { box, context } = await runner(service);
  await using _ = box;
  const made = await packRelease(await answersAsDolt(box.folder.file('made'), '2.3.0'), box.folder.path);
  const evil = await packRelease(
    await answersAsDolt(box.folder.file('evil'), '2.3.0 # other'),
    box.folder.file('evil'),
  );
  host.on(`/download/v2.3.0/${PLATFORM.asset}`, sendsFile(made.file));
  const key = `dolt-federation-dolt-2.3.0-${PLATFORM.asset}-${made.sha256}`;
  service.entries.set(key, await readFile(evil.file));
  const request: DoltRequest = { source: 'release', mirror: `${host.url}/download`, sha256: made.sha256 };
  const installed = await installDolt(request, context);
  expect(installed.source).toBe('release');
  expect(await fileDigest(installed.path)).toBe(await fileDigest(box.folder.file('made', 'dolt')));
  expect(box.lines).toContain(
    `warning: The entry ${key} of the Actions cache is not used: it has the SHA-256 ${evil.sha256}, not ${made.sha256}. Delete it: gh cache delete ${key}`,
  );
});

test.each([503, 'cut', 403] as const)('a cache that answers %s only costs a download', async (fault) => {
  await using service = await startCacheService();
  await using host = await releaseHost();
  const { box, context } = await runner(service);
  await using _ = box;
  const made = await packRelease(await answersAsDolt(box.folder.file('made'), '2.3.0'), box.folder.path);
  host.on(`/download/v2.3.0/${PLATFORM.asset}`, sendsFile(made.file));
  service.faults.set('GetCacheEntryDownloadURL', fault);
  const request: DoltRequest = { source: 'release', mirror: `${host.url}/download`, sha256: made.sha256 };
  expect((await installDolt(request, context)).source).toBe('release');
  expect(service.requests).toEqual(['GetCacheEntryDownloadURL']);
});

test('a build is stored for machines with its image, and restored there without Go', async () => {
  await using service = await startCacheService();
  const first = await runner(service, { ImageOS: 'ubuntu24' });
  await using one = first.box;
  await fakeGo(one.bin);
  expect((await buildDolt(WANTED, first.context)).source).toBe('build');
  expect([...service.entries.keys()]).toEqual([
    expect.stringMatching(/^dolt-federation-build-linux-\w+-ubuntu24-v0\.40\.5-[\w.-]+-$/),
  ]);

  const second = await runner(service, { ImageOS: 'ubuntu24' });
  await using two = second.box;
  const again = await buildDolt(WANTED, second.context);
  expect(again).toMatchObject({ version: '2.3.0', source: 'actions-cache' });
  expect(await fileDigest(again.path)).toBe(
    await fileDigest(one.folder.file('tools', 'dolt', '2.3.0', process.arch, 'dolt')),
  );
  expect(await readdir(two.context.tempDir)).toEqual([]);

  const other = await runner(service, { ImageOS: 'ubuntu26' });
  await using three = other.box;
  await fakeGo(three.bin);
  expect((await buildDolt(WANTED, other.context)).source).toBe('build');
});

test('a build that does not run on this machine, or has another version, is built again', async () => {
  await using service = await startCacheService();
  const first = await runner(service);
  await using one = first.box;
  await answersAsDolt(one.folder.file('kept'), '2.2.0');
  const key = 'dolt-federation-build-linux-x64-own-v0.40.5-0.20260818190141-0c8421b85560-'.replace('x64', process.arch);
  expect(await first.context.cache.saveFolder({ what: 'a build', key }, one.folder.file('kept'), ['dolt'])).toBe(true);
  await fakeGo(one.bin);
  expect((await buildDolt(WANTED, first.context)).source).toBe('build');
  expect(one.lines.join('\n')).toContain(
    `${key} of the Actions cache is not used: it is no Dolt 2.3.0 that runs here (2.2.0)`,
  );

  service.entries.clear();
  const second = await runner(service);
  await using two = second.box;
  await writeFile(one.folder.file('kept', 'dolt'), 'no program');
  await second.context.cache.saveFolder({ what: 'a build', key }, one.folder.file('kept'), ['dolt']);
  await fakeGo(two.bin);
  expect((await buildDolt(WANTED, second.context)).source).toBe('build');
});

test('a run on an event that may not write stores no build', async () => {
  await using service = await startCacheService();
  const { box, context } = await runner(service);
  await using _ = box;
  await fakeGo(box.bin);
  expect((await buildDolt(WANTED, { ...context, untrusted: true })).source).toBe('build');
  expect([...service.entries.keys()]).toEqual([]);
});
