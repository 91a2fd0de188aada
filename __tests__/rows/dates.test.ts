import { describe, expect, test } from '@jest/globals';
import type { RowWrite } from '../../src/dolt/rows/row-writes.ts';
import type { TableShape } from '../../src/dolt/schema/table-shape.ts';
import type { Cells } from '../../src/dolt/sql/cell.ts';
import { timeColumnsOf, tupleTime, writeTime } from '../../src/rows/clock/cell-time.ts';
import { createdTime, type DatedCommit, effectiveDates, sideHistory } from '../../src/rows/clock/side-history.ts';
import { fc } from '../helpers/property.ts';

const day = (number: number): string => `2026-01-${String(number).padStart(2, '0')} 00:00:00.000000`;
const commit = (hash: string, date: number, ...parents: string[]): DatedCommit => ({ hash, date: day(date), parents });

describe('the effective date of a commit', () => {
  test.each([
    ['is its own date', [commit('a', 5, 'base')], { a: day(5) }],
    ['is that of the base if its own is earlier', [commit('a', 1, 'base')], { a: day(3) }],
    ['is that of its parent if that is later', [commit('b', 4, 'a'), commit('a', 9, 'base')], { a: day(9), b: day(9) }],
    [
      'is the latest of several parents',
      [commit('m', 4, 'a', 'b'), commit('a', 5, 'base'), commit('b', 8, 'base')],
      { a: day(5), b: day(8), m: day(8) },
    ],
    ['uses the date of the base for a parent below the base', [commit('a', 1, 'older')], { a: day(3) }],
  ])('%s', (_, commits, expected) => {
    expect(Object.fromEntries(effectiveDates(commits, day(3)))).toEqual(expected);
  });

  const history = fc
    .array(fc.record({ date: fc.integer({ min: 1, max: 28 }), parents: fc.array(fc.nat(), { maxLength: 3 }) }), {
      maxLength: 30,
    })
    .map((nodes) =>
      nodes.map(({ date, parents }, index) =>
        commit(`c${index}`, date, ...parents.map((parent) => (index === 0 ? 'base' : `c${parent % index}`))),
      ),
    );

  test('is the latest date of the base, the commit and its ancestors, in any order of the commits', () => {
    fc.assert(
      fc.property(history, fc.integer({ min: 1, max: 28 }), (commits, base) => {
        const side = sideHistory({ base: day(base), head: '', commits });
        const dates = new Map(commits.map(({ hash, date }) => [hash, date]));
        const found = effectiveDates(commits.toReversed(), day(base));
        for (const { hash, date } of commits) {
          const reached = [...side.before([hash])].flatMap((parent) => dates.get(parent) ?? []);
          expect(found.get(hash)).toBe([day(base), date, ...reached].sort().at(-1));
        }
      }),
    );
  });

  test('of 50,000 commits in a line is found without recursion and in one pass', () => {
    const commits = Array.from({ length: 50_000 }, (_, n) => commit(`c${n}`, 5, n === 0 ? 'base' : `c${n - 1}`));
    const begun = process.cpuUsage();
    expect(effectiveDates(commits.toReversed(), day(1)).get('c49999')).toBe(day(5));
    const { user } = process.cpuUsage(begun);
    expect(user).toBeLessThan(5_000_000);
  });
});

const shape: TableShape = {
  name: 't',
  key: ['id'],
  columns: [
    { name: 'id', type: 'int', generated: null },
    { name: 'a', type: 'varchar', generated: null },
    { name: 'b', type: 'varchar', generated: null },
    { name: 'Updated_At', type: 'datetime', generated: null },
    { name: 'modified_at', type: 'timestamp', generated: null },
    { name: 'Created_At', type: 'datetime', generated: null },
  ],
};
const write = (hash: string, from: Cells | null, to: Cells, isMerge = false): RowWrite => ({
  commit: hash,
  date: '',
  from,
  to,
  isMerge,
});

test('DATE, DATETIME and TIMESTAMP columns are time columns, in any case of the name', () => {
  expect(timeColumnsOf(shape)).toEqual(['Updated_At', 'modified_at']);
  const columns = [{ name: 'updated_at', type: 'varchar', generated: null }];
  expect(timeColumnsOf({ ...shape, columns })).toEqual([]);
});

describe('the time of a write', () => {
  const history = sideHistory({ base: day(1), head: 'c', commits: [commit('c', 9, 'base')] });
  test.each([
    ['that of its commit without any time', {}, day(9)],
    ['that of its commit if both are NULL', { Updated_At: null, modified_at: null }, day(9)],
    ['an earlier time in the row', { Updated_At: '2026-01-04', modified_at: null }, day(4)],
    ['the smaller of two times', { Updated_At: '2026-01-05', modified_at: '2026-01-04' }, day(4)],
    ['the second time if the first is NULL', { Updated_At: null, modified_at: '2026-01-04' }, day(4)],
    ['never later than its commit', { Updated_At: '2037-01-01', modified_at: '9999-12-31' }, day(9)],
    ['that of its commit if the time is invalid', { Updated_At: '0000-00-00 00:00:00', modified_at: 'soon' }, day(9)],
    ['microseconds', { Updated_At: '2026-01-08 23:59:59.999999' }, '2026-01-08 23:59:59.999999'],
  ])('is %s', (_, to, expected) => {
    expect(writeTime(write('c', null, to), { timeColumns: ['Updated_At', 'modified_at'], history })).toBe(expected);
  });
});

describe('the time of a cell', () => {
  const commits = [
    commit('a', 2, 'base'),
    commit('b', 3, 'a'),
    commit('c', 4, 'b'),
    commit('x', 6, 'base'),
    commit('m', 8, 'c', 'x'),
  ];
  const dates = { timeColumns: [], history: sideHistory({ base: day(1), head: 'm', commits }) };
  const time = (writes: readonly RowWrite[], columns: string[], row: Cells) =>
    tupleTime(writes, { columns, row }, dates);

  test('is that of the last commit that set the value', () => {
    const writes = [
      write('a', { a: '0' }, { a: '1' }),
      write('b', { a: '1' }, { a: '2' }),
      write('c', { a: '2' }, { a: '1' }),
    ];
    expect(time(writes, ['a'], { a: '1' })).toBe(day(4));
  });
  test('is that of the later one of two independent commits', () => {
    const writes = [write('c', { a: '0' }, { a: '1' }), write('x', { a: '0' }, { a: '1' })];
    expect(time(writes, ['a'], { a: '1' })).toBe(day(6));
  });
  test('is that of a merge only if no other commit set it', () => {
    const merge = write('m', { a: '0' }, { a: '1' }, true);
    expect(time([write('a', { a: '0' }, { a: '1' }), merge], ['a'], { a: '1' })).toBe(day(2));
    expect(time([merge], ['a'], { a: '1' })).toBe(day(8));
  });
  test('is unknown if no commit set it', () => {
    expect(time([write('a', { a: '0' }, { a: '2' })], ['a'], { a: '1' })).toBeNull();
  });
  test('of several columns as one cell is that of the commit that completed them', () => {
    const writes = [
      write('a', { a: '0', b: '0' }, { a: '1', b: '0' }),
      write('b', { a: '1', b: '0' }, { a: '1', b: '1' }),
      write('c', { a: '1', b: '1', c: '0' }, { a: '1', b: '1', c: '1' }),
    ];
    expect(time(writes, ['a', 'b'], { a: '1', b: '1' })).toBe(day(3));
  });
});

describe('the creation time of a row', () => {
  const commits = [commit('a', 5, 'base'), commit('b', 7, 'a'), commit('m', 9, 'b')];
  const history = sideHistory({ base: day(3), head: 'm', commits });
  const added = [write('b', null, {}), write('a', null, {}), write('m', null, {}, true)];
  test.each([
    ['its own value, between the base and its first commit', '2026-01-04', added, day(4)],
    ['its own value, at the time of the base', '2026-01-03', added, day(3)],
    ['that of its first commit if its value is before the base', '2026-01-02 23:59:59', added, day(5)],
    ['that of its first commit if its value is later', '2026-01-05 00:00:01', added, day(5)],
    ['that of its first commit if its value is NULL', null, added, day(5)],
    ['that of its first commit if its value is invalid', '0000-00-00', added, day(5)],
    ['that of the head if only merges added it', null, added.slice(2), day(9)],
  ])('is %s', (_, created, writes, expected) => {
    expect(createdTime(shape, { row: { Created_At: created }, writes }, history)).toBe(expected);
  });
});
