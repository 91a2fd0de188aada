import { expect, test } from '@jest/globals';
import { appendedText } from '../../src/rows/appended-text.ts';

test.each<[string | null, string | null, string | null, string | null, string]>([
  ['x', 'x\na', 'x\nb', 'x\na\nb', 'both appended a line'],
  ['x\n', 'x\na\n', 'x\nb\n', 'x\na\nb\n', 'both appended a line with a line break'],
  [null, 'a', 'b', 'a\nb', 'both started the text'],
  ['', 'a\n', 'b', 'a\nb', 'the earlier part ends with a line break'],
  ['x', 'x\na', 'x\na\nb', 'x\na\nb', 'the later side contains the earlier part'],
  ['x', 'x\na\nb', 'x\na', 'x\na\nb', 'the earlier side contains the later part'],
  ['x', 'x\na', 'x\nab', 'x\na\nab', 'one line starts like the other one'],
  ['x', 'xa', 'x\nb', null, 'a side wrote into the last line'],
  ['x', 'y', 'x\nb', null, 'a side rewrote the text'],
  ['x', null, 'x\nb', null, 'a side removed the text'],
  ['x', '', 'x\nb', null, 'a side emptied the text'],
])('the merge of %j, %j and %j is %j (%s)', (base, first, second, expected) => {
  expect(appendedText(base, first, second)).toBe(expected);
});
