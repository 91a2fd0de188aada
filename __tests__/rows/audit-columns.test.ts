import { describe, expect, test } from '@jest/globals';
import { isAuditColumn } from '../../src/dolt/schema/audit-columns.ts';
import type { TableShape } from '../../src/dolt/schema/table-shape.ts';
import { auditColumnsOf, chooseAudit } from '../../src/rows/audit-columns.ts';
import { otherSide } from '../../src/rows/merging.ts';
import type { TablePolicy } from '../../src/rows/table-policy.ts';
import { fc } from '../helpers/property.ts';

const table = (...columns: string[]): TableShape => ({
  name: 't',
  key: ['id'],
  columns: ['id', ...columns].map((name) => ({ name, type: 'varchar', generated: null })),
});
const CELLS: TablePolicy = { kind: 'cells' };

test.each([
  ['created_at', true],
  ['UPDATED_BY', true],
  ['applied_at', true],
  ['modified_at', false],
  ['created', false],
])('the name %s is an audit column: %s', (name, expected) => {
  expect(isAuditColumn(name)).toBe(expected);
});

describe('the audit columns of a table', () => {
  test.each<[string, TableShape, string[], TablePolicy, string[]]>([
    ['include those beside other columns', table('a', 'Created_At'), [], CELLS, ['Created_At']],
    ['are none in a table without other columns', table('created_by'), [], CELLS, []],
    ['are all in a table whose policy says so', table('created_by'), [], { ...CELLS, auditOnly: true }, ['created_by']],
    ['exclude those in unique keys', table('a', 'created_by', 'created_at'), ['created_by'], CELLS, ['created_at']],
    [
      'include those that the policy names',
      table('a', 'Last_Sync'),
      [],
      { ...CELLS, latest: ['last_sync'] },
      ['Last_Sync'],
    ],
    ['include those of settings', table('a', 'created_by'), [], { kind: 'whole' }, ['created_by']],
  ])('%s', (_, shape, unique, policy, expected) => {
    expect([...auditColumnsOf(shape, new Set(unique), policy)]).toEqual(expected);
  });
});

test.each([
  ['created_at', 'datetime', '0000-00-00 00:00:00', '2026-01-01 00:00:00', 'theirs'],
  ['applied_at', 'date', '2026-01-01', '0000-00-00', 'ours'],
  ['created_at', 'timestamp', '0000-00-00 00:00:00', null, 'ours'],
  ['updated_at', 'datetime', '2026-01-01 00:00:00', '0000-00-00 00:00:00', 'ours'],
  ['created_at', 'varchar', '0000-00-00', '2026-01-01', 'ours'],
])('%s of type %s: of %s and %s, %s has the time', (column, type, ours, theirs, side) => {
  const shape = { ...table('a'), columns: [{ name: column, type, generated: null }] };
  const rules = { shape, audit: new Set([column]), policy: CELLS };
  expect(chooseAudit({ ours: { [column]: ours }, theirs: { [column]: theirs } }, [column], rules)).toEqual([
    { column, side },
  ]);
});

describe('two rows that differ only in audit columns', () => {
  const COLUMNS = ['created_at', 'created_by', 'updated_at', 'updated_by', 'applied_at', 'hash'];
  const policy: TablePolicy = { kind: 'cells', known: ['hash'] };
  const rules = { shape: table('a', ...COLUMNS), audit: new Set(COLUMNS), policy };
  type Row = Readonly<Record<string, string | null>>;
  const choose = (ours: Row, theirs: Row) => {
    const differing = ['a', ...COLUMNS].filter((name) => (ours[name] ?? null) !== (theirs[name] ?? null));
    const chosen = chooseAudit({ ours, theirs }, differing, rules);
    return chosen === null ? null : Object.fromEntries(chosen.map(({ column, side }) => [column, side]));
  };

  test.each<[string, Row, Row, ReturnType<typeof choose>]>([
    [
      'keep the first creation and its author',
      { created_at: '1', created_by: 'zoe' },
      { created_at: '2', created_by: 'ann' },
      { created_at: 'ours', created_by: 'ours' },
    ],
    [
      'keep a known creation before an unknown one',
      { created_at: null, created_by: 'zoe' },
      { created_at: '2', created_by: 'ann' },
      { created_at: 'theirs', created_by: 'theirs' },
    ],
    [
      'keep the greater name for one time',
      { created_at: '1', created_by: 'zoe' },
      { created_at: '1', created_by: 'ann' },
      { created_by: 'ours' },
    ],
    [
      'keep the last update and its author',
      { updated_at: '1', updated_by: 'zoe' },
      { updated_at: '2', updated_by: 'ann' },
      { updated_at: 'theirs', updated_by: 'theirs' },
    ],
    ['keep the first application', { applied_at: '1' }, { applied_at: '2' }, { applied_at: 'ours' }],
    ['keep the known value', { hash: null }, { hash: 'x' }, { hash: 'theirs' }],
    ['collide with two different hashes', { hash: 'y' }, { hash: 'x' }, null],
    ['collide with another different column', { a: '1', created_at: '1' }, { a: '2', created_at: '2' }, null],
    ['collide without any difference', {}, {}, null],
  ])('%s', (_, ours, theirs, expected) => {
    expect(choose(ours, theirs)).toEqual(expected);
  });

  test('give the same choice on both sides', () => {
    const row = fc.record(Object.fromEntries(COLUMNS.map((name) => [name, fc.constantFrom(null, '1', '2', '10')])));
    fc.assert(
      fc.property(row, row, (ours, theirs) => {
        const swapped = Object.entries(choose(theirs, ours) ?? {}).map(([name, side]) => [name, otherSide(side)]);
        expect(Object.fromEntries(swapped)).toEqual(choose(ours, theirs) ?? {});
      }),
    );
  });
});
