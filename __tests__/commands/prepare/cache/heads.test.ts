import { expect, test } from '@jest/globals';
import {
  cachedHead,
  cachedRetired,
  headsPrefix,
  headsToCache,
  NO_HEADS,
} from '../../../../src/commands/prepare/cache/heads.ts';
import {
  addBackups,
  EMPTY_STATE,
  remember,
  retire,
  type StateKey,
} from '../../../../src/sync/history/last-verified.ts';

const [ROOT, OTHER_ROOT, HEAD, LATER] = ['a', 'b', 'c', 'd'].map((letter) => letter.repeat(32));
const root = String(ROOT);
const head = String(HEAD);
const later = String(LATER);
const at = '2026-11-28T18:00:00.000Z';
const place: StateKey = { root, endpoint: 'https://dolt.partner.example/db', ref: null, branch: 'main', local: 'main' };
const everything = { root, isKept: () => true };

const known = remember(EMPTY_STATE, [{ place, name: 'partner', head, verifiedAt: at }]);

test('a cached head is found by its place only', () => {
  const cached = headsToCache(retire(known, 'main', [later]), NO_HEADS, everything);
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
  const cached = headsToCache(state, NO_HEADS, everything);
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
  const before = headsToCache(
    remember(known, [{ place: other, name: 'backup', head, verifiedAt: null }]),
    NO_HEADS,
    everything,
  );
  const after = headsToCache(
    remember(EMPTY_STATE, [{ place, name: 'partner', head: later, verifiedAt: at }]),
    before,
    everything,
  );
  expect([cachedHead(after, place)?.head, cachedHead(after, other)?.head]).toEqual([later, head]);
});

test('a head of another database, or one that the source of the next clone lacks, is not cached', () => {
  expect(headsToCache(known, NO_HEADS, { root, isKept: () => false }).heads).toEqual([]);
  expect(headsToCache(known, NO_HEADS, { root: String(OTHER_ROOT), isKept: () => true }).heads).toEqual([]);
});

test('the number of heads is limited, and heads of others never displace those of this run', () => {
  const many = Array.from({ length: 2_100 }, (_, index) => ({
    place: { ...place, endpoint: `file:///${index}` },
    name: `p${index}`,
    head,
    verifiedAt: null,
  }));
  expect(headsToCache(remember(EMPTY_STATE, many), NO_HEADS, everything).heads).toHaveLength(2_000);
  // Others filled the entry with heads whose digests come before those of all peers.
  const foreign = (_: unknown, index: number) => ({
    place: index.toString(16).padStart(64, '0'),
    head,
    verifiedAt: null,
  });
  const filled = { ...NO_HEADS, heads: Array.from({ length: 2_000 }, foreign) };
  const first = headsToCache(known, filled, everything);
  const other = { ...place, endpoint: 'file:///backup' };
  const second = headsToCache(
    remember(EMPTY_STATE, [{ place: other, name: 'backup', head: later, verifiedAt: null }]),
    first,
    everything,
  );
  expect(second.heads).toHaveLength(2_000);
  expect([cachedHead(second, place)?.head, cachedHead(second, other)?.head]).toEqual([head, later]);
});

test('each workflow, database and leg has its own entries', () => {
  const env = { GITHUB_REPOSITORY: 'my-org/my-repo', GITHUB_WORKFLOW: 'federation' };
  const prefixes = [
    headsPrefix({ root, shard: undefined }, env),
    headsPrefix({ root, shard: { leg: 1, legs: 3 } }, env),
    headsPrefix({ root, shard: { leg: 2, legs: 3 } }, env),
    headsPrefix({ root: String(OTHER_ROOT), shard: undefined }, env),
    headsPrefix({ root, shard: undefined }, { ...env, GITHUB_WORKFLOW: 'other' }),
    headsPrefix({ root, shard: undefined }, { ...env, GITHUB_REPOSITORY: 'my-org/other' }),
  ];
  expect(new Set(prefixes).size).toBe(prefixes.length);
});
