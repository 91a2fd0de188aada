import { expect, test } from '@jest/globals';
import { Failure } from '../../../src/core/failure.ts';
import { failureAtFolder } from '../../../src/sync/served/shared-folder.ts';

test.each([
  ["failed to create directory '/h/b/state/x': mkdir /h/b/state: permission denied", 'database-in-use'],
  [
    "failed to get remote db; the remote: y 'file:///h/b/state/x' could not be accessed; stat /h/b/state/x/vvvv: permission denied",
    'database-in-use',
  ],
  ['mkdir /h/b/state: read-only file system', 'database-in-use'],
  ['open /srv/db/.dolt/noms/manifest: permission denied', 'auth'],
  ["command denied to user 'b'@'%'", 'auth'],
])('of a failure of the server, only one of our folder needs remotesapi: %s', (text, code) => {
  const failure = new Failure('auth', text);
  expect(failureAtFolder(failure, { name: 'it' }, 'file:///h/b/state/x').code).toBe(code);
});
