import { describe, expect, test } from '@jest/globals';
import { printedJson } from '../../src/core/json.ts';
import { plain, shorten } from '../../src/core/text.ts';
import { plainLines } from '../../src/report/plain.ts';

const CASES: readonly [string, string, string][] = [
  ['letters, umlauts and signs', 'Grüße | `x` 漢字 😀', 'Grüße | `x` 漢字 😀'],
  ['line breaks and tabs', 'a\nb\r\tc', 'a\\nb\\r\\tc'],
  ['an escape sequence', '\u001b[2Jx', '\\u{1b}[2Jx'],
  ['an eight-bit control character', 'a\u009bb', 'a\\u{9b}b'],
  ['a right-to-left override', 'a\u202eb', 'a\\u{202e}b'],
  ['a line separator', 'a\u2028b', 'a\\u{2028}b'],
  ['a zero-width space', 'a\u200bb', 'a\\u{200b}b'],
  ['a soft hyphen', 'a\u00adb', 'a\\u{ad}b'],
  ['an invisible operator', 'a\u206ab', 'a\\u{206a}b'],
  ['letters of a tag', 'a\u{e0041}b', 'a\\u{e0041}b'],
  ['a Hangul filler', 'a\u3164b', 'a\\u{3164}b'],
  ['half a surrogate pair', 'a\ud83db', 'a\\u{d83d}b'],
];

describe('plain text', () => {
  test.each(CASES)('keeps or escapes %s', (_, text, expected) => {
    expect(plain(text)).toBe(expected);
  });

  test('keeps lines apart for every kind of line break', () => {
    expect(plainLines('a\nb\r\nc\rd\u0000')).toEqual(['a', 'b', 'c', 'd\\u{0}']);
  });
});

describe('a line for the log of a runner', () => {
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
    ['##[error]x###[group]y', ['## [error]x### [group]y']],
  ])('contains no command: %j', (text, lines) => {
    expect(plainLines(text)).toEqual(lines);
  });

  test.each(CASES)('of JSON keeps its value with an escape sequence: %s', (_, text, shown) => {
    const printed = printedJson({ [text]: [text] });
    expect(JSON.parse(printed)).toEqual({ [text]: [text] });
    expect(plain(printed.replaceAll('\n', ''))).toBe(printed.replaceAll('\n', ''));
    if (shown !== text) expect(printed).not.toContain(text);
  });

  test('of JSON with any value contains no command', () => {
    const value = { subject: '##[add-mask]main', table: ['a\n::error::b'] };
    expect(printedJson(value)).not.toMatch(/##\[|^\s*::/m);
    expect(JSON.parse(printedJson(value))).toEqual(value);
  });
});

describe('shortened text', () => {
  test.each([
    ['abc', 3, 'abc'],
    ['abcd', 3, 'ab…'],
    ['a😀b', 3, 'a…'],
  ])('is shown for %s with %d characters', (text, limit, expected) => {
    expect(shorten(text, limit)).toBe(expected);
  });
});
