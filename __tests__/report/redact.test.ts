import { describe, expect, test } from '@jest/globals';
import { namesSecret, redact } from '../../src/core/redact.ts';
import { withValues } from '../../src/report/values.ts';
import { conflict, peer, runResult } from '../helpers/results.ts';

const made = (prefix: string, length: number) => prefix + 'x1Y2'.repeat(20).slice(0, length);

describe('a text without secrets', () => {
  test.each([
    [`see ${made('ghp_', 36)} there`, 'see [redacted] there'],
    [made('github_pat_', 40), '[redacted]'],
    [made('glpat-', 20), '[redacted]'],
    ['AKIA' + 'ABCDEFGH12345678', '[redacted]'],
    [made('xoxb-', 20), '[redacted]'],
    [`${made('eyJ', 20)}.${made('', 20)}.${made('', 20)}`, '[redacted]'],
    ['-----BEGIN OPENSSH PRIVATE KEY-----\nabc\n-----END OPENSSH PRIVATE KEY-----\nrest', '[redacted]\nrest'],
    ['password: hunter22, next', 'password: [redacted], next'],
    ['Authorization: Bearer abcdefgh', 'Authorization: Bearer [redacted]'],
    ['https://ann:hunter2@host/x', 'https://ann:[redacted]@host/x'],
  ])('%j', (text, shown) => {
    expect(redact(text)).toBe(shown);
  });

  test.each(['the token ring', 'a password is needed', 'https://host/x@y', 'task-1234567890123456789012'])(
    '%j holds none',
    (text) => {
      expect(redact(text)).toBe(text);
    },
  );
});

test('names that announce a secret', () => {
  expect(['password_encrypted', 'api_key', 'TOKEN', 'user_secret'].map(namesSecret)).toEqual([true, true, true, true]);
  expect(['tokens_used', 'passage', 'title', 'key'].map(namesSecret)).toEqual([false, false, false, false]);
});

test.each(['full', 'keys'] as const)('%s shows no secret, in values as in keys', (level) => {
  const row = { password: 'plain words', title: made('ghp_', 36), none: null };
  const told = conflict({ key: { id: made('ghp_', 36) }, base: row, ours: row, theirs: null });
  const shown = withValues(runResult({ peers: [peer({ conflicts: [told] })] }), level);
  const [one] = shown.peers[0]?.conflicts ?? [];
  expect(one?.key).toEqual({ id: '[redacted]' });
  const hidden = { password: '[redacted]', title: '[redacted]', none: null };
  expect([one?.base, one?.ours, one?.theirs]).toEqual(level === 'full' ? [hidden, hidden, null] : [null, null, null]);
});
