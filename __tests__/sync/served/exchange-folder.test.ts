import { mkdir } from 'node:fs/promises';
import { pathToFileURL } from 'node:url';
import { expect, test } from '@jest/globals';
import { Failure } from '../../../src/core/failure.ts';
import { Secrets } from '../../../src/core/secrets.ts';
import { openUserServer } from '../../../src/dolt/server/user-server.ts';
import { handBack, handOver, takeOver, throughFolder } from '../../../src/sync/served/exchange.ts';
import { failureAtFolder } from '../../../src/sync/served/exchange-folder.ts';
import { cloneDatabase } from '../../helpers/database.ts';
import { testEngines } from '../../helpers/federating.ts';
import { clientCommits, servedDatabase } from '../../helpers/served-database.ts';
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
    // An earlier run found the branch in our folder, before the server moved into a container.
    const scratch = await cloneDatabase(served.mailbox, folder.file('scratch'));
    const engines = testEngines(scratch.path, folder.file('tmp'));
    const through = (path: string) => ({
      ...{ server, branch: 'main', limit },
      ...throughFolder(pathToFileURL(path).href),
    });
    await handOver(through(folder.file('exchange')));
    const session: typeof server.session = (work) =>
      server.session((sql) => {
        const other = pathToFileURL(folder.file('of the container')).href;
        const place = (value: string) => (value.endsWith('/exchange') ? other : value);
        const run: typeof sql.run = (statement, values = []) => sql.run(statement, values.map(place));
        return work({ ...sql, run });
      });
    const moved = { ...through(folder.file('exchange')), server: { name: 'it', session } };
    // With the same head there, only the way back shows it.
    const from = await takeOver(engines, moved);
    await engines.close();
    await scratch.sql("INSERT INTO items VALUES (3, 'three', 'run')", "CALL DOLT_COMMIT('-A', '-m', 'a result')");
    const move = { from, to: await scratch.head() };
    const back = { ...moved, scratch: scratch.path, notify: () => undefined };
    const unsent = await failureOf(() => handBack(engines, back, move));
    expect(await served.head()).toBe(from);
    await clientCommits(served);
    for (const { code, message, hint } of [unsent, await failureOf(() => takeOver(engines, moved))]) {
      expect([code, message]).toEqual(['database-in-use', expect.stringContaining('it uses another folder')]);
      expect(hint).toContain('`remotesapi: 50051`');
    }
    const ofOther = { ...moved, kind: 'remotesapi' } as const;
    const other = await failureOf(() => takeOver(engines, ofOther));
    expect([other.code, other.hint]).toEqual(['database-in-use', expect.stringContaining('another server')]);

    // Clients commit around each look.
    const heads: string[] = [];
    const committing: typeof server.session = async (work) => {
      await served.sql("CALL DOLT_COMMIT('--allow-empty', '-m', 'client')");
      heads.push(await served.head());
      return await server.session(work);
    };
    const taken = await takeOver(engines, {
      ...through(folder.file('exchange')),
      server: { name: 'it', session: committing },
    });
    expect(heads.slice(1, -1)).toContain(taken);
    await engines.close();
    await server.close();
    expect((await served.traces())[0]).toEqual([]);
  });
}
