import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { makeDatabase, openTestDatabase, type TestDatabase } from '../helpers/database.ts';
import { testDolt } from '../helpers/dolt-binary.ts';
import { type FakeRunner, fakeRunner, type Step, type StepEnd } from '../helpers/fake-runner.ts';
import { answersAsDolt } from '../helpers/installing.ts';
import { validated } from '../helpers/json-schema.ts';
import { PLATFORM, packRelease } from '../helpers/release-archive.ts';
import { closedHost, releaseHost, sendsFile } from '../helpers/release-host.ts';
import { CACHE_TOKEN, type StubCache, startCacheService } from '../helpers/servers/cache-service.ts';
import { below, type TempFolder, tempFolder } from '../helpers/temp-folder.ts';

const DATABASE = 'dolt-federation-database-';
/** A table that is many times as large as the others. */
const MUCH = [
  'CREATE TABLE much (id INT PRIMARY KEY, text TEXT)',
  `INSERT INTO much WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 800)
   SELECT i, CONCAT(SHA2(i, 512), SHA2(-i, 512), SHA2(i + 1000, 512), SHA2(i + 2000, 512)) FROM n`,
];
const kept = (cache: StubCache) => [...cache.entries.keys()].filter((key) => key.startsWith(DATABASE));
const lines = ({ stdout }: StepEnd) => stdout.split('\n').filter((line) => line.includes('Actions cache'));

/** A federation with a database at its primary only. Each job of the workflow has its own machine. */
interface Scene {
  readonly cache: StubCache;
  readonly home: TestDatabase;
  readonly url: string;
  job(step?: Step): Promise<StepEnd & { readonly runner: FakeRunner }>;
}

async function scene(folder: TempFolder, cache: StubCache): Promise<Scene> {
  const url = `file://${folder.file('box')}`;
  const home = await makeDatabase(folder.file('home'));
  await home.publish(url);
  let jobs = 0;
  return {
    cache,
    home,
    url,
    async job({ inputs = {}, ...step } = {}) {
      jobs += 1;
      const runner = await fakeRunner(below(folder, `job-${jobs}`));
      const given = { remote: url, 'dolt-path': testDolt(), 'cache-database': 'true', ...inputs };
      return { ...(await runner.main({ ...step, inputs: given, env: { ...cache.env, ...step.env } })), runner };
    },
  };
}

describe('a step with cache-database', () => {
  test('clones once, and then fetches new commits into the stored database', async () => {
    await using folder = await tempFolder();
    await using cache = await startCacheService();
    const { job, home, url } = await scene(folder, cache);

    const first = await job();
    expect(first.outputs).toMatchObject({ status: 'unchanged', head: await home.head(), 'cache-hit': 'false' });
    expect(lines(first)).toContain('Actions cache: the database: no entry');
    expect(lines(first).at(-1)).toMatch(
      /^Actions cache: the database: stored dolt-federation-database-2\.3\.0-[0-9a-f]{20}-0-1-\w{8}, /,
    );
    expect(kept(cache)).toHaveLength(1);
    // Neither the token nor the address of an entry may be seen.
    expect(first.stdout.replaceAll(/^::add-mask::.*$/gm, '')).not.toMatch(new RegExp(`${CACHE_TOKEN}|sig=`));

    await home.commit('more', "INSERT INTO items VALUES (77, 'new', 'ann')");
    const head = await home.commit('much', ...MUCH);
    await home.publish(url);
    const second = await job();
    expect(second.exitCode).toBe(0);
    expect(second.outputs).toMatchObject({ head, status: 'unchanged', synced: 'origin' });
    expect(second.stdout).toMatch(/^database from the Actions cache: \d+\.\d s, the last clone took \d+\.\d s$/m);
    expect(second.summary).toMatch(/restored it from the Actions cache into .* the last clone took \d/);
    const result = validated('run', second.outputs['result'] ?? '');
    expect(result).toMatchObject({ cloned: true, unsaved: 0 });
    const restored = openTestDatabase(second.outputs['database-path'] ?? '');
    expect(await restored.rows('SELECT title FROM items WHERE id = 77')).toEqual([{ title: 'new' }]);
    expect(kept(cache)).toHaveLength(2);
    expect(await readdir(join(second.runner.temp, 'dolt-federation'))).toHaveLength(1);

    // The stored entry has all but a few rows, which are fetched each time.
    const newer = await home.commit('little', "INSERT INTO items VALUES (78, 'newer', 'ann')");
    await home.publish(url);
    const third = await job();
    expect(third.outputs).toMatchObject({ head: newer, status: 'unchanged' });
    expect(third.stdout).toContain('database from the Actions cache: ');
    expect(lines(third)).toContain('Actions cache: the database was not stored: the restored entry has most of it');
    expect(kept(cache)).toHaveLength(2);
  });

  test('clones if the cache is broken, refuses requests or does not answer', async () => {
    await using folder = await tempFolder();
    await using cache = await startCacheService();
    const { job, home } = await scene(folder, cache);
    const head = await home.head();
    await job();
    const [key = ''] = kept(cache);

    cache.entries.set(key, Buffer.from('<html>a proxy</html>'));
    const corrupt = await job();
    expect(corrupt.outputs).toMatchObject({ head, status: 'unchanged' });
    expect(corrupt.commands).toContainEqual(
      expect.objectContaining({ command: 'warning', message: expect.stringContaining(`gh cache delete ${key}`) }),
    );
    expect(corrupt.stdout).not.toContain('database from the Actions cache: ');

    for (const fault of [403, 'silent'] as const) {
      cache.faults.set('GetCacheEntryDownloadURL', fault);
      const begun = performance.now();
      const step = await job({ inputs: { 'fail-on': 'any' } });
      expect([step.exitCode, step.outputs['status'], step.outputs['head']]).toEqual([0, 'unchanged', head]);
      expect(step.stdout).toMatch(
        /^Actions cache: the database was not restored: .* This step goes on without the cache\.$/m,
      );
      expect(step.commands.filter(({ command }) => command === 'warning' || command === 'error')).toEqual([]);
      expect(performance.now() - begun).toBeLessThan(30_000);
    }
  });

  const REPOSITORY = { default_branch: 'main' };
  test.each<[string, Step, string]>([
    [
      'a public repository',
      { event: { name: 'schedule', payload: { repository: { ...REPOSITORY, visibility: 'public' } } } },
      'the repository is public',
    ],
    [
      'an event that may not write',
      {
        event: {
          name: 'pull_request',
          ref: 'refs/pull/1/merge',
          payload: { repository: { ...REPOSITORY, private: true } },
        },
      },
      'the event may not write',
    ],
    [
      'a federation above T1',
      { inputs: { peers: 'strict: {endpoint: "file:///none", tier: T2}', only: 'origin' } },
      'strict has the tier T2',
    ],
  ])('in %s does not use the cache and says why', async (_, step, why) => {
    await using folder = await tempFolder();
    await using cache = await startCacheService();
    const { job } = await scene(folder, cache);
    const ended = await job(step);
    expect(ended.exitCode).toBe(0);
    expect(ended.summary).toContain('the database is not kept in the Actions cache');
    expect(ended.commands).toContainEqual(
      expect.objectContaining({
        properties: expect.objectContaining({ title: 'database-not-cached' }),
        message: expect.stringContaining(why),
      }),
    );
    // The heads of the peers are not rows.
    expect([...cache.entries.keys()].filter((key) => !key.startsWith('dolt-federation-heads-'))).toEqual([]);
    expect(cache.requests).not.toContain('download');
  });
});

test('a setup step restores Dolt from the Actions cache on a new machine, without the release host', async () => {
  await using folder = await tempFolder();
  await using cache = await startCacheService();
  await using host = await releaseHost();
  const made = await packRelease(await answersAsDolt(folder.file('made'), '2.3.0'), folder.path);
  host.on(`/download/v2.3.0/${PLATFORM.asset}`, sendsFile(made.file));
  const setup = async (name: string, url: string, inputs: Step['inputs'] = {}) => {
    const runner = await fakeRunner(below(folder, name));
    const wanted = { 'dolt-sha256': made.sha256, 'dolt-mirror': `${url}/download`, ...inputs };
    return await runner.main({ action: 'setup/action.yml', inputs: wanted, env: { ...cache.env } });
  };
  expect((await setup('one', host.url)).outputs).toMatchObject({ 'dolt-version': '2.3.0', 'cache-hit': 'false' });
  const hit = await setup('two', await closedHost());
  expect(hit.outputs).toMatchObject({ 'dolt-version': '2.3.0', 'cache-hit': 'true', status: 'success' });
  expect(validated('install', hit.outputs['result'] ?? '')).toMatchObject({ source: 'actions-cache' });
  const asked = cache.requests.length;
  expect((await setup('three', host.url, { cache: 'false' })).outputs).toMatchObject({ 'cache-hit': 'false' });
  expect(cache.requests).toHaveLength(asked);
});
