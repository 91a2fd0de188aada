import { mkdir, writeFile } from 'node:fs/promises';
import { expect, test } from '@jest/globals';
import { type Holder, holderOf, inUse, lockHolder, nameOf } from '../../../src/dolt/server/lock.ts';
import { tempFolder } from '../../helpers/temp-folder.ts';

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

test.each(HOLDERS)('the process with the command line %s is %j', (command, holder) => {
  expect(holderOf(7, command)).toEqual({ ...holder, pid: 7 });
});

test.each([
  ['beside the data', 'local/.dolt', true],
  ['in the folder of several databases', '.dolt', true],
  ['of another process', 'local/.dolt', false],
])('the port of a server is read from its own file: %s', async (_, place, isOwn) => {
  await using folder = await tempFolder();
  await mkdir(folder.file('local/.dolt/noms'), { recursive: true });
  await mkdir(folder.file(place), { recursive: true });
  // No process locks the database, so the living process in the file of the server counts.
  await writeFile(folder.file(place, 'sql-server.info'), `${isOwn ? process.pid : 2 ** 30}:4406:secret`);
  const holder = await lockHolder(folder.file('local'), {});
  expect(holder).toMatchObject(isOwn ? { pid: process.pid, port: 4406 } : { kind: 'unknown', pid: null });
  expect(inUse('/srv/local', { ...holder, kind: 'server' }, 0).hint).toContain(
    isOwn ? '`federation.server: {port: 4406}`' : '`federation.server.port` with its port',
  );
});

test('each kind of holder has its own message and hint', () => {
  const holders: readonly Holder[] = [
    { kind: 'run', pid: 7, program: 'dolt sql-server' },
    { kind: 'server', pid: 7, program: 'dolt sql-server' },
    { kind: 'process', pid: 7, program: 'bd list' },
    { kind: 'unknown', pid: null, program: null },
  ];
  const failures = holders.map((holder) => inUse('/srv/local', holder, 10_400));
  expect(new Set(failures.map((failure) => failure.hint)).size).toBe(holders.length);
  for (const [index, holder] of holders.entries()) {
    expect(failures[index]?.message).toContain(
      `requires direct database access, but /srv/local is in use by ${nameOf(holder)}`,
    );
    expect(failures[index]?.message).toContain('after waiting 10 s');
  }
  expect(inUse('/srv/local', { kind: 'process', pid: 7, program: null }, 20).message).not.toContain('after');
});
