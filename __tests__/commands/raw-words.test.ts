import { expect, test } from '@jest/globals';
import { rawWords } from '../../src/commands/raw-words.ts';
import { Failure } from '../../src/core/failure.ts';

test('the words of the tool at the bottom, their end, and no secret', () => {
  const said = new Error('Error 1105 (HY000): cannot reach https://me:hunter2@h/x');
  const wrapped = new Failure('network', 'outer', { cause: new Failure('network', 'inner', { cause: said }) });
  expect(rawWords(wrapped)).toBe('Error 1105 (HY000): cannot reach https://me:***@h/x');
  const long = new Failure('unknown', 'x', { cause: new Error(`${'a '.repeat(5_000)}end`) });
  expect(rawWords(long)).toHaveLength(4_000);
  expect(rawWords(long)).toMatch(/ end$/);
});

test('nothing where there is no cause, and an end where causes go in a circle', () => {
  expect(rawWords(new Failure('network', 'alone'))).toBeNull();
  const circle = new Error('round');
  circle.cause = circle;
  expect(rawWords(new Failure('network', 'x', { cause: circle }))).toBe('round');
});
