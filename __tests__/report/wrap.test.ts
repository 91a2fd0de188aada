import { expect, test } from '@jest/globals';
import { wrap } from '../../src/report/text/wrap.ts';

test.each<[string, string, number | null, string[]]>([
  ['short', '  ', 10, ['short']],
  ['long enough for two', '  ', null, ['long enough for two']],
  ['one two three four', '  ', 9, ['one two', '  three', '  four']],
  ['  one two three', '  ', 9, ['  one two', '  three']],
  ['\u001b[31merror:\u001b[39m one two', '  ', 10, ['\u001b[31merror:\u001b[39m one', '  two']],
  ['漢字 漢字', '', 5, ['漢字', '漢字']],
  ['aVeryLongWordThatFitsNowhere b', '  ', 10, ['aVeryLongWordThatFitsNowhere', '  b']],
  ['  run: dolt push --force origin main', '  ', 20, ['  run: dolt push --force origin main']],
  ['dolt-federation does not', '  ', 20, ['dolt-federation does', '  not']],
  ['dolt-federation resolve --file x', '  ', 20, ['dolt-federation resolve --file x']],
  ['`dolt-federation help endpoints` lists', '  ', 20, ['`dolt-federation help endpoints` lists']],
  ['    key: a value of yaml', '  ', 10, ['    key: a value of yaml']],
])('%j with the prefix %j wraps at %j', (line, indent, columns, expected) => {
  expect(wrap(line, indent, columns)).toEqual(expected);
});
