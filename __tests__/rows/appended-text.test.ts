import { expect, test } from '@jest/globals';
import { appendedText } from '../../src/rows/appended-text.ts';

test.each<[string | null, string | null, string | null, string | null, string]>([
  ['x', 'x\na', 'x\nb', 'x\na\nb', 'both appended a line'],
  ['x\n', 'x\na\n', 'x\nb\n', 'x\na\nb\n', 'both appended a line with its end'],
  [null, 'a', 'b', 'a\nb', 'both began the text'],
  ['', 'a\n', 'b', 'a\nb', 'the earlier part ends its line'],
  ['x', 'x\na', 'x\na\nb', 'x\na\nb', 'the later side has the earlier part'],
  ['x', 'x\na\nb', 'x\na', 'x\na\nb', 'the earlier side has the later part'],
  ['x', 'x\na', 'x\nab', 'x\na\nab', 'one line begins as the other one'],
  ['x', 'xa', 'x\nb', null, 'a side wrote into the last line'],
  ['x', 'y', 'x\nb', null, 'a side rewrote the text'],
  ['x', null, 'x\nb', null, 'a side removed the text'],
  ['x', '', 'x\nb', null, 'a side emptied the text'],
])('of %j, %j and %j: %j (%s)', (base, first, second, expected) => {
  expect(appendedText(base, first, second)).toBe(expected);
});
