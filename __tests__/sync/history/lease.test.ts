import { expect, test } from '@jest/globals';
import { leaseFailure, leaseVerdict, savedTag } from '../../../src/sync/history/lease.ts';

test.each([
  [{ expected: 'a', found: 'a', target: 't' }, 'replace'],
  [{ expected: 'a', found: 'b', target: 't' }, 'stale'],
  [{ expected: 'a', found: null, target: 't' }, 'stale'],
  [{ expected: 'a', found: 't', target: 't' }, 'nothing-to-do'],
  [{ expected: 't', found: 't', target: 't' }, 'nothing-to-do'],
])('%j is parsed: %s', (lease, verdict) => {
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
