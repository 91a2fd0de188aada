import { expect, test } from '@jest/globals';
import { conflictOf, swapSides } from '../../src/dolt/conflicts.ts';

const row = (prefix: string, values: Record<string, string | null>, diff = 'modified') => ({
  ...Object.fromEntries(Object.entries(values).map(([name, value]) => [`${prefix}${name}`, value])),
  ...(prefix === 'base_' ? {} : { [`${prefix}diff_type`]: diff }),
});

test.each([
  {
    told: 'only cells that both sides changed differently clash',
    cells: {
      ...row('base_', { id: '1', a: 'x', b: 'x', c: 'x' }),
      ...row('our_', { id: '1', a: 'O', b: 'O', c: 'S' }),
      ...row('their_', { id: '1', a: 'T', b: 'x', c: 'S' }),
    },
    columns: ['a'],
    base: { a: 'x' },
    ours: { a: 'O' },
    theirs: { a: 'T' },
  },
  {
    told: 'a row added on both sides clashes where the two differ',
    cells: {
      ...row('base_', { id: null, a: null, b: null }),
      ...row('our_', { id: '1', a: 'O', b: 'S' }, 'added'),
      ...row('their_', { id: '1', a: null, b: 'S' }, 'added'),
    },
    columns: ['a'],
    base: null,
    ours: { a: 'O' },
    theirs: { a: null },
  },
  {
    told: 'a row deleted here clashes where it was changed there',
    cells: {
      ...row('base_', { id: '1', a: 'x', b: 'x' }),
      ...row('our_', { id: null, a: null, b: null }, 'removed'),
      ...row('their_', { id: '1', a: 'x', b: 'T' }),
    },
    columns: ['b'],
    base: { b: 'x' },
    ours: null,
    theirs: { b: 'T' },
  },
  {
    told: 'a row deleted there clashes where it was changed here',
    cells: {
      ...row('base_', { id: '1', a: 'x' }),
      ...row('our_', { id: '1', a: 'O' }),
      ...row('their_', { id: null, a: null }, 'removed'),
    },
    columns: ['a'],
    base: { a: 'x' },
    ours: { a: 'O' },
    theirs: null,
  },
])('$told', ({ cells, columns, base, ours, theirs }) => {
  const conflict = conflictOf('items', new Set(['id']), cells);
  expect(conflict).toEqual({ table: 'items', key: { id: '1' }, columns, base, ours, theirs, resolution: 'undone' });
  expect(swapSides(conflict)).toEqual({ ...conflict, ours: theirs, theirs: ours });
});
