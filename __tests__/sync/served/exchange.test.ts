import { expect, test } from '@jest/globals';
import type { Diagnostic } from '../../../src/core/diagnostic.ts';
import { Failure } from '../../../src/core/failure.ts';
import { Secrets } from '../../../src/core/secrets.ts';
import { createEngineCredentials, NO_CREDENTIALS } from '../../../src/dolt/engine-credentials.ts';
import type { Engines } from '../../../src/dolt/server/engines.ts';
import { openUserServer } from '../../../src/dolt/server/user-server.ts';
import { branchHead } from '../../../src/dolt/sql/heads.ts';
import { readOwnMoves, recordMove } from '../../../src/sync/merge/own-moves.ts';
import { scratchName } from '../../../src/sync/merge/scratch.ts';
import {
  catchUpAndHandBack,
  finishHandBacks,
  handBack,
  handOver,
  remotesapiExchange,
  takeOver,
} from '../../../src/sync/served/exchange.ts';
import { whyRefused } from '../../../src/sync/served/why-refused.ts';
import { storingConflicts } from '../../helpers/attacks.ts';
import { exchangeScene, limit } from '../../helpers/exchange-scene.ts';
import { atMove, servedDatabase } from '../../helpers/served-database.ts';
import { startDoltSqlServer } from '../../helpers/servers/dolt-sql-server.ts';
import { tempFolder } from '../../helpers/temp-folder.ts';
import { failureOf } from '../../helpers/thrown.ts';

const REFERS = 'CREATE TABLE of_items (id INT PRIMARY KEY, item INT, FOREIGN KEY (item) REFERENCES items (id))';

/** A merge in another table than the run changes. */
const OPEN_MERGE = [
  "CALL DOLT_CHECKOUT('-b', 'half')",
  'INSERT INTO more VALUES (1)',
  "CALL DOLT_COMMIT('-A', '-m', 'half')",
  "CALL DOLT_CHECKOUT('main')",
  'SET autocommit = 0',
  "CALL DOLT_MERGE('--no-ff', '--no-commit', 'half')",
  "CALL DOLT_BRANCH('-D', 'half')",
  'COMMIT',
];

test.each([
  ['a commit of a client', "CALL DOLT_COMMIT('--allow-empty', '-m', 'meanwhile')", 'contention'],
  ['a branch that goes back', "CALL DOLT_RESET('--hard', 'HEAD~1')", 'contention'],
  ['a dropped table', 'DROP TABLE more', 'uncommitted-changes'],
  [
    'a row that is only staged',
    "INSERT INTO more VALUES (1); CALL DOLT_ADD('more'); DELETE FROM more",
    'uncommitted-changes',
  ],
  ['an open merge', OPEN_MERGE.join(';'), 'uncommitted-changes'],
  ['an uncommitted row', "INSERT INTO items VALUES (8, 'eight', 'client')", 'uncommitted-changes'],
  ['a row that refers to a removed one', `${REFERS}; INSERT INTO of_items VALUES (1, 2)`, 'uncommitted-changes'],
])('%s during a run stays on the server', async (_, statement, code) => {
  await using folder = await tempFolder();
  await using served = await servedDatabase(folder, 'CREATE TABLE more (id INT PRIMARY KEY)');
  await using opened = await exchangeScene(folder, served);
  const { engines, exchange, move } = opened;
  await handOver(exchange);
  served.sqlNow(statement);
  const state = async () => [await served.head(), await served.rows('SELECT * FROM items'), (await served.traces())[4]];
  const before = await state();
  const failure = await failureOf(() => handBack(engines, exchange, move));
  expect(failure.code).toBe(code);
  expect(await state()).toEqual(before);
  const [remotes, tracking, branches, tags] = await served.traces();
  expect([remotes, tracking, branches, tags]).toEqual([[], [], [{ name: 'main' }], []]);
  // The next run begins with what the client did.
  expect(await takeOver(engines, exchange)).toBe(before[0]);
});

const MORE = ['CREATE TABLE more (id INT PRIMARY KEY)', 'INSERT INTO more VALUES (1)'];
const KEPT = 'UPDATE more SET id = 2';

test.each([
  ['is reverted, and uncommitted rows stay', [], 'contention'],
  ['fails and stays if a client commits meanwhile', ["CALL DOLT_COMMIT('-Am', 'a client')"], 'uncommitted-changes'],
])('a fast-forward of which the server makes only the first half %s', async (_, meanwhile, code) => {
  await using folder = await tempFolder();
  await using served = await servedDatabase(folder, ...MORE);
  await using opened = await exchangeScene(folder, served);
  const { engines, exchange, move } = opened;
  await served.sql(KEPT);
  const racing = atMove(exchange, async (sql, ...move) => {
    // Dolt moves the head, and then finds a row that a client wrote since this transaction began.
    await sql.run('START TRANSACTION');
    await sql.run('CALL DOLT_CHECKOUT(?)', ['main']);
    served.sqlNow("INSERT INTO items VALUES (3, 'mine', 'client')");
    await sql.run(...move).finally(() => {
      if (meanwhile.length > 0) served.sqlNow(...meanwhile);
    });
  });
  const failure = await failureOf(() => catchUpAndHandBack(engines, racing, move, async () => move.to));
  expect(failure).toMatchObject({ code, message: expect.stringContaining('conflicts with a committed transaction') });
  const [log] = await served.rows("SELECT message FROM dolt_log('main') LIMIT 1");
  const isCommitted = meanwhile.length > 0;
  expect(log).toEqual({ message: isCommitted ? 'a client' : 'seed' });
  const dirty = ['items', 'more'].map((table_name) => ({ table_name, staged: 0, status: 'modified' }));
  expect((await served.traces())[4]).toEqual(isCommitted ? [] : dirty);
  const titles = await served.rows('SELECT i.title, m.id FROM items i, more m WHERE i.id = 3');
  expect(titles).toEqual([{ title: 'mine', id: 2 }]);
  expect((await readOwnMoves(exchange.scratch)).moves.size).toBe(isCommitted ? 1 : 0);
});

test('a new staged table that a client drops at the move is a warning, and the others stay staged', async () => {
  await using folder = await tempFolder();
  await using served = await servedDatabase(folder, ...MORE);
  await using opened = await exchangeScene(folder, served);
  const { engines, exchange, move } = opened;
  for (const statement of [KEPT, 'CREATE TABLE gone (id INT PRIMARY KEY)', "CALL DOLT_ADD('more', 'gone')"])
    await served.sql(statement);
  const dropping = atMove(exchange, async (sql, ...move) => {
    await sql.run(...move);
    served.sqlNow('DROP TABLE gone');
  });
  const notices: Diagnostic[] = [];
  const notify = (notice: Diagnostic) => void notices.push(notice);
  await handBack(engines, { ...dropping, notify }, move);
  expect(notices).toMatchObject([
    { code: 'uncommitted-changes', message: expect.stringMatching(/^gone was staged, and/) },
  ]);
  expect([await served.head(), (await served.traces())[4]]).toEqual([
    move.to,
    [{ table_name: 'more', staged: 1, status: 'modified' }],
  ]);
});

test('a fast-forward whose second half the server refuses is reverted', async () => {
  await using folder = await tempFolder();
  await using served = await servedDatabase(folder, ...MORE);
  await using opened = await exchangeScene(folder, served, { result: storingConflicts() });
  const { engines, exchange, move } = opened;
  expect((await failureOf(() => handBack(engines, exchange, move))).code).toBe('conflict');
  expect([await served.head(), (await served.traces())[4]]).toEqual([move.from, []]);
});

test('a half move of a run or server that was killed is reverted, unless a client moved the branch since', async () => {
  await using folder = await tempFolder();
  await using served = await servedDatabase(folder, ...MORE);
  await using opened = await exchangeScene(folder, served, {
    result: [
      "INSERT INTO items VALUES (3, 'three', 'run')",
      'INSERT INTO more VALUES (7)',
      "CALL DOLT_COMMIT('-A', '-m', 'a result')",
    ],
  });
  const { engines, exchange, move } = opened;
  const { from, to } = move;
  const status = async () => (await served.traces())[4];
  const finish = async () => {
    await recordMove(exchange.scratch, 'killed', { kind: 'served', branch: 'main', from, to });
    await finishHandBacks(exchange);
    expect((await readOwnMoves(exchange.scratch)).moves).toEqual(new Map());
  };
  await handBack(engines, exchange, move);
  // A client undoes all that came in one table after the complete move.
  await served.sql('DELETE FROM more WHERE id = 7');
  await finish();
  expect([await served.head(), await status()]).toEqual([to, [{ table_name: 'more', staged: 0, status: 'modified' }]]);
  await served.sql(`CALL DOLT_RESET('--hard', '${from}')`);
  await served.sql(KEPT);

  await served.sql(`CALL DOLT_RESET('--soft', '${to}')`);
  await finish();
  expect([await served.head(), await status()]).toEqual([
    from,
    [{ table_name: 'more', staged: 0, status: 'modified' }],
  ]);
  expect(await served.rows('SELECT id FROM more')).toEqual([{ id: 2 }]);
  await served.sql(`CALL DOLT_RESET('--soft', '${to}')`);
  await served.sql("CALL DOLT_COMMIT('-Am', 'a client commits')");
  const head = await served.head();
  await finish();
  expect([await served.head(), await status()]).toEqual([head, []]);
  // Without a recorded move, no engine starts to hold the copy, and the results of killed runs are removed.
  await served.sql(`CALL DOLT_BRANCH('${scratchName()}')`);
  await finishHandBacks(exchange, () => Promise.reject(new Error('the copy was held')));
  expect(await served.rows('SELECT name FROM dolt_branches')).toEqual([{ name: 'main' }]);
});

test('commits of clients are merged during the run, unless they reset commits or do not stop', async () => {
  await using folder = await tempFolder();
  await using served = await servedDatabase(folder, 'CREATE TABLE more (id INT PRIMARY KEY)');
  await using opened = await exchangeScene(folder, served);
  const { engines, exchange, move } = opened;
  const merge = (head: string) =>
    engines.use(NO_CREDENTIALS, ({ database }) =>
      database.session(async (sql) => {
        await sql.run('CALL DOLT_CHECKOUT(?)', ['main']);
        await sql.run('CALL DOLT_MERGE(?)', [move.to]);
        const merged = await branchHead(sql, 'main');
        if (merged === null) throw new Error(`no merge with ${head}`);
        return merged;
      }),
    );
  const commit = async (id: number) => {
    await served.sql(`INSERT INTO items VALUES (${id}, 'm', 'client')`);
    await served.sql("CALL DOLT_COMMIT('-Am', 'meanwhile')");
  };
  const heads: string[] = [];
  await commit(20);
  // The client commits once more between the check of the head and the move.
  let races = 0;
  const racing = atMove(exchange, async (sql, ...move) => {
    races += 1;
    if (races === 1) await commit(22);
    await sql.run(...move);
  });
  const made = await catchUpAndHandBack(engines, racing, move, async (head) => {
    heads.push(head);
    // During the first merge the client commits once more.
    if (heads.length === 1) await commit(21);
    return await merge(head);
  });
  expect(heads).toHaveLength(3);
  expect(made).toEqual({ from: heads[2], to: await served.head() });
  const ids = (await served.rows('SELECT id FROM items WHERE id IN (3, 20, 21, 22) ORDER BY id')).map(({ id }) =>
    Number(id),
  );
  expect(ids).toEqual([3, 20, 21, 22]);

  // The client has the result already, and stages more.
  await commit(23);
  served.sqlNow("INSERT INTO more VALUES (1); CALL DOLT_ADD('more'); DELETE FROM more");
  const same = await catchUpAndHandBack(engines, exchange, made, async (head) => head);
  expect(same).toEqual({ from: await served.head(), to: await served.head() });
  await served.sql("CALL DOLT_RESET('--hard')");

  let asked = 0;
  const always = async () => {
    asked += 1;
    await commit(30 + asked);
    return move.to;
  };
  await commit(30);
  const failure = await failureOf(() => catchUpAndHandBack(engines, exchange, made, always));
  expect([failure.code, asked]).toEqual(['contention', 3]);
  const head = await takeOver(engines, exchange);
  await served.sql("CALL DOLT_RESET('--hard', 'HEAD~1')");
  const back = await failureOf(() => catchUpAndHandBack(engines, exchange, { from: head, to: move.to }, always));
  expect([back.code, asked]).toEqual(['contention', 3]);
}, 120_000);

const LIMITED = [
  "CREATE USER limited IDENTIFIED BY 'pw'",
  'GRANT SELECT, EXECUTE ON local.* TO limited',
  ...['dolt_remote', 'dolt_push', 'dolt_fetch'].map((name) => `GRANT EXECUTE ON PROCEDURE local.${name} TO limited`),
];

test('a user needs few privileges, and a server that refuses a statement is reported as such', async () => {
  await using folder = await tempFolder();
  await using served = await servedDatabase(folder);
  await using opened = await exchangeScene(folder, served);
  const { engines, exchange, move } = opened;
  await served.sql("CREATE USER owner IDENTIFIED BY 'pw'");
  await served.sql('GRANT ALL ON local.* TO owner');
  for (const statement of LIMITED) await served.sql(statement);
  const as = async (user: string, password: string, port: number) => {
    const address = { port, socket: null, user, password };
    const signal = AbortSignal.timeout(120_000);
    const wanted = { address, database: 'local', name: 'it', secrets: new Secrets(), milliseconds: 60_000, signal };
    return { ...exchange, server: await openUserServer(wanted) };
  };
  const { sqlPort: port } = served.server;
  const owner = await as('owner', 'pw', port);
  const denied = await failureOf(() => handOver(owner));
  await owner.server.close();
  expect([denied.code, denied.message]).toEqual(['server-refused', expect.stringContaining('command denied to user')]);
  const limited = await as('limited', 'pw', port);
  await handOver(limited);
  // The move would take this key, and only further rights bring it back.
  await served.sql('CREATE TABLE notes (id INT PRIMARY KEY, item INT, FOREIGN KEY (item) REFERENCES items (id))');
  for (const rights of ['', 'ALTER, UPDATE', 'ALTER, REFERENCES']) {
    if (rights !== '') await served.sql(`GRANT ${rights} ON local.* TO limited`);
    const why = await whyRefused(engines, limited, move);
    expect([rights, why?.code, why?.hint]).toEqual([rights, 'server-refused', expect.stringContaining('REFERENCES')]);
    if (rights === 'ALTER, UPDATE') await served.sql('REVOKE UPDATE ON local.* FROM limited');
  }
  expect((await failureOf(() => handBack(engines, limited, move))).code).toBe('server-refused');
  expect(await served.head()).toBe(move.from);
  await served.sql('GRANT UPDATE ON local.* TO limited');
  expect(await whyRefused(engines, limited, move)).toBeNull();
  await handBack(engines, limited, move);
  expect(await served.rows('SELECT table_name AS t FROM information_schema.referential_constraints')).toEqual([
    { t: 'notes' },
  ]);
  await limited.server.close();
  expect(await served.head()).toBe(move.to);

  await served.stop();
  await using fixed = await startDoltSqlServer(folder.path, folder.file('local'), { read_only: true });
  const reader = await as(fixed.user, fixed.password, fixed.sqlPort);
  const refused = await failureOf(() => handOver(reader));
  await reader.server.close();
  expect([refused.code, refused.hint]).toEqual(['server-refused', expect.stringContaining('`--readonly`')]);
});

test('an interrupted push through the remote interface leaves no branch at the server', async () => {
  await using folder = await tempFolder();
  await using served = await servedDatabase(folder);
  const interruption = new AbortController();
  await using opened = await exchangeScene(folder, served, { signal: interruption.signal });
  const { engines, exchange: through, move } = opened;
  const { server, scratch, notify } = through;
  const { url, user, password, ca } = served.server;
  const variables = () => ({ DOLT_REMOTE_PASSWORD: password, SSL_CERT_FILE: ca });
  const engineCredentials = createEngineCredentials({ variables });
  const remotesapi = remotesapiExchange({ server, branch: 'main', limit }, { url, user, engineCredentials });
  const exchange = { ...remotesapi, scratch, notify };
  const branches = async () => (await served.rows('SELECT name FROM dolt_branches')).map(({ name }) => name);
  let pushed: unknown[] = [];
  const interrupted: Engines = {
    ...engines,
    async use(...using) {
      await engines.use(...using);
      pushed = await branches();
      interruption.abort();
      throw new Failure('interrupted', 'the run was interrupted');
    },
  };
  expect((await failureOf(() => handBack(interrupted, exchange, move))).code).toBe('interrupted');
  expect([pushed, await branches()]).toEqual([[exchange.result, 'main'], ['main']]);
  expect(await served.head()).toBe(move.from);
});
