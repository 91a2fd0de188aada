import { describe, expect, test } from '@jest/globals';
import { contentsDifference } from '../../src/backup/compare-contents.ts';
import type { Contents } from '../../src/backup/contents.ts';
import { isDamage, isUnserved, mayBeIntact } from '../../src/backup/drill-errors.ts';
import type { ErrorCode } from '../../src/contract/error-codes.ts';
import { Failure } from '../../src/core/failure.ts';
import { firstProblem } from '../../src/dolt/fsck.ts';

const [C1, C2] = ['c'.repeat(32), 'd'.repeat(32)];
const tables = [
  { name: 'a', rows: 1, checksum: 'x' },
  { name: 'b', rows: 0, checksum: 'y' },
];
const OURS: Contents = { commit: C1, databaseHash: 'h', tables };

describe('the comparison of a backup with our database', () => {
  test.each<readonly [string, Partial<Contents>, string | null]>([
    ['equal', {}, null],
    ['only the database hash of the backup is known', { tables: null }, null],
    ['another commit', { commit: C2 }, `it has the commit ${C2}, not ${C1}`],
    ['another hash', { databaseHash: 'i' }, `the hash of the database at ${C1} is i, not h`],
    ['another commit with the same hash', { commit: C2, databaseHash: 'h' }, `it has the commit ${C2}, not ${C1}`],
    ['a missing table', { tables: tables.slice(0, 1) }, 'the table b is missing'],
    ['a missing row', { tables: [{ name: 'a', rows: 0, checksum: 'x' }] }, 'the table a has 0 rows, not 1'],
    [
      'another value',
      { tables: [{ name: 'a', rows: 1, checksum: 'z' }] },
      'the table a has other values, with the same hashes',
    ],
    ['no tables', { tables: [] }, 'the table a is missing'],
    [
      'an extra table',
      { tables: [...tables, { name: 'x', rows: 0, checksum: 'y' }] },
      'it has a table x that our database does not have',
    ],
  ])('reports the difference: %s', (_, found, difference) => {
    expect(contentsDifference(OURS, { ...OURS, ...found })).toBe(difference);
  });

  test('ignores rows of our tables that were not counted', () => {
    expect(contentsDifference({ ...OURS, tables: null }, OURS)).toBeNull();
  });
});

describe('an error during a drill', () => {
  test.each([
    [
      ...(['auth', 'network', 'timeout', 'disk-full', 'folder-missing', 'not-found', 'too-large'] as const),
      ...(['program-missing', 'database-read-only', 'file-refused'] as const),
    ],
  ] as const)('does not rule out an intact backup: %s …', (...codes) => {
    expect(codes.map(mayBeIntact)).toEqual(codes.map(() => true));
  });

  test.each([
    [
      ...(['network', 'timeout', 'connect-timeout', 'not-found', 'folder-missing'] as const),
      ...(['contention', 'locked', 'host-not-allowed', 'untrusted-host', 'too-large'] as const),
      ...(['disk-full', 'client-too-old', 'locks-unsupported', 'engine-start', 'program-missing'] as const),
      ...(['database-read-only', 'file-refused'] as const),
    ],
  ])('fails a peer that the same run read: %s …', (...codes) => {
    expect(codes.map((code) => [mayBeIntact(code), isUnserved(code)])).toEqual(codes.map(() => [true, true]));
  });

  test.each([['auth', 'branch-permission']] as const)('fails no peer that may not be read: %s …', (...codes) => {
    expect(codes.map(isUnserved)).toEqual(codes.map(() => false));
  });

  test.each([
    ['corrupt', 'missing-table-file', 'remote-empty', 'branch-missing', 'unknown', 'engine-lost', 'not-comparable'],
  ] as const)('means that the backup cannot be restored: %s …', (...codes) => {
    expect(codes.map(mayBeIntact)).toEqual(codes.map(() => false));
  });

  const unverified = (cause?: ErrorCode) =>
    new Failure('unverified', 'no', cause === undefined ? {} : { cause: new Failure(cause, 'no') });

  test.each([
    [new Failure('corrupt', 'no'), true],
    [new Failure('missing-table-file', 'no'), true],
    [new Failure('history-rewritten', 'no'), true],
    [new Failure('tag-conflict', 'no'), true],
    [new Failure('non-fast-forward', 'no'), true],
    [new Failure('network', 'no'), false],
    [new Failure('remote-empty', 'no'), false],
    // The read after a push showed other data, or failed.
    [unverified(), true],
    [unverified('corrupt'), true],
    [unverified('remote-empty'), true],
    [unverified('network'), false],
    [unverified('timeout'), false],
    [unverified('auth'), false],
  ])('is not needed if a fetch or push shows the damage: %j %s', (failure, isShown) => {
    expect(isDamage(failure, false)).toBe(isShown);
  });

  test.each([
    ['corrupt', false],
    ['non-fast-forward', false],
    ['tag-conflict', true],
    ['missing-table-file', true],
    ['unrelated', true],
  ] as const)('may come from our own database, or from a race, if a push ends with %s', (code, isShown) => {
    expect(isDamage(new Failure(code, 'no'), true)).toBe(isShown);
  });
});

test.each([
  [
    '============ Corrupt Chunks ============\nchunk x: checksum error\nchunk y: checksum error',
    'chunk x: checksum error',
  ],
  ['\n\n  Could not open dolt database: EOF\n', 'Could not open dolt database: EOF'],
  ['', 'it names none'],
])('the first problem in the output %j', (output, problem) => {
  expect(firstProblem(output)).toBe(problem);
});
