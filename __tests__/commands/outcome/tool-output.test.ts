import { describe, expect, test } from '@jest/globals';
import { hideInFailure } from '../../../src/commands/outcome/hide-secrets.ts';
import { messageOf, toolOutput } from '../../../src/commands/outcome/tool-output.ts';
import { asError } from '../../../src/core/diagnostic.ts';
import { Failure } from '../../../src/core/failure.ts';
import { Secrets } from '../../../src/core/secrets.ts';
import { sqlFailure } from '../../../src/dolt/sql/failure.ts';

const NONE = new Secrets();

test('the output is the end of the innermost error, without secrets', () => {
  const said = new Error('Error 1105 (HY000): cannot reach https://me:hunter2@h/x');
  const wrapped = new Failure('network', 'outer', { cause: new Failure('network', 'inner', { cause: said }) });
  expect(toolOutput(wrapped, NONE, 'none')).toBe('Error 1105 (HY000): cannot reach https://me:***@h/x');
  const long = new Failure('unknown', 'x', { cause: new Error(`${'a '.repeat(5_000)}end`) });
  expect(toolOutput(long, NONE, 'none')).toHaveLength(4_000);
  expect(toolOutput(long, NONE, 'none')).toMatch(/ end$/);
});

test('a known secret is hidden completely, regardless of patterns and of the place of the cut', () => {
  const secrets = new Secrets();
  secrets.add('two words, one secret');
  const said = (text: string) => toolOutput(new Failure('auth', 'x', { cause: new Error(text) }), secrets, 'none');
  expect(said('wrong password: two words, one secret')).toBe('wrong password: ***');
  expect(said(`two words, one secret${'.'.repeat(3_990)}`)).toBe(`***${'.'.repeat(3_990)}`);
});

test('the output is null without a cause, and causes in a cycle end', () => {
  expect(toolOutput(new Failure('network', 'alone'), NONE, 'none')).toBeNull();
  const circle = new Error('round');
  circle.cause = circle;
  expect(toolOutput(new Failure('network', 'x', { cause: circle }), NONE, 'none')).toBe('round');
});

describe('the message of a failure', () => {
  const SAID =
    "could not access dolt url 'https://h/live': rpc error: code = Unauthenticated desc = API Authentication Failure: Access denied for user 'root' (errno 1045) (sqlstate 28000)";

  test.each([
    [
      'auth',
      { peer: 'live', note: 'user sync, from c.yaml:3' },
      ['live refused the credentials', 'user sync, from c.yaml:3'],
    ],
    ['auth', {}, ['the peer refused the credentials']],
    ['untrusted-host', { peer: 'live' }, ["live's certificate or host key is not trusted"]],
    ['git-ownership', { peer: 'live' }, ['Git refuses a repository that belongs to another user']],
    ['unknown', {}, ['an error that dolt-federation does not know']],
    ['auth', { peer: 'live', sentence: 'live requires credentials' }, ['live requires credentials']],
  ] as const)('about %s at %j starts with our own sentence', (code, about, lines) => {
    const failure = new Failure(code, SAID, { toolText: SAID });
    const words = code === 'auth' ? "API Authentication Failure: Access denied for user 'root'" : expect.any(String);
    const [last, ...first] = messageOf(failure, about).split('\n').toReversed();
    expect(first.toReversed()).toEqual(lines);
    expect(last?.replace('Dolt said: ', '')).toEqual(words);
  });

  test.each([
    ["unable to parse 'a 'b' c' to UUID", 'unable to parse … to UUID'],
    ['duplicate unique key given: [3,ann]', 'duplicate unique key given: …'],
    ['value "10000-01-01" is `too` late', 'value … late'],
    ['can\'t convert "a\'b" to DATE', "can't convert … to DATE"],
    [
      "the value 'one' of t can't be merged, as b doesn't exist",
      "the value … of t can't be merged, as b doesn't exist",
    ],
    ["cannot read 'I can't", 'cannot read …'],
    ['value a value is not valid for this Enum', 'value … is not valid for this Enum'],
    ['value x is not a valid Decimal', 'value … is not a valid Decimal'],
    ['value ann was not found in the set', 'value … was not found in the set'],
    ['duplicate entry: ann', 'duplicate entry: …'],
    ['Truncated incorrect double value: 3x', 'Truncated incorrect …'],
    ['Invalid JSON text: {', 'Invalid JSON text: …'],
    ['300 out of range for tinyint', '… out of range for tinyint'],
    ["cannot read 'a' of 'isn't' here", 'cannot read … here'],
    [
      "unable to parse 'table with same name 'n' added in 2 commits can't be merged' to UUID",
      'unable to parse … to UUID',
    ],
  ])('contains no value of a row unless values may be shown: %s', (toolText, without) => {
    const failure = sqlFailure(Object.assign(new Error(toolText), { sqlState: 'HY000' }), NONE);
    const repeated = new Failure('contention', `not moved: ${failure.message}`, { cause: failure });
    expect(asError(repeated).message).toBe(`not moved: ${without}`);
    for (const one of [failure, repeated]) {
      expect(messageOf(one)).toContain(toolText);
      expect(toolOutput(one, NONE, 'full')).toBe(toolText);
      for (const reportValues of ['none', 'keys'] as const) {
        expect(messageOf(one, { reportValues })).toMatch(new RegExp(`: ${without}$`));
        expect(hideInFailure(one, String, reportValues).message).toBe(messageOf(one, { reportValues }));
        expect(toolOutput(one, NONE, reportValues)).toBe(without);
      }
    }
    const ofRow = new Failure('dolt-defect', 'row 7', { values: { least: 'keys', without: 'a row' } });
    expect(messageOf(ofRow, { reportValues: 'none' })).toBe('a row');
    expect(messageOf(ofRow, { reportValues: 'keys' })).toBe('row 7');
    const above = new Failure('dolt-defect', 'not merged', { cause: ofRow });
    expect([toolOutput(above, NONE, 'none'), toolOutput(above, NONE, 'keys')]).toEqual(['a row', 'row 7']);
  });

  test('that Dolt gives about a table keeps its name', () => {
    const text = "table with same name 'o'neill' added in 2 commits can't be merged";
    const failure = sqlFailure(Object.assign(new Error(text), { sqlState: 'HY000' }), NONE);
    expect(messageOf(failure, { reportValues: 'none' })).toContain(text);
    expect(toolOutput(failure, NONE, 'none')).toBe(text);
  });

  test('of our own is unchanged', () => {
    expect(messageOf(new Failure('auth', 'live has no password'), { peer: 'live' })).toBe('live has no password');
  });
});
