import { expect, test } from '@jest/globals';
import { leaseFailure, leaseVerdict, savedTag } from '../../../src/sync/history/lease.ts';

test.each([
  [{ expected: 'a', found: 'a', isContained: false }, 'replace'],
  [{ expected: 'a', found: 'b', isContained: false }, 'stale'],
  [{ expected: 'a', found: null, isContained: false }, 'stale'],
  [{ expected: 'a', found: 't', isContained: true }, 'nothing-to-do'],
  [{ expected: 'a', found: 'a', isContained: true }, 'nothing-to-do'],
] as const)('%j is parsed: %s', (lease, verdict) => {
  expect(leaseVerdict(lease)).toBe(verdict);
});

test('a stale lease names both heads', () => {
  expect(leaseFailure('box', { expected: 'a', found: null })).toMatchObject({
    code: 'lease-stale',
    message: expect.stringMatching(/box is at no commit, not at a\b/),
  });
});

test('two heads never share a tag', () => {
  expect(savedTag('box', 'a')).not.toBe(savedTag('box', 'b'));
});
