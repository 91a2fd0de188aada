import { describe, expect, test } from '@jest/globals';
import { type Holder, holderOf, inUse, lockingPid, nameOf } from '../../../src/dolt/server/lock.ts';

const TABLE = [
  '1: FLOCK  ADVISORY  WRITE 21826 fe:00:9978703 0 EOF',
  '2: POSIX  ADVISORY  WRITE 11 fe:00:9978675 0 EOF',
  '3: FLOCK  ADVISORY  READ  12 fe:00:9978675 0 EOF',
  '3: -> FLOCK  ADVISORY  WRITE 13 fe:00:9978675 0 EOF',
  '4: FLOCK  ADVISORY  WRITE 21827 fe:00:9978675 0 EOF',
  '5: FLOCK  ADVISORY  WRITE 0 103:0a:7 0 EOF',
  '6: FLOCK  ADVISORY  WRITE 99 103:0a:8 0 EOF',
  '',
].join('\n');

describe('the lock table of Linux', () => {
  test.each([
    ['its writer, and nobody who reads or waits', { dev: 0xfe00, ino: 9978675 }, 21827],
    ['nobody for another file', { dev: 0xfe00, ino: 1 }, null],
    ['nobody for another disk', { dev: 0xfd00, ino: 9978675 }, null],
    ['nobody where the kernel does not say', { dev: 0x1030a, ino: 7 }, null],
    ['a disk with a large number', { dev: 0x1030a, ino: 8 }, 99],
  ])('names %s', (_, file, pid) => {
    expect(lockingPid(TABLE, file)).toBe(pid);
  });
});

const HOLDERS: readonly [string | null, Omit<Holder, 'pid'>][] = [
  ['/opt/dolt sql-server --config /tmp/df-aB3_x9/server.yaml', { kind: 'run', program: 'dolt sql-server' }],
  ['/opt/dolt sql-server --config /tmp/df-test-aB3/server.yaml', { kind: 'server', program: 'dolt sql-server' }],
  ['C:\\dolt\\dolt.exe sql-server', { kind: 'server', program: 'dolt.exe sql-server' }],
  ['dolt --data-dir x sql-server', { kind: 'server', program: 'dolt' }],
  ['dolt sql -q SELECT secret', { kind: 'process', program: 'dolt sql' }],
  ['/usr/bin/bd create --title secret', { kind: 'process', program: 'bd create' }],
  ['/usr/bin/bd --password=secret', { kind: 'process', program: 'bd' }],
  [null, { kind: 'process', program: null }],
];

test.each(HOLDERS)('a process that was started as %s is %j', (command, holder) => {
  expect(holderOf(7, command)).toEqual({ ...holder, pid: 7 });
});

test('every kind of holder has its own words and its own cure', () => {
  const holders: readonly Holder[] = [
    { kind: 'run', pid: 7, program: 'dolt sql-server' },
    { kind: 'server', pid: 7, program: 'dolt sql-server' },
    { kind: 'process', pid: 7, program: 'bd list' },
    { kind: 'unknown', pid: null, program: null },
  ];
  const told = holders.map((holder) => inUse('/srv/town', holder, 10_400));
  expect(new Set(told.map((failure) => failure.hint)).size).toBe(holders.length);
  for (const [index, holder] of holders.entries()) {
    expect(told[index]?.message).toContain(`requires direct database access, but ${nameOf(holder)} holds /srv/town`);
    expect(told[index]?.message).toContain('also after 10 s');
  }
  expect(inUse('/srv/town', { kind: 'process', pid: 7, program: null }, 20).message).not.toContain('after');
});
