import { expect, test } from '@jest/globals';
import { nameAt, type OpenMergeTable } from '../../../src/dolt/rows/open-merge-table.ts';

type Renames = OpenMergeTable['renames']['ours'];

function table(
  names: Readonly<Record<'base' | 'ours' | 'theirs' | 'merged', readonly string[]>>,
  renames: { readonly ours?: Renames; readonly theirs?: Renames },
): OpenMergeTable {
  const definition = (columns: readonly string[]) => ({
    columns,
    columnTexts: [],
    virtualColumns: [],
    functionalIndexes: [],
    key: [],
  });
  return {
    heads: { base: 'b', ours: 'o', theirs: 't' },
    renames: { ours: [], theirs: [], ...renames },
    base: definition(names.base),
    ours: definition(names.ours),
    theirs: definition(names.theirs),
    merged: definition(names.merged),
    conflicts: [],
  };
}

test.each<[string, OpenMergeTable, Readonly<Record<string, readonly (string | null)[]>>]>([
  [
    'one side',
    table({ base: ['a'], ours: ['b'], theirs: ['a'], merged: ['b'] }, { ours: [{ from: 'a', to: 'b' }] }),
    { b: ['a', 'b', 'a'] },
  ],
  [
    'both sides, and a new column under the former name',
    table(
      { base: ['a'], ours: ['b', 'a'], theirs: ['b'], merged: ['b', 'a'] },
      { ours: [{ from: 'a', to: 'b' }], theirs: [{ from: 'a', to: 'b' }] },
    ),
    { b: ['a', 'b', 'b'], a: [null, 'a', null] },
  ],
  [
    'two columns that exchanged their names',
    table(
      { base: ['a', 'b'], ours: ['b', 'a'], theirs: ['a', 'b'], merged: ['b', 'a'] },
      {
        ours: [
          { from: 'a', to: 'b' },
          { from: 'b', to: 'a' },
        ],
      },
    ),
    { a: ['b', 'a', 'b'], b: ['a', 'b', 'a'] },
  ],
  [
    'a column of one side',
    table({ base: ['a'], ours: ['a'], theirs: ['a', 'n'], merged: ['a', 'n'] }, {}),
    { a: ['a', 'a', 'a'], n: [null, null, 'n'] },
  ],
])('the name of a column in each commit: renames of %s', (_, open, expected) => {
  const sides = ['base', 'ours', 'theirs'] as const;
  const found = Object.keys(expected).map((column) => [column, sides.map((side) => nameAt(open, side, column))]);
  expect(Object.fromEntries(found)).toEqual(expected);
});
