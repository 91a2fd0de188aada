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
])('%s: %s', (name, expected) => {
  expect(isAuditColumn(name)).toBe(expected);
});

describe('the audit columns of a table', () => {
  test.each<[string, TableShape, string[], TablePolicy, string[]]>([
    ['are those beside others', table('a', 'Created_At'), [], CELLS, ['Created_At']],
    ['are none where there is nothing else', table('created_by'), [], CELLS, []],
    ['are all where the policy says so', table('created_by'), [], { ...CELLS, auditOnly: true }, ['created_by']],
    ['are not in unique keys', table('a', 'created_by', 'created_at'), ['created_by'], CELLS, ['created_at']],
    ['include what the policy names', table('a', 'Last_Sync'), [], { ...CELLS, latest: ['last_sync'] }, ['Last_Sync']],
    ['are none of settings', table('a', 'created_by'), [], { kind: 'whole' }, ['created_by']],
  ])('%s', (_, shape, unique, policy, expected) => {
    expect([...auditColumnsOf(shape, new Set(unique), policy)]).toEqual(expected);
  });
});

describe('of two rows that differ in audit columns only', () => {
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
      'the first creation counts, with who made it',
      { created_at: '1', created_by: 'zoe' },
      { created_at: '2', created_by: 'ann' },
      { created_at: 'ours', created_by: 'ours' },
    ],
    [
      'an unknown creation counts last',
      { created_at: null, created_by: 'zoe' },
      { created_at: '2', created_by: 'ann' },
      { created_at: 'theirs', created_by: 'theirs' },
    ],
    [
      'at one time the greater name counts',
      { created_at: '1', created_by: 'zoe' },
      { created_at: '1', created_by: 'ann' },
      { created_by: 'ours' },
    ],
    [
      'the last update counts, with who made it',
      { updated_at: '1', updated_by: 'zoe' },
      { updated_at: '2', updated_by: 'ann' },
      { updated_at: 'theirs', updated_by: 'theirs' },
    ],
    ['the first application counts', { applied_at: '1' }, { applied_at: '2' }, { applied_at: 'ours' }],
    ['what is known counts', { hash: null }, { hash: 'x' }, { hash: 'theirs' }],
    ['two different hashes are a collision', { hash: 'y' }, { hash: 'x' }, null],
    ['and so is another column', { a: '1', created_at: '1' }, { a: '2', created_at: '2' }, null],
    ['and so is no difference at all', {}, {}, null],
  ])('%s', (_, ours, theirs, expected) => {
    expect(choose(ours, theirs)).toEqual(expected);
  });

  test('both sides choose the same', () => {
    const row = fc.record(Object.fromEntries(COLUMNS.map((name) => [name, fc.constantFrom(null, '1', '2', '10')])));
    fc.assert(
      fc.property(row, row, (ours, theirs) => {
        const swapped = Object.entries(choose(theirs, ours) ?? {}).map(([name, side]) => [name, otherSide(side)]);
        expect(Object.fromEntries(swapped)).toEqual(choose(ours, theirs) ?? {});
      }),
    );
  });
});
