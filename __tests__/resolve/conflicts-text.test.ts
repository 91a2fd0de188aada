import { describe, expect, test } from '@jest/globals';
import { plain } from '../../src/core/text.ts';
import { CHOICE_WORDS, type Choice } from '../../src/resolve/choice.ts';
import {
  type ConflictsFile,
  LOST_KINDS,
  LOST_WORDS,
  rowName,
  UNRESOLVED_KINDS,
} from '../../src/resolve/conflicts-file.ts';
import { conflictsText } from '../../src/resolve/conflicts-text.ts';
import { parseConflicts } from '../../src/resolve/parse-conflicts.ts';
import { anyCharacter, fc, timesCases } from '../helpers/property.ts';

const HASH = '0123456789abcdefghijklmnopqrstuv';

const hostile = fc.oneof(
  fc.string({ unit: anyCharacter }),
  fc.string({ unit: 'grapheme' }),
  fc.constantFrom(
    ...[
      '',
      ' ',
      '#',
      '# no comment',
      'a: b',
      '- a',
      'null',
      '~',
      'true',
      'no',
      '1',
      '1e3',
      '0x00',
      '.inf',
      '---',
      '...',
    ],
    ...[
      '\n',
      'a\n',
      'a\n\n',
      '\na',
      ' a\nb',
      'a\n b\n',
      'a\nb ',
      'a\n\tb',
      'a\r\nb',
      'one\ntwo\n\nthree',
      '|',
      '>-',
      '&a',
      '*a',
      '!x',
    ],
    ...[
      '\u0000\u0007\u001b[31m',
      '\u007f\u0085\u009b',
      '\u2028\u2029\u202e\ufeff',
      '{a: 1}',
      '[1]',
      '"',
      "'",
      '\\',
      '@a',
      '%a',
      '`a',
    ],
    ...['é ü', '\u{1f600}', 'x'.repeat(100_000), 'a\n'.repeat(5_000), '__proto__', 'constructor'],
  ),
);
const cell = fc.option(hostile, { nil: null });
const choice: fc.Arbitrary<Choice | null> = fc.oneof(
  fc.constantFrom(null, ...CHOICE_WORDS),
  cell.map((value) => ({ value })),
);
// Names of columns like array indexes would change their order in an object; the others are as hostile as values.
const name = hostile.filter((text) => text.length <= 64 && !/^\d+$/.test(text));
const values = fc.dictionary(name, cell, { maxKeys: 3, noNullPrototype: true });
const lostChoice = fc.oneof(
  fc.constantFrom(null, ...LOST_WORDS),
  fc.dictionary(name, cell, { minKeys: 1, maxKeys: 2, noNullPrototype: true }).map((as) => ({ as })),
);
const leftCell = fc.record(
  { base: cell, ours: cell, theirs: cell, choose: choice },
  { requiredKeys: ['choose'], noNullPrototype: true },
);
const row = fc.record(
  {
    table: hostile,
    key: values,
    otherKey: values,
    kind: fc.constantFrom(...UNRESOLVED_KINDS),
    deletedBy: fc.constantFrom('ours' as const, 'theirs' as const),
    cells: fc.dictionary(name, leftCell, { maxKeys: 3, noNullPrototype: true }),
    rows: fc.array(
      fc.record({ row: values, base: fc.nat(), ours: fc.nat(), theirs: fc.nat() }, { noNullPrototype: true }),
      {
        maxLength: 2,
      },
    ),
    choose: choice,
  },
  { requiredKeys: ['table', 'key', 'kind', 'cells', 'choose'], noNullPrototype: true },
);
const file: fc.Arbitrary<ConflictsFile> = fc.record(
  {
    branch: fc.constantFrom('main', "work/a'b", 'true', '1.0'),
    merges: fc.uniqueArray(
      fc.record(
        {
          peer: hostile,
          ours: fc.constant(HASH),
          theirs: fc.constant('7'.repeat(32)),
          rows: fc.uniqueArray(row, { selector: rowName, maxLength: 3 }),
        },
        { noNullPrototype: true },
      ),
      { selector: ({ peer }) => peer, maxLength: 2 },
    ),
    lost: fc.array(
      fc.record(
        {
          peer: hostile,
          kind: fc.constantFrom(...LOST_KINDS),
          table: hostile,
          key: values,
          otherKey: values,
          with: fc.record({ table: hostile, key: values }, { noNullPrototype: true }),
          head: fc.constant(HASH),
          row: values,
          sql: hostile,
          columns: fc.array(hostile, { maxLength: 2 }),
          choose: lostChoice,
        },
        { requiredKeys: ['peer', 'kind', 'table', 'head', 'row', 'choose'], noNullPrototype: true },
      ),
      {
        maxLength: 2,
      },
    ),
  },
  { noNullPrototype: true },
);

/** The parsed file without its positions. */
function unplaced(read: unknown): unknown {
  return JSON.parse(
    JSON.stringify(read, (key, value: unknown) => (key === 'at' && isPlace(value) ? undefined : value)),
  );
}
const isPlace = (value: unknown): boolean => typeof value === 'object' && value !== null && 'line' in value;

describe('a conflicts file', () => {
  test('reports the written values, whatever they contain', () => {
    fc.assert(
      fc.property(file, (written) => {
        const text = conflictsText(written);
        expect(unplaced(parseConflicts(text, 'f'))).toEqual(unplaced(written));
        expect(conflictsText(parseConflicts(text, 'f'))).toBe(text);
        // It contains no text that moves a cursor or is invisible.
        expect(text).toBe(text.split('\n').map(plain).join('\n'));
      }),
      { numRuns: timesCases(40) },
    );
  });
});
