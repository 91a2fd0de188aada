import { describe, expect, test } from '@jest/globals';
import { backupStatus, isCopy, isRefuted } from '../../src/backup/verdict.ts';

describe('the backup of a peer', () => {
  const GOOD = { failed: false, verified: true, drill: 'proven' } as const;
  test.each([
    ['that was proven is a copy', GOOD, true],
    ['that was pushed and verified is a copy', { ...GOOD, drill: 'skipped' }, true],
    ['that could not be read is no copy', { ...GOOD, drill: 'unproven' }, false],
    ['that differs is no copy', { ...GOOD, failed: true, drill: 'differs' }, false],
    ['with a failed push is no copy', { failed: true, verified: false, drill: 'skipped' }, false],
    ['with an unverified push is no copy', { ...GOOD, verified: false, drill: 'skipped' }, false],
  ] as const)('%s', (_, known, counts) => {
    expect(isCopy(known)).toBe(counts);
  });
});

describe('a drill that contradicts a run with enough copies', () => {
  test.each([
    [{ failed: true, drill: 'differs' }, 'full', true],
    [{ failed: true, drill: 'differs' }, 'rotate', true],
    // The other peers of the run were drilled too.
    [{ failed: true, drill: 'unproven' }, 'full', false],
    [{ failed: true, drill: 'unproven' }, 'head', false],
    [{ failed: true, drill: 'unproven' }, 'rotate', true],
    // The peer cannot be read for now.
    [{ failed: false, drill: 'unproven' }, 'rotate', false],
    [{ failed: true, drill: 'skipped' }, 'rotate', false],
    [{ failed: false, drill: 'proven' }, 'rotate', false],
  ] as const)('%j under %s: %s', (found, mode, counts) => {
    expect(isRefuted(found, mode)).toBe(counts);
  });
});

describe('the status of a backup run', () => {
  test.each([
    // The status of the peers decides without require-copies.
    ['partial', 1, null, true, 'partial'],
    ['failed', 0, null, false, 'failed'],
    ['success', 2, null, true, 'success'],
    ['unchanged', 2, null, false, 'unchanged'],
    ['unchanged', 2, null, true, 'success'],
    // A drill that cannot read for now does not fail the run.
    ['unchanged', 0, null, false, 'unchanged'],
    // With it, only the number of copies counts.
    ['partial', 1, 1, true, 'success'],
    ['partial', 2, 1, false, 'unchanged'],
    ['partial', 1, 2, true, 'failed'],
    ['success', 0, 1, true, 'failed'],
    ['unchanged', 2, 2, false, 'unchanged'],
    ['conflict', 1, 1, false, 'unchanged'],
  ] as const)('%s with %d copies of %s required, changed %s: %s', (status, copies, required, changed, expected) => {
    expect(backupStatus(status, { copies, required, changed, refuted: false })).toBe(expected);
  });

  test.each([
    ['partial', 1, 1, 'partial'],
    ['success', 1, 1, 'partial'],
    ['unchanged', 1, null, 'partial'],
    ['success', 1, null, 'partial'],
    ['failed', 0, null, 'failed'],
    ['partial', 0, 1, 'failed'],
  ] as const)(
    '%s with %d copies of %s required and a drill that contradicts them: %s',
    (status, copies, required, to) => {
      expect(backupStatus(status, { copies, required, changed: true, refuted: true })).toBe(to);
    },
  );
});
