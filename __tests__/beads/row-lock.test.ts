import { createHash } from 'node:crypto';
import { expect, test } from '@jest/globals';
import { freeLock, mergedLock } from '../../src/beads/row-lock.ts';

const COLUMNS = ['id', 'title', 'status', 'is_blocked', 'row_lock'];
const row = (title: string | null, status: string, row_lock: string | null, is_blocked = '0') => ({
  id: 'x-1',
  title,
  status,
  is_blocked,
  row_lock,
});
const lock = (ours: ReturnType<typeof row>, theirs: ReturnType<typeof row>, merged: ReturnType<typeof row>) =>
  mergedLock({ id: 'x-1', ours, theirs, merged }, COLUMNS);

test('the formula gives the same lock from either side for a row with cells of both', () => {
  const [ours, theirs] = [row('näu', 'open', '-5'), row(null, 'closed', '7')];
  const merged = row('näu', 'closed', '-5', '1');
  const text = 'dolt-federation row_lock v2\u001fx-1\u001f-5\u001f7\u001fv3:x-1v4:näuv6:closed';
  const expected = String(createHash('sha256').update(text).digest().readBigInt64BE(0));
  expect(lock(ours, theirs, merged)).toBe(expected);
  expect(lock(theirs, ours, merged)).toBe(expected);
});

test('a row that equals a parent keeps its lock; a row that equals both gets the greater one', () => {
  const [ours, theirs] = [row('a', 'open', '1'), row('b', 'open', null)];
  expect(lock(ours, theirs, row('a', 'open', '9', '1'))).toBe('1');
  expect(lock(ours, theirs, row('b', 'open', '9'))).toBe('0');
  expect(lock(row('a', 'open', '-3'), row('a', 'open', '-9'), row('a', 'open', '0'))).toBe('-3');
});

test('NULL counts as 0, and an empty text is not NULL', () => {
  const [ours, theirs] = [row('a', 'open', null), row('b', 'closed', '3')];
  expect(lock(ours, theirs, row('a', 'closed', null))).toBe(
    lock({ ...ours, row_lock: '0' }, theirs, row('a', 'closed', '0')),
  );
  expect(lock(ours, theirs, row('', 'closed', '0'))).not.toBe(lock(ours, theirs, row(null, 'closed', '0')));
});

test.each<[bigint, bigint[], bigint]>([
  [5n, [0n, 1n, 2n], 5n],
  [0n, [0n, 1n, 2n], 3n],
  [2n ** 63n - 1n, [2n ** 63n - 1n, 0n], -(2n ** 63n)],
  [-1n, [-1n, 0n], 1n],
])('the lock after %d is neither 0 nor the lock of a parent', (value, taken, expected) => {
  expect(freeLock(value, taken)).toBe(expected);
});

test.each([null, '', 'x', '1.50', '0x10', '1e3', ' 7', '9223372036854775808', '9'.repeat(60_000)])(
  'a lock that is not a signed 64-bit number counts as 0 (%#)',
  (value) => {
    const merged = row('a', 'closed', '5');
    const other = row('b', 'closed', '-3');
    expect(lock(row('a', 'open', value), other, merged)).toBe(lock(row('a', 'open', '0'), other, merged));
  },
);
