import { pathToFileURL } from 'node:url';
import { Failure } from '../../src/core/failure.ts';
import { Secrets } from '../../src/core/secrets.ts';
import { openUserServer } from '../../src/dolt/server/user-server.ts';
import { throughFolder } from '../../src/sync/served/exchange.ts';
import { cloneDatabase } from './database.ts';
import { testEngines } from './federating.ts';
import type { ServedDatabase } from './served-database.ts';
import type { TempFolder } from './temp-folder.ts';

export const limit = { milliseconds: 60_000, failure: () => new Failure('timeout', 'too late') };

/** A database behind a server, a scratch copy of it with one more commit, and the exchange between them. */
export async function exchangeScene(
  folder: TempFolder,
  served: ServedDatabase,
  {
    signal = AbortSignal.timeout(120_000),
    result = [
      "INSERT INTO items VALUES (3, 'three', 'run')",
      'DELETE FROM items WHERE id = 2',
      "CALL DOLT_COMMIT('-A', '-m', 'a result')",
    ],
  }: { readonly signal?: AbortSignal; readonly result?: readonly string[] } = {},
) {
  const scratch = await cloneDatabase(served.mailbox, folder.file('scratch'));
  await scratch.sql(...result);
  const to = await scratch.head();
  const { user, password, sqlPort: port } = served.server;
  const server = await openUserServer({
    address: { port, socket: null, user, password },
    database: 'local',
    name: 'it',
    secrets: new Secrets(),
    milliseconds: 60_000,
    signal,
  });
  const engines = testEngines(scratch.path, folder.file('tmp'));
  const through = throughFolder(pathToFileURL(folder.file('exchange')).href);
  return {
    engines,
    exchange: { server, branch: 'main', limit, ...through, scratch: scratch.path, notify: () => undefined },
    move: { from: await served.head(), to },
    async [Symbol.asyncDispose]() {
      await engines.close();
      await server.close();
    },
  };
}
