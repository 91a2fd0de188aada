import { describe, expect, test } from '@jest/globals';
import { legNotices, matrixOf } from '../../src/commands/fan-out/matrix.ts';
import {
  legOfResult,
  MAX_LEGS,
  namesByLeg,
  peersOfLeg,
  requestedShard,
  shardText,
} from '../../src/commands/fan-out/shard.ts';
import { OPTIONS } from '../../src/contract/options.ts';
import { configure } from '../helpers/configuring.ts';
import { fc } from '../helpers/property.ts';
import { failureOf } from '../helpers/thrown.ts';

const names = (count: number, prefix = 'peer') => Array.from({ length: count }, (_, index) => `${prefix}-${index}`);

/** The configured peers of these names, with a primary if there is a remote. */
function peersOf(list: readonly string[], remote = true) {
  const lines = list.map((name) => `    ${name}: file:///srv/${name}\n`).join('');
  const peers = lines === '' ? '' : `  peers:\n${lines}`;
  return configure(`federation:\n${remote ? '  remote: file:///srv/hub\n' : ''}${peers}  town: t\n`).peers;
}

describe('the option shard', () => {
  test.each([
    ['1/1', { leg: 1, legs: 1 }],
    [' 2/3 ', { leg: 2, legs: 3 }],
    ['256/256', { leg: 256, legs: 256 }],
  ])('is parsed: %j', (text, shard) => {
    expect(requestedShard(text)).toEqual(shard);
    expect(shardText(shard)).toBe(text.trim());
  });

  test.each([
    ['0/3', 'the leg must be from 1 to 3 (character 1)'],
    ['4/3', 'the leg must be from 1 to 3 (character 1)'],
    ['1/0', 'the number of legs must be from 1 to 256 (character 3)'],
    ['12/257', 'the number of legs must be from 1 to 256 (character 4)'],
    ['x', 'such as `1/3` (character 1)'],
    ['', 'such as `1/3` (character 1)'],
    ['1', 'such as `1/3` (character 1)'],
    ['01/3', 'such as `1/3` (character 1)'],
    ['-1/3', 'such as `1/3` (character 1)'],
    ['1/3/5', 'such as `1/3` (character 1)'],
    ['1/1e2', 'such as `1/3` (character 1)'],
  ])('is refused: %j: %s', async (text, why) => {
    const failure = await failureOf(() => requestedShard(text));
    expect(failure).toMatchObject({ code: 'bad-usage', message: expect.stringContaining(why) });
    expect(failure.message).toContain(JSON.stringify(text));
  });

  test('allows as many legs as GitHub starts jobs in a matrix', () => {
    expect([OPTIONS.shards.max, MAX_LEGS]).toEqual([256, 256]);
  });
});

describe('the division of peers', () => {
  test('is stable between versions, because another one would make the caches of the legs useless', () => {
    const all = ['ann', 'bob', 'cat', 'dan', 'eve', 'fay', 'gus'];
    expect(namesByLeg(all, 3)).toEqual([
      ['bob', 'cat'],
      ['ann', 'dan', 'eve'],
      ['fay', 'gus'],
    ]);
  });

  test('puts each name into one leg with sizes that differ by at most one, in any order of the names', () => {
    const legs = fc.integer({ min: 1, max: MAX_LEGS });
    fc.assert(
      fc.property(fc.uniqueArray(fc.stringMatching(/^[A-Za-z][A-Za-z0-9_-]{0,8}$/)), legs, (list, count) => {
        const parts = namesByLeg(list, count);
        expect(parts).toHaveLength(count);
        expect(parts.flat().toSorted()).toEqual([...list].sort());
        const sizes = parts.map((part) => part.length);
        expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
        expect(namesByLeg(list.toReversed(), count)).toEqual(parts);
      }),
    );
  });

  test('moves only few peers if a peer is added', () => {
    const legOf = (list: readonly string[]) =>
      new Map(namesByLeg(list, 3).flatMap((part, leg) => part.map((name) => [name, leg] as const)));
    const moved = names(100, 'new').map((added) => {
      const before = legOf(names(30));
      const after = legOf([...names(30), added]);
      return names(30).filter((name) => before.get(name) !== after.get(name)).length;
    });
    // If peers took turns in the order of their names, half of them would move.
    expect(moved.reduce((sum, each) => sum + each, 0) / moved.length).toBeLessThan(3);
  });

  test('puts the primary into every leg, even into one without other peers', () => {
    fc.assert(
      fc.property(fc.nat(12), fc.integer({ min: 1, max: 8 }), (count, legs) => {
        const all = peersOf(names(count));
        const parts = Array.from({ length: legs }, (_, index) => peersOfLeg(all, { leg: index + 1, legs }));
        expect(parts.map(([first]) => first?.name)).toEqual(parts.map(() => 'origin'));
        const others = parts.flatMap((part) => part.slice(1).map(({ name }) => name));
        expect(others.toSorted()).toEqual(names(count).toSorted());
      }),
    );
  });
});

describe('the matrix of legs', () => {
  test.each([
    [[], false, 3, []],
    [[], true, 3, [['1/1', '']]],
    [['a'], true, 3, [['1/1', 'a']]],
    [
      ['a', 'b'],
      false,
      256,
      [
        ['1/2', 'a'],
        ['2/2', 'b'],
      ],
    ],
    [
      ['d', 'c', 'b', 'a'],
      true,
      3,
      [
        ['1/3', 'b'],
        ['2/3', 'd'],
        ['3/3', 'a,c'],
      ],
    ],
  ] as const)('of %j (primary: %j) with at most %j legs', (list, remote, most, include) => {
    expect(matrixOf(peersOf(list, remote), most)).toEqual({
      include: include.map(([shard, peers]) => ({ shard, peers })),
    });
  });

  test('names the peers that each leg then selects', () => {
    const all = peersOf(names(40));
    for (const { shard, peers } of matrixOf(all, 7).include) {
      const leg = requestedShard(shard);
      if (leg === undefined) throw new Error(shard);
      expect(peersOfLeg(all, leg).map(({ name }) => name)).toEqual(['origin', ...peers.split(',')].toSorted(byOrder));
    }
    function byOrder(one: string, other: string): number {
      const order = all.map(({ name }) => name);
      return order.indexOf(one) - order.indexOf(other);
    }
  });
});

test('the results of legs share a selection, which differs with any other peer or branch', () => {
  const all = peersOf(['a', 'b']);
  const whole = { only: [], onlyRoles: [] };
  const [first, second] = [1, 2].map((leg) => legOfResult({ shard: { leg, legs: 2 }, ...whole }, all));
  expect(first).toEqual({ shard: '1/2', selection: expect.stringMatching(/^[0-9a-f]{12}$/) });
  expect(second?.selection).toBe(first?.selection);
  for (const others of [peersOf(['a', 'c']), peersOf(['a', 'b'], false), peersOf(['a'])])
    expect(legOfResult({ shard: { leg: 1, legs: 2 }, ...whole }, others).selection).not.toBe(first?.selection);
  const hub = (dolthubHost: string) =>
    configure('federation: {remote: "dolthub://org/db"}', { overrides: { dolthubHost } }).peers;
  const atHosts = ['one.example', 'two.example'].map((host) =>
    legOfResult({ shard: { leg: 1, legs: 2 }, ...whole }, hub(host)),
  );
  expect(new Set(atHosts.map(({ selection }) => selection)).size).toBe(2);
  // A leg that fails early does not know another branch than this one.
  const ofDev = [1, 2].map((leg) => legOfResult({ shard: { leg, legs: 2 }, branch: 'dev', ...whole }, all).selection);
  expect(new Set(ofDev).size).toBe(1);
  expect(ofDev).not.toContain(first?.selection);
  expect(legOfResult(whole, all)).toEqual({});
  expect(legOfResult({ ...whole, only: ['a'] }, all)).toEqual({ filtered: true });
});

test.each([
  ['sync', '1/2', ['a', 'b'], true, []],
  ['sync', undefined, ['a', 'b'], false, []],
  ['sync', '1/2', ['a', 'b'], false, ['legs-apart']],
  ['sync', '1/1', ['a', 'b'], false, []],
  ['push', '1/2', ['a', 'b'], false, []],
  ['sync', '1/2', [], true, []],
  ['sync', '1/2', ['a'], true, []],
  ['sync', '2/2', ['a'], true, ['no-peers-selected']],
] as const)('%s as the leg %s of %j (primary: %j) reports %j', (command, text, list, remote, codes) => {
  const all = peersOf(list, remote);
  const shard = requestedShard(text);
  const peers = shard === undefined ? all : peersOfLeg(all, shard);
  expect(legNotices({ command, shard }, all, peers).map(({ code }) => code)).toEqual(codes);
});
