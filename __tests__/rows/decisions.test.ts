import { describe, expect, test } from '@jest/globals';
import { BEADS_RULES } from '../../src/beads/database-rules.ts';
import { Failure } from '../../src/core/failure.ts';
import { compareBytes } from '../../src/core/text.ts';
import type { TableShape } from '../../src/dolt/schema/table-shape.ts';
import { type CellResolution, chooseRow } from '../../src/rows/choose-row.ts';
import { rowConflictOf } from '../../src/rows/classify.ts';
import { instant } from '../../src/rows/clock/cell-time.ts';
import { compareValues } from '../../src/rows/compare-values.ts';
import { withoutStack } from '../../src/rows/merge-failure.ts';
import { conflictOf, type ResolvedRow } from '../../src/rows/resolved-row.ts';
import { type TablePolicy, tablePolicies } from '../../src/rows/table-policy.ts';

const column = (name: string, type = 'varchar') => ({ name, type, generated: null });
const shape: TableShape = { name: 't', key: ['id'], columns: [column('id', 'int'), column('a'), column('b')] };

describe('the order of values', () => {
  test.each([
    [null, '0', 'int', -1],
    [null, null, 'int', 0],
    ['9', '10', 'int', -1],
    ['-9', '-10', 'int', 1],
    ['9', '10', 'varchar', 1],
    ['9007199254740993', '9007199254740992', 'bigint', 1],
    ['1.50', '1.5', 'decimal', 1],
    ['0.0000000001', '0', 'decimal', 1],
    ['-0.5', '0.25', 'decimal', -1],
    ['1e300', '2', 'double', 1],
    ['-1e300', '2', 'double', -1],
    ['a', 'B', 'varchar', 1],
    ['', null, 'varchar', 1],
    ['0x7f', '0x80', 'blob', -1],
  ])('compares %j with %j as %s', (a, b, type, sign) => {
    expect(Math.sign(compareValues(a, b, type))).toBe(sign);
    expect(Math.sign(compareValues(b, a, type))).toBe(sign === 0 ? 0 : -sign);
  });

  test('compares bytes as UTF-8, although JavaScript sorts differently', () => {
    expect(compareBytes('\u{1f600}', '\uff5e')).toBeGreaterThan(0);
    expect('\u{1f600}' < '\uff5e').toBe(true);
  });
});

test.each([
  ['2026-01-02', '2026-01-02 00:00:00.000000'],
  ['2026-01-02 03:04:05', '2026-01-02 03:04:05.000000'],
  ['2026-01-02 03:04:05.1', '2026-01-02 03:04:05.100000'],
  ['2026-01-02T03:04:05.123Z', '2026-01-02 03:04:05.123000'],
  ['9999-12-31 23:59:59.999999', '9999-12-31 23:59:59.999999'],
  ['0000-00-00 00:00:00', null],
  ['2026-00-01', null],
  ['tomorrow', null],
  ['', null],
])('the time %s is the moment %s', (text, moment) => {
  expect(instant(text)).toBe(moment);
});

describe('the changes of two sides to a row', () => {
  const row = (base: object | null, ours: object | null, theirs: object | null) => ({
    id: 'x',
    base: base as Record<string, string> | null,
    ours: ours as Record<string, string> | null,
    theirs: theirs as Record<string, string> | null,
  });
  test.each([
    [row({ a: '1', b: '1' }, { a: '2', b: '1' }, { a: '3', b: '3' }), ['changed', ['a'], ['b']]],
    [row({ a: '1', b: '1' }, { a: '2', b: '2' }, { a: '2', b: '1' }), ['changed', [], []]],
    [row(null, { a: '1', b: '1' }, { a: '1', b: '2' }), ['added', ['b'], []]],
    [row({ a: '1', b: '1' }, null, { a: '1', b: '2' }), ['deleted-by-ours', ['b'], []]],
    [row({ a: '1', b: '1' }, { a: '2', b: '1' }, null), ['deleted-by-theirs', ['a'], []]],
    [row({ a: '1' }, { a: '1', b: '0' }, { a: '1', b: '2' }), ['changed', [], ['b']]],
    [row({ a: '1' }, { a: '1', b: '0' }, { a: '2' }), ['changed', [], ['a']]],
  ])('are classified: %j', (conflict, [kind, conflicting, theirs]) => {
    expect(rowConflictOf(conflict, ['a', 'b'], new Set(['b']))).toEqual({ kind, conflicting, theirs });
  });

  test('are in conflict in a column that both sides added again', () => {
    const conflict = row({ a: '1' }, { a: '1', b: '1' }, { a: '1', b: '2' });
    expect(rowConflictOf(conflict, ['a', 'b'], new Set()).conflicting).toEqual(['b']);
  });
});

describe('the winner of a row', () => {
  const changed = { id: 'x', base: { a: '1', b: '1' }, ours: { a: '5', b: '6' }, theirs: { a: '9', b: '7' } };
  const decide = (options: {
    readonly strategy?: CellResolution;
    readonly policy?: TablePolicy;
    readonly base?: null;
    readonly times?: readonly [ours: Record<string, string>, theirs: Record<string, string>];
  }) => {
    const { strategy = 'newest', policy = { kind: 'cells' }, times = [{}, {}] } = options;
    const row = options.base === null ? { ...changed, base: null } : changed;
    const rowConflict = rowConflictOf(row, ['a', 'b'], new Set());
    const clock = {
      cell: (side: 'ours' | 'theirs', name: string) => times[side === 'ours' ? 0 : 1][name] ?? '',
      path: () => '',
      created: (side: 'ours' | 'theirs') => times[side === 'ours' ? 0 : 1]['created'] ?? '',
    };
    const rules = { strategy, policy, shape, audit: new Set<string>(), documents: new Map(), clock };
    return chooseRow(row, rowConflict, rules);
  };
  const times = [
    { a: '2026-02', b: '2026-01', created: '2026-01' },
    { a: '2026-01', b: '2026-02', created: '2026-02' },
  ] as const;

  test('is the later side for each cell', () => {
    expect(decide({ times })).toMatchObject({ take: ['b'], left: false });
  });
  test('is the greater value for one time', () => {
    expect(decide({})).toMatchObject({
      take: ['a', 'b'],
      wins: [{ reason: 'greater' }, { reason: 'greater' }],
    });
  });
  test('is that side under ours and theirs', () => {
    expect(decide({ strategy: 'ours', times })).toMatchObject({ take: [] });
    expect(decide({ strategy: 'theirs', times })).toMatchObject({ take: ['a', 'b'] });
  });
  test('is the maximum for a counter, regardless of the time', () => {
    expect(decide({ policy: { kind: 'maximum', column: 'a' }, times })).toMatchObject({ take: ['a', 'b'] });
    expect(decide({ policy: { kind: 'maximum', column: 'a' }, base: null, times })).toMatchObject({ left: false });
  });
  test('is the last version of a setting as a whole', () => {
    const later = [
      { a: '2026-02', b: '2026-01' },
      { a: '2026-01', b: '2026-03' },
    ] as const;
    expect(decide({ policy: { kind: 'whole' }, times: later })).toMatchObject({ take: 'row', left: false });
    expect(decide({ policy: { kind: 'whole' }, base: null, times: later })).toMatchObject({ take: 'row', left: false });
  });
  test('is the first created of two rows with one key as a whole, and a person checks it', () => {
    expect(decide({ base: null, times })).toMatchObject({ take: [], left: true, wins: [{ side: 'ours' }] });
    expect(decide({ base: null, strategy: 'theirs' })).toMatchObject({ take: 'row', left: false });
  });
});

describe('a row that one side deleted', () => {
  const policy: TablePolicy = { kind: 'cells', derived: ['b'] };
  const base = { a: '1', b: '1' };
  test.each([
    ['newest', { a: '1', b: '2' }, 'deletion'],
    ['newest', { a: '2', b: '1' }, 'change'],
    ['newest', { a: '2', b: '2' }, 'change'],
    ['ours', { a: '1', b: '2' }, 'ours'],
    ['theirs', { a: '2', b: '1' }, 'theirs'],
  ] as const)('under %s against %j has the result: %s', (strategy, kept, winner) => {
    for (const deletedBy of ['ours', 'theirs'] as const) {
      const other = deletedBy === 'ours' ? 'theirs' : 'ours';
      const row = { id: 'x', base, ours: kept, theirs: kept, [deletedBy]: null };
      const clock = { cell: () => '', path: () => '', created: () => '' };
      const rules = { strategy, policy, shape, audit: new Set<string>(), documents: new Map(), clock };
      const { wins, take } = chooseRow(row, rowConflictOf(row, ['a', 'b'], new Set()), rules);
      const side = winner === 'deletion' ? deletedBy : winner === 'change' ? other : winner;
      expect(wins).toMatchObject([{ column: null, side }]);
      expect(take).toEqual(side === 'ours' ? [] : deletedBy === 'theirs' ? 'deletion' : 'row');
    }
  });
});

describe('the policies for tables of beads', () => {
  const beads = tablePolicies(BEADS_RULES, ['issues', 'dependencies', 'labels', 'events', 'config', 'child_counters']);
  test('include counters and settings', () => {
    expect(beads('child_counters')).toEqual({ kind: 'maximum', column: 'last_child' });
    expect(beads('issue_counter')).toEqual({ kind: 'maximum', column: 'last_id' });
    expect(beads('config').kind).toBe('whole');
    expect(beads('metadata')).toEqual({ kind: 'whole' });
    expect(beads('issues')).toMatchObject({ kind: 'cells', greater: ['updated_at'] });
    expect(beads('toString')).toEqual({ kind: 'cells' });
  });
  test.each([
    ['with events', ['issues', 'dependencies', 'labels', 'events', 'config'], 'whole'],
    ['cloned by Dolt, without events', ['issues', 'dependencies', 'labels', 'child_counters', 'config'], 'whole'],
    ['with some of the names only', ['config', 'issues', 'labels', 'events'], 'cells'],
    ['with the common names only', ['config', 'issues', 'labels', 'dependencies'], 'cells'],
  ])('are found in a database %s', (_, tables, kind) => {
    expect(tablePolicies(BEADS_RULES, tables)('config').kind).toBe(kind);
  });
});

describe('the report of a row', () => {
  const row: ResolvedRow = {
    kind: 'changed',
    table: 't',
    key: { id: '1' },
    columns: ['a', 'b'],
    base: { a: '1', b: '1', c: '1' },
    ours: { a: '2', b: '2', c: '1' },
    theirs: { a: '3', b: '3', c: '1' },
    wins: [
      { column: 'a', side: 'ours', reason: 'later' },
      { column: 'b', side: 'theirs', reason: 'greater' },
    ],
    left: false,
  };
  const heads = { ours: 'o'.repeat(32), theirs: 't'.repeat(32) };
  test('describes it as the merge saw it', () => {
    expect(conflictOf(row, { heads, swapped: false })).toMatchObject({
      ours: { a: '2', b: '2' },
      heads,
      resolution: 'ours (later): a; theirs (same time, greater value): b',
    });
  });
  test('describes it from the other side, if that is the local database', () => {
    expect(conflictOf(row, { heads, swapped: true })).toMatchObject({
      ours: { a: '3', b: '3' },
      theirs: { a: '2', b: '2' },
      heads: { ours: heads.theirs, theirs: heads.ours },
      resolution: 'theirs (later): a; ours (same time, greater value): b',
    });
  });
});

test('a panic of Dolt is reported without its stack, and other failures unchanged', () => {
  expect(withoutStack(new Failure('dolt-defect', 'panic: x\ngoroutine 1')).message).toBe('panic: x');
  const other = new Failure('conflict', 'one\ntwo');
  expect(withoutStack(other)).toBe(other);
});
