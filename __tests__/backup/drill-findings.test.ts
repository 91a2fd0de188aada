import { describe, expect, test } from '@jest/globals';
import { contentsDifference } from '../../src/backup/compare-contents.ts';
import type { Contents } from '../../src/backup/contents.ts';
import { isUnserved, mayBeIntact } from '../../src/backup/drill-errors.ts';
import { firstProblem } from '../../src/dolt/fsck.ts';

const [C1, C2] = ['c'.repeat(32), 'd'.repeat(32)];
const tables = [
  { name: 'a', rows: 1 },
  { name: 'b', rows: 0 },
];
const OURS: Contents = { commit: C1, databaseHash: 'h', tables };

describe('a backup compared with our database', () => {
  test.each<readonly [string, Partial<Contents>, string | null]>([
    ['equal', {}, null],
    ['only the hash was read', { tables: null }, null],
    ['another commit', { commit: C2 }, `it has the commit ${C2}, not ${C1}`],
    ['another hash', { databaseHash: 'i' }, `the hash of the database at ${C1} is i, not h`],
    ['another commit with the same hash', { commit: C2, databaseHash: 'h' }, `it has the commit ${C2}, not ${C1}`],
    ['a table is gone', { tables: tables.slice(0, 1) }, 'the table b is missing'],
    ['a row is gone', { tables: [{ name: 'a', rows: 0 }] }, 'the table a has 0 rows, not 1'],
    ['no tables', { tables: [] }, 'the table a is missing'],
    [
      'a table too many',
      { tables: [...tables, { name: 'x', rows: 0 }] },
      'it has a table x that our database does not have',
    ],
  ])('%s', (_, found, difference) => {
    expect(contentsDifference(OURS, { ...OURS, ...found })).toBe(difference);
  });

  test('rows of ours that were not counted are not compared', () => {
    expect(contentsDifference({ ...OURS, tables: null }, OURS)).toBeNull();
  });
});

describe("the meaning of a drill's error for the backup", () => {
  test.each([
    ['auth', 'network', 'timeout', 'disk-full', 'folder-missing', 'not-found', 'too-large', 'program-missing'],
  ] as const)('nothing: %s …', (...codes) => {
    expect(codes.map(mayBeIntact)).toEqual(codes.map(() => true));
  });

  test.each([
    [
      ...(['network', 'timeout', 'connect-timeout', 'not-found', 'folder-missing'] as const),
      ...(['contention', 'locked', 'host-not-allowed', 'untrusted-host', 'too-large'] as const),
    ],
  ])('that the peer does not serve it: %s …', (...codes) => {
    expect(codes.map((code) => [mayBeIntact(code), isUnserved(code)])).toEqual(codes.map(() => [true, true]));
  });

  test.each([
    ['auth', 'branch-permission', 'disk-full', 'engine-start', 'program-missing', 'unsupported-endpoint'],
  ] as const)('nothing that the peer is to blame for: %s …', (...codes) => {
    expect(codes.map(isUnserved)).toEqual(codes.map(() => false));
  });

  test.each([
    ['corrupt', 'missing-table-file', 'remote-empty', 'branch-missing', 'unknown', 'engine-lost', 'not-comparable'],
  ] as const)('that it cannot be restored: %s …', (...codes) => {
    expect(codes.map(mayBeIntact)).toEqual(codes.map(() => false));
  });
});

test.each([
  [
    '============ Corrupt Chunks ============\nchunk x: checksum error\nchunk y: checksum error',
    'chunk x: checksum error',
  ],
  ['\n\n  Could not open dolt database: EOF\n', 'Could not open dolt database: EOF'],
  ['', 'it names none'],
])('the first problem of %j', (output, problem) => {
  expect(firstProblem(output)).toBe(problem);
});
