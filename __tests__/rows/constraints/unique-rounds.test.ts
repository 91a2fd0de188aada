import { describe, expect, test } from '@jest/globals';
import { groupBy } from '../../../src/core/lists.ts';
import type { Cells } from '../../../src/dolt/sql/cell.ts';
import {
  type CollidingRow,
  type Collision,
  decideRound,
  type Rank,
  resolveRounds,
} from '../../../src/rows/constraints/unique-rounds.ts';
import { fc, timesCases } from '../../helpers/property.ts';

const compare = (a: Cells, b: Cells): number => Number(a['id']) - Number(b['id']);
const claimant = (id: number, rank: Rank, time = ''): CollidingRow => ({
  id: `${id}`,
  row: { id: `${id}` },
  rank,
  time,
});

describe('a round of decisions', () => {
  test.each<[string, CollidingRow[], string[], string[]]>([
    ['keeps a base row in its place before a later claim', [claimant(2, 1, '1'), claimant(1, 0)], ['2'], []],
    ['keeps the earlier of two claims', [claimant(1, 1, '2'), claimant(2, 1, '1')], ['1'], []],
    ['keeps the smaller key of two claims at one time', [claimant(10, 1, '1'), claimant(9, 1, '1')], ['10'], []],
    ['keeps a claim of a base row before an older added row', [claimant(1, 2, '1'), claimant(2, 1, '2')], [], ['1']],
    [
      'keeps the added row that was created first',
      [claimant(1, 2, '2'), claimant(2, 2, '1'), claimant(3, 2, '3')],
      [],
      ['1', '3'],
    ],
    ['handles all ranks together', [claimant(3, 2, '0'), claimant(1, 1, '0'), claimant(2, 0)], ['1'], ['3']],
  ])('%s', (_, colliding, reverted, removed) => {
    for (const order of [colliding, colliding.toReversed()]) {
      const round = decideRound([{ key: 'u', colliding: order }], new Set(), compare);
      expect(round).toMatchObject({
        reverted: reverted.map((id) => ({ loser: { id } })),
        removed: removed.map((id) => ({ loser: { id } })),
      });
    }
  });

  test('lets a lost row still block another one, because all decisions are made together', () => {
    const collisions: Collision[] = [
      { key: 'a', colliding: [claimant(1, 2, '2'), claimant(2, 2, '1')] },
      { key: 'b', colliding: [claimant(1, 2, '2'), claimant(3, 2, '3')] },
    ];
    const round = decideRound(collisions, new Set(), compare);
    expect('removed' in round && round.removed.map(({ loser }) => loser.id)).toEqual(['1', '3']);
  });

  test('refuses two base rows in their places, and a row that was already changed back', () => {
    expect(decideRound([{ key: 'u', colliding: [claimant(1, 0), claimant(2, 0)] }], new Set(), compare)).toMatchObject({
      why: 'two rows of the base',
    });
    const before = new Set([JSON.stringify(['u', '2'])]);
    for (const rank of [1, 2] as const)
      expect(
        decideRound([{ key: 'u', colliding: [claimant(1, 0), claimant(2, rank)] }], before, compare),
      ).toMatchObject({ why: 'twice' });
  });
});

interface ModelRow {
  readonly id: number;
  /** Its values in the base; null for an added row. */
  readonly base: readonly number[] | null;
  readonly now: readonly number[];
  readonly time: number;
}

/** A table in memory, with one unique key for each value. */
function model(rows: readonly ModelRow[], reverse: boolean) {
  const state = new Map(rows.map((row) => [`${row.id}`, { ...row, now: [...row.now] }]));
  const table = {
    async collisions(): Promise<Collision[]> {
      const found: Collision[] = [];
      for (const key of [0, 1]) {
        const groups = groupBy([...state.values()], ({ now }) => now[key]);
        for (const group of groups.values()) {
          if (group.length < 2) continue;
          const colliding = group.map(({ id, base, now, time }) =>
            claimant(id, base === null ? 2 : base[key] === now[key] ? 0 : 1, base?.[key] === now[key] ? '' : `${time}`),
          );
          found.push({ key: `${key}`, colliding: reverse ? colliding.reverse() : colliding });
        }
      }
      return found;
    },
    async revert(key: string, losers: readonly CollidingRow[]): Promise<void> {
      for (const { id } of losers) {
        const row = state.get(id);
        if (row?.base != null) row.now[Number(key)] = row.base[Number(key)] ?? 0;
      }
    },
    async remove(losers: readonly CollidingRow[]): Promise<void> {
      for (const { id } of losers) state.delete(id);
    },
    compare,
  };
  return { table, state };
}

const value = fc.integer({ min: 0, max: 5 });
const shuffled = fc.shuffledSubarray([0, 1, 2, 3, 4, 5], { minLength: 6 });
const rowsArbitrary = fc
  .record({
    first: shuffled,
    second: shuffled,
    changes: fc.array(fc.record({ row: value, key: fc.integer({ min: 0, max: 1 }), to: value }), { maxLength: 8 }),
    added: fc.array(fc.tuple(value, value), { maxLength: 4 }),
    times: fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 10, maxLength: 10 }),
  })
  .map(({ first, second, changes, added, times }): ModelRow[] => {
    const rows = first.map((a, id) => ({
      id,
      base: [a, second[id] ?? 0],
      now: [a, second[id] ?? 0],
      time: times[id] ?? 0,
    }));
    for (const { row, key, to } of changes) {
      const one = rows[row];
      if (one !== undefined) one.now[key] = to;
    }
    return [...rows, ...added.map((now, index) => ({ id: 6 + index, base: null, now, time: times[6 + index] ?? 0 }))];
  });

test('the rounds end, keep every base row, leave each value once, and do not depend on the order of the rows', async () => {
  await fc.assert(
    fc.asyncProperty(rowsArbitrary, async (rows) => {
      const one = model(rows, false);
      const other = model(rows.toReversed(), true);
      const result = await resolveRounds(one.table);
      const again = await resolveRounds(other.table);
      expect('why' in again).toBe('why' in result);
      if ('why' in result) return;
      const sorted = (state: typeof one.state) => [...state.values()].sort((a, b) => a.id - b.id);
      expect(sorted(other.state)).toEqual(sorted(one.state));
      for (const key of [0, 1]) {
        const values = sorted(one.state).map(({ now }) => now[key]);
        expect(new Set(values).size).toBe(values.length);
      }
      for (const { id, base } of rows) if (base !== null) expect(one.state.has(`${id}`)).toBe(true);
    }),
    { numRuns: timesCases(100), seed: 7 },
  );
});
