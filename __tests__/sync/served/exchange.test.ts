import { pathToFileURL } from 'node:url';
import { expect, test } from '@jest/globals';
import { Failure } from '../../../src/core/failure.ts';
import { Secrets } from '../../../src/core/secrets.ts';
import { openUserServer } from '../../../src/dolt/server/user-server.ts';
import { handBack, handOver, takeOver, throughFolder } from '../../../src/sync/served/exchange.ts';
import { cloneDatabase } from '../../helpers/database.ts';
import { testEngines } from '../../helpers/federating.ts';
import { servedDatabase } from '../../helpers/served-database.ts';
import { tempFolder } from '../../helpers/temp-folder.ts';
import { failureOf } from '../../helpers/thrown.ts';

const limit = { milliseconds: 60_000, failure: () => new Failure('timeout', 'too late') };

test.each([
  ['a commit of a client', "CALL DOLT_COMMIT('--allow-empty', '-m', 'meanwhile')", 'contention'],
  ['a branch that goes back', "CALL DOLT_RESET('--hard', 'HEAD~1')", 'contention'],
  ['an uncommitted row', "INSERT INTO items VALUES (8, 'eight', 'client')", 'uncommitted-changes'],
])('%s while a run works leaves the server as the client has it', async (_, statement, code) => {
  await using folder = await tempFolder();
  await using served = await servedDatabase(folder, 'CREATE TABLE more (id INT PRIMARY KEY)');
  const scratch = await cloneDatabase(served.mailbox, folder.file('scratch'));
  const to = await scratch.commit('a result', "INSERT INTO items VALUES (3, 'three', 'run')");
  const from = await served.head();
  const { user, password, sqlPort: port } = served.server;
  const address = { port, socket: null, user, password };
  const wanted = {
    address,
    database: 'local',
    name: 'it',
    secrets: new Secrets(),
    milliseconds: 60_000,
    signal: AbortSignal.timeout(120_000),
  };
  const server = await openUserServer(wanted);
  const engines = testEngines(scratch.path, folder.file('tmp'));
  const common = { server, branch: 'main', limit };
  const exchange = { ...common, ...throughFolder(pathToFileURL(folder.file('exchange')).href) };
  try {
    await handOver(exchange);
    await served.sql(statement);
    const [head, rows] = [await served.head(), await served.rows('SELECT * FROM items')];
    const failure = await failureOf(() => handBack(engines, exchange, { from, to }));
    expect(failure.code).toBe(code);
    expect([await served.head(), await served.rows('SELECT * FROM items')]).toEqual([head, rows]);
    const [remotes, tracking, branches, tags] = await served.traces();
    expect([remotes, tracking, branches, tags]).toEqual([[], [], [{ name: 'main' }], []]);
    // The next run begins with what the client did.
    expect(await takeOver(engines, exchange)).toBe(head);
  } finally {
    await engines.close();
    await server.close();
  }
});
