import { expect, test } from '@jest/globals';
import { toolOutput } from '../../../src/commands/outcome/tool-output.ts';
import { Failure } from '../../../src/core/failure.ts';
import { Secrets } from '../../../src/core/secrets.ts';

const NONE = new Secrets();

test('the words of the tool at the bottom, their end, and no secret', () => {
  const said = new Error('Error 1105 (HY000): cannot reach https://me:hunter2@h/x');
  const wrapped = new Failure('network', 'outer', { cause: new Failure('network', 'inner', { cause: said }) });
  expect(toolOutput(wrapped, NONE)).toBe('Error 1105 (HY000): cannot reach https://me:***@h/x');
  const long = new Failure('unknown', 'x', { cause: new Error(`${'a '.repeat(5_000)}end`) });
  expect(toolOutput(long, NONE)).toHaveLength(4_000);
  expect(toolOutput(long, NONE)).toMatch(/ end$/);
});

test('a known secret goes whole, whatever pattern it looks like and wherever the text is cut', () => {
  const secrets = new Secrets();
  secrets.add('two words, one secret');
  const said = (text: string) => toolOutput(new Failure('auth', 'x', { cause: new Error(text) }), secrets);
  expect(said('wrong password: two words, one secret')).toBe('wrong password: ***');
  expect(said(`two words, one secret${'.'.repeat(3_990)}`)).toBe(`***${'.'.repeat(3_990)}`);
});

test('nothing where there is no cause, and an end where causes go in a circle', () => {
  expect(toolOutput(new Failure('network', 'alone'), NONE)).toBeNull();
  const circle = new Error('round');
  circle.cause = circle;
  expect(toolOutput(new Failure('network', 'x', { cause: circle }), NONE)).toBe('round');
});
