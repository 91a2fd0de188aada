import { describe, expect, test } from '@jest/globals';
import { logLines } from '../../../src/frontends/action/logger.ts';

describe('a line of the log', () => {
  test.each([
    ['plain words: nothing to do', ['plain words: nothing to do']],
    ['::set-output name=x::y', [': :set-output name=x::y']],
    ['  ::error::x', ['  : :error::x']],
    ['one\n::add-mask::two\r\nthree', ['one', ': :add-mask::two', 'three']],
    ['a\r::stop-commands::x', ['a', ': :stop-commands::x']],
    ['\u2028::error::x', ['\\u{2028}::error::x']],
    ['\ufeff::error::x', ['\\u{feff}::error::x']],
    ['in the middle ##[add-mask]x', ['in the middle ## [add-mask]x']],
    ['\u001b[31mred', ['\\u{1b}[31mred']],
  ])('%j', (text, lines) => {
    expect(logLines(text)).toEqual(lines);
  });
});
