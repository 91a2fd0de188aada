import { expect, test } from '@jest/globals';
import { explained, Failure, toFailure } from '../../src/core/failure.ts';
import { Secrets } from '../../src/core/secrets.ts';
import { moveClone } from '../../src/dolt/clone.ts';
import { initDatabase } from '../../src/dolt/init.ts';
import { refusedIn, sqlFailure, textFailure } from '../../src/dolt/sql/failure.ts';
import { newConflictsFile } from '../../src/resolve/store-conflicts.ts';

const ofSystem = (code: string, more: object = {}) =>
  Object.assign(new Error(`${code}: refused, open '/box/x'`), { code, ...more });

test.each([
  ['a path', ofSystem('EACCES', { path: '/box/x' }), 'file-refused', 'bad-usage'],
  ['an immutable file', ofSystem('EPERM', { path: '/box/x' }), 'file-refused', 'bad-usage'],
  ['a read-only disk', ofSystem('EROFS', { path: '/box/x' }), 'file-refused', 'bad-usage'],
  ['a connection', ofSystem('EACCES'), 'unknown', 'bad-usage'],
  ['a missing file', ofSystem('ENOENT', { path: '/box/x' }), 'unknown', 'bad-usage'],
  ['a full disk', ofSystem('ENOSPC'), 'disk-full', 'disk-full'],
  ['an exceeded quota', ofSystem('EDQUOT'), 'disk-full', 'disk-full'],
])('the system refused %s', (_, thrown, code, known) => {
  expect(toFailure(thrown)).toMatchObject({ code, message: thrown.message });
  const message = `/box cannot be used: ${thrown.message}`;
  expect(explained(thrown, 'bad-usage', '/box cannot be used')).toMatchObject({ code: known, message });
  const failure = new Failure('timeout', 'too late');
  expect(explained(failure, 'bad-usage', '/box cannot be used')).toBe(failure);
});

test.each([
  ['rename /t/.dolt/repo_state.json-1 /t/.dolt/repo_state.json: operation not permitted', 'database-read-only'],
  ['open /t/.dolt/noms/oldgen: read-only file system', 'database-read-only'],
  ['rename /t/.dolt/a /t/.dolt/b: device or resource busy', 'database-read-only'],
  ["command denied to user 'a'@'%'", 'auth'],
  ["cannot convert 'open /t/x: permission denied'", 'unknown'],
])('a statement that fails with %j: %s', (text, code) => {
  const thrown = Object.assign(new Error(text), { sqlState: 'HY000' });
  expect(sqlFailure(thrown, new Secrets()).code).toBe(code);
});

test('a remote operation is refused files of the database, or of the remote', () => {
  const text = 'open /t/.dolt/temptf/x: permission denied';
  expect(refusedIn('/t', textFailure(text))).toMatchObject({ code: 'database-read-only', toolText: text });
  expect(refusedIn('/tt', textFailure(text)).code).toBe('auth');
  // The path of a program is no file of the database.
  const program = 'fork/exec /t/git: operation not permitted';
  expect(refusedIn('/t', textFailure(program)).code).toBe('program-missing');
});

test('own calls name the path', async () => {
  const context = { tempDir: '/dev/null/tmp', env: {}, signal: new AbortController().signal };
  const wanted = { dolt: 'dolt', branch: 'main', author: { name: 'A', email: 'a@example.org' } };
  const message = expect.stringContaining('/dev/null/x');
  await expect(newConflictsFile('/dev/null/x')).rejects.toMatchObject({ code: 'conflicts-file-unwritten', message });
  await expect(moveClone('/dev/null/y', '/dev/null/x')).rejects.toMatchObject({ code: 'database-read-only', message });
  await expect(initDatabase(context, { ...wanted, folder: '/dev/null/x' })).rejects.toMatchObject({
    code: 'database-read-only',
    message,
  });
});
