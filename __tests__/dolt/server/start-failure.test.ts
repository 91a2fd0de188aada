import { expect, test } from '@jest/globals';
import { lossFailure, startFailure } from '../../../src/dolt/server/ready.ts';

test.each([
  ['Port 33999 already in use.', 'port-in-use'],
  ['database "t" is locked by another dolt process; either clone', 'locked'],
  ['failed to load database "t": openat LOCK: read-only file system', 'database-read-only'],
  ['failed to load database "t": open /srv/t/.dolt/noms/LOCK: permission denied', 'database-read-only'],
  ['failed to load database "t": openat LOCK: operation not permitted', 'database-read-only'],
  ['open /srv/t/.dolt/sql-server.info-1: operation not permitted', 'database-read-only'],
  ['write /srv/t/.dolt/sql-server.info-1: no space left on device', 'disk-full'],
  ['Unknown manifest version: 6. You may need to update your client', 'client-too-old'],
  ["root hash doesn't exist: 1rgs620kt551u9t05m1vjman0225k5rk", 'corrupt'],
  ['out of luck', 'engine-start'],
])('a server that ends with %j fails the start: %s', (log, code) => {
  const failure = startFailure({ kind: 'ended', how: 'exit code 1' }, { log: `${log}\n`, database: '/srv/t' });
  if (failure === 'port-in-use') return expect(failure).toBe(code);
  expect(failure).toMatchObject({ code, message: expect.stringContaining('/srv/t') });
  if (code !== 'locked') expect(failure.message).toContain(log);
});

test.each([
  [
    'fatal error: write /srv/t/.dolt/noms/vvvv: no space left on device: error writing to database journal file',
    'disk-full',
  ],
  ['write /srv/t/.dolt/noms/vvvv: disk quota exceeded', 'disk-full'],
  ['panic: runtime error: index out of range', undefined],
  ['', undefined],
])('a server that ends during its work with %j fails it: %s', (log, code) => {
  const failure = lossFailure({ log: `${log}\n`, database: '/srv/t' });
  expect([failure?.code, failure?.message]).toEqual([code, code && `the Dolt server of /srv/t ended: ${log}`]);
});

test('a panic during the start is a failure of the data, and its text may contain values', () => {
  const seen = { log: 'goroutine 1 [running]:\n', database: '/srv/t', panic: 'a value' };
  expect(startFailure({ kind: 'ended', how: 'exit code 2' }, seen)).toMatchObject({
    code: 'corrupt',
    message: '/srv/t cannot be opened: Dolt stopped with a panic: a value',
    withoutValues: '/srv/t cannot be opened: Dolt stopped with a panic',
  });
});

test('the message omits the first line of a server and the prefix of its log', () => {
  const log = `Starting server with Config HP="127.0.0.1:33999"
time="2026-11-28T22:12:01Z" level=warning msg="failed to load database with error: openat LOCK: permission denied"
openat LOCK: permission denied
`;
  expect(startFailure({ kind: 'ended', how: 'exit code 1' }, { log, database: '/srv/t' })).toMatchObject({
    message: '/srv/t cannot be opened: openat LOCK: permission denied',
  });
});
