import { mkdir } from 'node:fs/promises';
import { pathToFileURL } from 'node:url';
import { expect, test } from '@jest/globals';
import { Failure } from '../../../src/core/failure.ts';
import { Secrets } from '../../../src/core/secrets.ts';
import { openUserServer } from '../../../src/dolt/server/user-server.ts';
import { handOver, throughFolder } from '../../../src/sync/served/exchange.ts';
import { failureAtFolder } from '../../../src/sync/served/shared-folder.ts';
import { servedDatabase } from '../../helpers/served-database.ts';
import { tempFolder } from '../../helpers/temp-folder.ts';
import { failureOf } from '../../helpers/thrown.ts';

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

if (process.platform === 'linux') {
  test('a server that cannot use our folder, or has another one of this name, is refused with remotesapi as the way', async () => {
    await using folder = await tempFolder();
    await using served = await servedDatabase(folder);
    const { user, password, sqlPort: port } = served.server;
    const server = await openUserServer({
      address: { port, socket: null, user, password },
      ...{ database: 'local', name: 'it', secrets: new Secrets(), milliseconds: 60_000 },
      signal: AbortSignal.timeout(120_000),
    });
    const limit = { milliseconds: 60_000, failure: () => new Failure('timeout', 'too late') };
    await mkdir(folder.file('closed'), { mode: 0o000 });
    const closed = [folder.file('closed', 'in'), /: mkdir .*: permission denied$/] as const;
    const elsewhere = ['/proc/self/cwd/exchange', /nothing is there/] as const;
    // Root may use every folder.
    for (const [path, why] of process.getuid?.() === 0 ? [elsewhere] : [elsewhere, closed]) {
      const exchange = { server, branch: 'main', limit, ...throughFolder(pathToFileURL(path).href) };
      const { code, message, hint } = await failureOf(() => handOver(exchange));
      expect([code, message]).toEqual(['database-in-use', expect.stringMatching(why)]);
      expect(hint).toContain('add `remotesapi: 50051` to `federation.server`');
    }
    await server.close();
    expect((await served.traces())[0]).toEqual([]);
  });
}
