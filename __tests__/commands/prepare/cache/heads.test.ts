import { describe, expect, test } from '@jest/globals';
import { keyAfter } from '../../../../src/commands/prepare/cache/chain.ts';
import {
  type CachedHeads,
  cachedHead,
  cachedRetired,
  headsPrefix,
  headsToCache,
  type KnownHeads,
  restoreHeads,
  storeHeads,
  unitedHeads,
} from '../../../../src/commands/prepare/cache/heads.ts';
import {
  addBackups,
  type BackupRecord,
  EMPTY_STATE,
  remember,
  retire,
  type StateFile,
  type StateKey,
} from '../../../../src/sync/history/last-verified.ts';
import { cacheOfStep } from '../../../helpers/caching.ts';
import { startCacheService } from '../../../helpers/servers/cache-service.ts';
import { tempFolder } from '../../../helpers/temp-folder.ts';

const [ROOT, OTHER_ROOT, HEAD, LATER] = ['a', 'b', 'c', 'd'].map((letter) => letter.repeat(32));
const root = String(ROOT);
const head = String(HEAD);
const later = String(LATER);
const at = '2026-11-28T18:00:00.000Z';
const place: StateKey = { root, endpoint: 'https://dolt.partner.example/db', ref: null, branch: 'main', local: 'main' };
const known = remember(EMPTY_STATE, [{ place, name: 'partner', head, verifiedAt: at }]);

/** A run that restored nothing and ends in a state. */
function ending(after: StateFile, more: Partial<KnownHeads> = {}): KnownHeads {
  return { root, before: EMPTY_STATE, restored: [], after, isKept: () => true, ...more };
}

test('a cached head is found by its place only', () => {
  const cached = headsToCache(ending(retire(known, 'main', [later])), []);
  expect(cachedHead(cached, place)).toMatchObject({ head, verifiedAt: at });
  for (const other of [
    { branch: 'x' },
    { local: 'x' },
    { endpoint: 'x' },
    { ref: 'refs/x' },
    { root: String(OTHER_ROOT) },
  ])
    expect(cachedHead(cached, { ...place, ...other })).toBeNull();
  expect([cachedRetired(cached, 'main'), cachedRetired(cached, 'x')]).toEqual([[later], []]);
});

test('only hashes, dates and sizes are cached', () => {
  const backup = { size: { bytes: 12, of: 'clone' }, drills: { provenAt: at, since: 2 } } as const;
  const state = addBackups(retire(known, 'main', [later]), [{ place, record: backup }]);
  const cached = headsToCache(ending(state), []);
  expect(cachedHead(cached, place)).toMatchObject(backup);
  const text = JSON.stringify(cached);
  expect(text).not.toMatch(/partner|example|main/);
  expect(
    text.match(/"[^"]*"/g)?.filter((word) => !/^"(?:[0-9a-f]{64}|[0-9a-v]{32}|[\d-]{10}T[\d:.]+Z)"$/.test(word)),
  ).toEqual(
    [
      ...[
        'version',
        'heads',
        'place',
        'head',
        'verifiedAt',
        'size',
        'bytes',
        'of',
        'clone',
        'drills',
        'provenAt',
        'since',
      ],
      ...['retired', 'local', 'head'],
    ].map((word) => `"${word}"`),
  );
});

test('unknown heads are kept in the cache, and known ones replace older ones', () => {
  const other = { ...place, endpoint: 'file:///backup' };
  const before = headsToCache(ending(remember(known, [{ place: other, name: 'backup', head, verifiedAt: null }])), []);
  const next = remember(EMPTY_STATE, [{ place, name: 'partner', head: later, verifiedAt: at }]);
  const after = headsToCache(ending(next, { restored: [before] }), [before]);
  expect([cachedHead(after, place)?.head, cachedHead(after, other)?.head]).toEqual([later, head]);
});

test('a head of another database, or one that the source of the next clone lacks, is not cached', () => {
  expect(headsToCache(ending(known, { isKept: () => false }), []).heads).toEqual([]);
  expect(headsToCache(ending(known, { root: String(OTHER_ROOT) }), []).heads).toEqual([]);
});

test('the number of heads is limited, and heads of others never displace those of this run', () => {
  const many = Array.from({ length: 2_100 }, (_, index) => ({
    place: { ...place, endpoint: `file:///${index}` },
    name: `p${index}`,
    head,
    verifiedAt: null,
  }));
  expect(headsToCache(ending(remember(EMPTY_STATE, many)), []).heads).toHaveLength(2_000);
  // Others filled the entry with heads whose digests come before those of all peers.
  const foreign = (_: unknown, index: number) => ({
    place: index.toString(16).padStart(64, '0'),
    head,
    verifiedAt: null,
  });
  const retired = Array.from({ length: 2_000 }, (_, index) => ({ local: foreign(_, index).place, head }));
  const filled: CachedHeads = { version: 1, heads: Array.from({ length: 2_000 }, foreign), retired };
  const first = headsToCache(ending(retire(known, 'main', [later]), { restored: [filled] }), [filled]);
  const other = { ...place, endpoint: 'file:///backup' };
  const state = remember(EMPTY_STATE, [{ place: other, name: 'backup', head: later, verifiedAt: null }]);
  // The oldest abandoned head is ours.
  const stored = { ...first, retired: [...first.retired.slice(-1), ...first.retired.slice(0, -1)] };
  const second = headsToCache(ending(retire(state, 'main', [later, head]), { restored: [stored] }), [stored]);
  expect([second.heads.length, second.retired.length]).toEqual([2_000, 2_000]);
  expect([cachedHead(second, place)?.head, cachedHead(second, other)?.head]).toEqual([head, later]);
  expect(cachedRetired(second, 'main')).toEqual([later, head]);
});

interface Recorded {
  readonly head: string;
  readonly verifiedAt: string | null;
  readonly record?: BackupRecord;
}

function stateOf(recorded: Recorded | null): StateFile {
  if (recorded === null) return EMPTY_STATE;
  const { verifiedAt, record = {} } = recorded;
  const state = remember(EMPTY_STATE, [{ place, name: 'partner', head: recorded.head, verifiedAt }]);
  return addBackups(state, [{ place, record }]);
}

const [OLD, NEW, OTHER] = ['e', 'f', 'g'].map((letter) => letter.repeat(32)).map(String);
const [T0, T1, T2, FAR] = [1, 2, 3, 9].map((year) => `202${year}-01-01T00:00:00.000Z`);
const old: Recorded = { head: String(OLD), verifiedAt: String(T0) };
const mine = (verifiedAt = T1): Recorded => ({ head: String(NEW), verifiedAt: String(verifiedAt) });
const theirs = (verifiedAt = T2): Recorded => ({ head: String(OTHER), verifiedAt: String(verifiedAt) });

describe('of the head that a run knew at its start, its own at its end, and that of the last entry', () => {
  test.each<[string, Recorded | null, Recorded | null, Recorded | null, string | undefined]>([
    ['its own counts if no other job stored one', old, mine(), old, NEW],
    ['its own counts if a stored one has a date ahead', theirs(FAR), mine(), theirs(FAR), NEW],
    ['the stored one counts if the run did not read the peer', old, old, theirs(), OTHER],
    ['the stored one counts if it has the same date, and the run did not read', old, old, theirs(T0), OTHER],
    ['the one that was verified later counts: the stored one', old, mine(T1), theirs(T2), OTHER],
    ['the one that was verified later counts: its own', old, mine(T2), theirs(T1), NEW],
    ['its own counts if it was only read, and no other job stored one', old, mine(T0), old, NEW],
    ['its own counts if the entry is gone', old, old, null, OLD],
    ['its own counts if an older entry is the last one', mine(T1), mine(T1), old, NEW],
    ['the stored one counts if the run knows none', null, null, theirs(), OTHER],
    ['the later one counts if none was known', null, mine(T1), theirs(T2), OTHER],
  ])('%s', (_, begun, ended, stored, expected) => {
    const restored = headsToCache(ending(stateOf(begun)), []);
    const entries = stored === null ? [] : [headsToCache(ending(stateOf(stored)), [])];
    const isFirstStep = ending(stateOf(ended), { before: stateOf(begun), restored: [restored] });
    const isLaterStep = ending(stateOf(ended), { before: stateOf(begun) });
    for (const run of [isFirstStep, isLaterStep])
      expect(cachedHead(headsToCache(run, entries), place)?.head).toBe(expected);
  });

  test('its own counts beside each of several entries that were there at its start', () => {
    const entries = [old, theirs(FAR), { ...old, verifiedAt: String(T2) }].map((one) =>
      headsToCache(ending(stateOf(one)), []),
    );
    const began = { before: stateOf(theirs(FAR)), restored: entries };
    const headAfter = (ended: StateFile, found: readonly CachedHeads[]) =>
      cachedHead(headsToCache(ending(ended, began), found), place)?.head;
    expect(headAfter(stateOf(mine(T1)), entries)).toBe(NEW);
    // Of those that were there, the last one that was verified counts.
    expect(headAfter(EMPTY_STATE, entries)).toBe(OTHER);
    const stored = headsToCache(ending(stateOf(theirs(T2))), []);
    expect(headAfter(stateOf(mine(T1)), [...entries, stored])).toBe(OTHER);
  });

  test('sizes and proofs of a backup count from the job that recorded them', () => {
    const [size, newSize] = [12, 13].map((bytes) => ({ bytes, of: 'clone' as const }));
    const [drills, newDrills] = [3, 0].map((since) => ({ provenAt: at, since }));
    const begun = stateOf({ ...old, record: { size, drills } });
    const stored = stateOf({ ...old, verifiedAt: String(T1), record: { size: newSize, drills } });
    const after = stateOf({ ...mine(T2), record: { size, drills: newDrills } });
    const all = headsToCache(ending(after, { before: begun }), [headsToCache(ending(stored), [])]);
    expect(cachedHead(all, place)).toMatchObject({ head: NEW, verifiedAt: T2, size: newSize, drills: newDrills });
  });
});

const CLONE = { source: { dataPlace: 'https://dolt.example/box', ref: null }, branch: null, shard: undefined };
const ENV = { GITHUB_REPOSITORY: 'my-org/my-repo', GITHUB_WORKFLOW: 'federation' };

test('each workflow, database and leg has its own entries', () => {
  const { source } = CLONE;
  const prefixes = [
    headsPrefix(CLONE, root, ENV),
    headsPrefix({ ...CLONE, shard: { leg: 1, legs: 3 } }, root, ENV),
    headsPrefix({ ...CLONE, shard: { leg: 2, legs: 3 } }, root, ENV),
    headsPrefix({ ...CLONE, branch: 'dev' }, root, ENV),
    headsPrefix({ ...CLONE, source: { ...source, dataPlace: 'https://dolt.example/other-town' } }, root, ENV),
    headsPrefix({ ...CLONE, source: { ...source, ref: 'refs/x' } }, root, ENV),
    headsPrefix(CLONE, String(OTHER_ROOT), ENV),
    headsPrefix(CLONE, root, { ...ENV, GITHUB_WORKFLOW: 'other' }),
    headsPrefix(CLONE, root, { ...ENV, GITHUB_REPOSITORY: 'my-org/other' }),
  ];
  expect(new Set(prefixes).size).toBe(prefixes.length);
});

describe('jobs that run at the same time', () => {
  const peerOf = (name: string): StateKey => ({ ...place, endpoint: `https://dolt.example/${name}` });
  const PREFIX = headsPrefix(CLONE, root, ENV);

  /** Jobs of one workflow that each read one peer. */
  async function workflow() {
    const folder = await tempFolder();
    const service = await startCacheService();
    const lines: string[] = [];
    const says = (text: string) => void lines.push(text);
    const log = { debug: says, info: says, warning: says };
    const signal = new AbortController().signal;
    const contextOf = (env = {}) => ({
      cache: cacheOfStep({ ...service.env, ...env }, { log, signal }),
      env: ENV,
      tempDir: folder.path,
    });
    const start = async (name: string, env = {}) => {
      const context = contextOf(env);
      const restored = await restoreHeads(CLONE, root, context);
      const after = retire(remember(EMPTY_STATE, [{ place: peerOf(name), name, head, verifiedAt: at }]), name, [later]);
      return { end: async () => await storeHeads(CLONE, context, ending(after, { restored })) };
    };
    return {
      service,
      lines,
      start,
      job: async (name: string) => await (await start(name)).end(),
      /** The peers among these whose head a new job knows. */
      known: async (...names: readonly string[]) => {
        const cached = unitedHeads(await restoreHeads(CLONE, root, contextOf()));
        return names.filter(
          (name) => cachedHead(cached, peerOf(name)) !== null && cachedRetired(cached, name).length > 0,
        );
      },
      async [Symbol.asyncDispose]() {
        await service[Symbol.asyncDispose]();
        await folder[Symbol.asyncDispose]();
      },
    };
  }

  test('each keep the heads of the others', async () => {
    await using at = await workflow();
    await at.job('first');
    const names = ['a', 'b', 'c', 'd', 'e'];
    const jobs = await Promise.all(names.map((name) => at.start(name)));
    await Promise.all(jobs.map((job) => job.end()));
    expect(await at.known('first', ...names, 'x')).toEqual(['first', ...names]);
    // No job stores what the last entry has.
    const { size } = at.service.entries;
    await at.job('a');
    expect(at.service.entries.size).toBe(size);
  });

  /** Two jobs that reserve their entries before one of them finishes its own. */
  async function racing(at: Awaited<ReturnType<typeof workflow>>) {
    await at.job('first');
    const jobs = [await at.start('one'), await at.start('two')];
    const waiting = [];
    for (const job of jobs) {
      const { arrived, release } = at.service.hold('FinalizeCacheEntryUpload');
      const ended = job.end();
      await arrived;
      waiting.push(async () => {
        release();
        await ended;
      });
    }
    return waiting;
  }
  const ALL = ['first', 'one', 'two'];

  test.each([
    ['the first one first', false],
    ['the second one first', true],
  ])('keep them if they finish entries that they reserved before: %s', async (_, isReversed) => {
    await using at = await workflow();
    const waiting = await racing(at);
    for (const finish of isReversed ? waiting.reverse() : waiting) await finish();
    expect(await at.known(...ALL)).toEqual(ALL);
    // GitHub does not say whether an entry is as new as its reservation or as its end. Above it was its end.
    const { entries } = at.service;
    let key = keyAfter({ prefix: PREFIX }, null);
    for (let bytes = entries.get(key); bytes !== undefined; bytes = entries.get(key)) {
      entries.delete(key);
      entries.set(key, bytes);
      key = keyAfter({ prefix: PREFIX }, key);
    }
    expect(await at.known(...ALL)).toEqual(ALL);
  });

  test('keep them if one finishes its entry late and is killed', async () => {
    await using at = await workflow();
    const [one, two] = await racing(at);
    await two?.();
    at.service.faults.set('GetCacheEntryDownloadURL', 500);
    await one?.();
    at.service.faults.clear();
    expect(await at.known(...ALL)).toEqual(ALL);
  });

  test('pass over the entry that a killed job did not finish', async () => {
    await using at = await workflow();
    await at.job('first');
    at.service.faults.set('upload', 500);
    await at.job('killed');
    at.service.faults.clear();
    await at.job('second');
    await at.job('third');
    expect(await at.known('first', 'second', 'third')).toEqual(['first', 'second', 'third']);
    // Only the job that came next had to pass it.
    expect(at.lines.filter((line) => line.includes('another step has the entry'))).toHaveLength(1);
  });

  test('go on behind an entry that cannot be used', async () => {
    await using at = await workflow();
    at.service.entries.set(`${PREFIX}foreign`, Buffer.from('{}'));
    await at.job('a');
    await at.job('b');
    expect(await at.known('a', 'b')).toEqual(['a', 'b']);
    expect(at.lines.filter((line) => line.includes('is not used'))).toHaveLength(1);
  });

  test('end in a limited number of requests if all keys are taken', async () => {
    await using at = await workflow();
    at.service.faults.set('CreateCacheEntry', 409);
    await at.job('a');
    expect(at.service.requests.length).toBeLessThan(100);
    expect(await at.known('a')).toEqual([]);
  });

  test('store nothing if they may not read, and so would replace what they do not know', async () => {
    await using at = await workflow();
    await at.job('first');
    const asked = at.service.requests.length;
    await (await at.start('a', { ACTIONS_CACHE_MODE: 'write-only' })).end();
    expect(at.service.requests).toHaveLength(asked);
    expect(keyAfter({ prefix: PREFIX }, null)).toBe([...at.service.entries.keys()].join());
  });
});
