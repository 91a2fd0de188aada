import { randomUUID } from 'node:crypto';
import { readdir, rename, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { stringify } from 'yaml';
import { readOwnMoves, recordMove } from '../../src/sync/merge/own-moves.ts';
import { storingConflicts } from '../helpers/attacks.ts';
import { openTestDatabase, remoteHead } from '../helpers/database.ts';
import { markOfEndedRun, markOfOtherContainer, scratchBranch } from '../helpers/run-marks.ts';
import { committing } from '../helpers/scenario.ts';
import { clientCommits, otherCommits, servedDatabase } from '../helpers/served-database.ts';
import { tempFolder } from '../helpers/temp-folder.ts';
import { failureOf } from '../helpers/thrown.ts';

const WISPS = "INSERT INTO dolt_ignore VALUES ('wisps', 1)";
const NOTES = 'CREATE TABLE notes (id INT PRIMARY KEY, text VARCHAR(20))';
/** To compare its rows would end the server. */
const TALLIES =
  'CREATE TABLE tallies (n INT, v INT AS (n + 1) VIRTUAL, item INT, FOREIGN KEY (item) REFERENCES items (id))';

/** Two halves that bd 1.3.0 merges as in embedded mode: only the table with a conflict is committed. */
const LOSSY = [
  "CALL DOLT_BRANCH('half')",
  "UPDATE items SET title = 'mine' WHERE id = 1",
  "CALL DOLT_COMMIT('-A', '-m', 'one half')",
  "CALL DOLT_CHECKOUT('half')",
  "UPDATE items SET title = 'other' WHERE id = 1",
  "INSERT INTO notes VALUES (7, 'lost')",
  "CALL DOLT_COMMIT('-A', '-m', 'the other half')",
  "CALL DOLT_CHECKOUT('main')",
  'SET autocommit = 0',
  "CALL DOLT_MERGE('--no-commit', 'half')",
  'DELETE FROM dolt_conflicts_items',
  "CALL DOLT_ADD('items')",
  "CALL DOLT_COMMIT('-m', 'auto-resolve merge conflicts: items')",
  'COMMIT',
];

const CLEAN = [[], [], [{ name: 'main' }], [], []];

describe('a database that a running server holds', () => {
  test('is federated through the server, and its client keeps its rows', async () => {
    await using folder = await tempFolder();
    await using served = await servedDatabase(folder, WISPS, NOTES, TALLIES);
    const { sql, rows } = served;
    await clientCommits(served);
    await otherCommits(served);
    await sql('CREATE TABLE wisps (id INT PRIMARY KEY)');
    await sql('INSERT INTO wisps VALUES (1)');
    await sql("INSERT INTO notes VALUES (1, 'saved')");
    await sql("CALL DOLT_ADD('notes')");
    await sql('INSERT INTO tallies (n, item) VALUES (5, 1)');
    await sql('START TRANSACTION');
    await sql("INSERT INTO notes VALUES (2, 'open')");
    // New sessions list Dolt's own tables then.
    served.sqlNow('SET GLOBAL dolt_show_system_tables = 1');
    const { result } = await served.run();
    await sql('COMMIT');
    expect(result).toMatchObject({
      database: folder.file('local'),
      branch: 'main',
      head: await served.head(),
      peers: [{ status: 'synced', pulledCommits: 1, pushedCommits: 2, verified: true }],
    });
    expect(await rows('SELECT id FROM items ORDER BY id')).toEqual([1, 2, 3, 4].map((id) => ({ id })));
    expect(await rows('SELECT text FROM notes')).toEqual([{ text: 'saved' }, { text: 'open' }]);
    expect(await rows('SELECT id FROM wisps')).toEqual([{ id: 1 }]);
    expect(await rows('SELECT v, item FROM tallies')).toEqual([{ v: 6, item: 1 }]);
    const dirty = [
      ...[1, 0].map((staged) => ({ table_name: 'notes', staged, status: 'modified' })),
      { table_name: 'tallies', staged: 0, status: 'modified' },
    ];
    expect(await served.traces()).toEqual([...CLEAN.slice(0, 4), dirty]);
    expect(await rows("SELECT text FROM notes AS OF 'STAGED'")).toEqual([{ text: 'saved' }]);
    expect(await remoteHead(served.mailbox, folder.file('look', 'local'))).toBe(await served.head());
  });

  // bd ends its proxy 30 s after the last client.
  test('has one connection of the run open from the first to the last step', async () => {
    await using folder = await tempFolder();
    await using served = await servedDatabase(folder);
    await otherCommits(served);
    const query = 'SELECT id FROM information_schema.processlist WHERE id <> CONNECTION_ID()';
    const clients = async () => (await served.rows(query)).map(({ id }) => id);
    const seen: ReturnType<typeof clients>[] = [];
    const { result } = await served.run({ onEvent: () => void seen.push(clients()) });
    expect(result.peers).toMatchObject([{ status: 'pulled' }]);
    const [first = [], ...later] = await Promise.all(seen);
    expect(later).not.toEqual([]);
    expect(first.filter((id) => later.every((ids) => ids.includes(id)))).toHaveLength(1);
    while ((await clients()).length > 0);
  });

  test('keeps uncommitted rows of a table that a peer changes, and the peer waits', async () => {
    await using folder = await tempFolder();
    await using served = await servedDatabase(folder);
    const before = await served.head();
    await otherCommits(served);
    await served.sql("INSERT INTO items VALUES (9, 'nine', 'client')");
    const { result } = await served.run();
    expect(result.peers).toMatchObject([
      { error: { code: 'uncommitted-changes', message: expect.stringContaining('items (at the running server)') } },
    ]);
    expect(result.problems).toMatchObject([
      { severity: 'notice', message: 'uncommitted changes are not federated: items' },
    ]);
    expect(await served.head()).toBe(before);
    expect(await served.rows('SELECT id FROM items ORDER BY id')).toEqual([1, 2, 9].map((id) => ({ id })));
    const refused = await failureOf(() => served.run({ dirty: 'fail' }));
    expect([refused.code, refused.message]).toEqual(['uncommitted-changes', 'tables have uncommitted changes: items']);
    const { result: committed } = await served.run({ dirty: 'commit' });
    expect(committed.peers).toMatchObject([{ status: 'synced', verified: true }]);
    const [log] = await served.rows(
      "SELECT commit_hash, author, committer FROM dolt_log WHERE message LIKE 'federation: commit%'",
    );
    // As the folder's own settings say, and not the user of the connection.
    expect(log).toMatchObject({ author: 'Ann', committer: 'Ann' });
    expect(committed.problems.map(({ message }) => message)).toEqual([
      `committed the uncommitted changes of 1 table (items) in ${log?.['commit_hash']}`,
    ]);
    expect(await served.rows('SELECT id FROM items ORDER BY id')).toEqual([1, 2, 3, 9].map((id) => ({ id })));
    for (const statement of [
      "CALL DOLT_CHECKOUT('-b', 'side')",
      "CALL DOLT_COMMIT('--allow-empty', '-m', 'side')",
      "CALL DOLT_CHECKOUT('main')",
      "CALL DOLT_MERGE('--no-ff', '--no-commit', 'side')",
    ])
      await served.sql(statement);
    const isAhead = committing('further', ["INSERT INTO items VALUES (5, 'five', 'other')"]);
    await served.other.sql("CALL DOLT_PULL('origin', 'main')", ...isAhead, "CALL DOLT_PUSH('origin', 'main')");
    const waits = (why: string) => ({ code: 'uncommitted-changes', message: expect.stringContaining(why) });
    expect((await served.run()).result.peers[0]?.error).toMatchObject(waits('main has a merge that'));

    // The scratch copy does not have the row that refers to a removed one.
    const refers = 'CREATE TABLE notes (id INT PRIMARY KEY, item INT, FOREIGN KEY (item) REFERENCES items (id))';
    for (const statement of ["CALL DOLT_MERGE('--abort')", refers, 'INSERT INTO notes VALUES (1, 2)'])
      await served.sql(statement);
    const second = `file://${folder.file('second')}`;
    await served.other.publish(second);
    const removal = committing('removal', ['DELETE FROM items WHERE id = 2']);
    const theirs = await served.other.headAfter(...removal, "CALL DOLT_PUSH('origin', 'main')");
    const read = async (url: string) => await remoteHead(url, folder.file('looks', randomUUID()));
    const heads = async () => [await served.head(), await read(served.mailbox), await read(second)];
    const begin = await heads();
    const overrides = { peers: stringify({ mailbox: served.mailbox, second }) };
    const orphan = waits('notes (it refers to rows of items that are gone there)');
    const failed = { pushedCommits: 0, error: orphan };
    expect((await served.run({ overrides })).result.peers).toMatchObject([failed, failed]);
    expect(await heads()).toEqual(begin);
    await served.sql('DELETE FROM notes');
    expect((await served.run({ overrides })).result.peers).toMatchObject([{ error: null }, { error: null }]);
    expect(await heads()).toEqual([theirs, theirs, theirs]);
  });

  test('is read through the server without a change', async () => {
    await using folder = await tempFolder();
    await using served = await servedDatabase(folder);
    await otherCommits(served);
    const before = await served.head();
    for (const request of [{ command: 'status' }, { dryRun: true }] as const) {
      const { result } = await served.run(request);
      expect(result.peers).toMatchObject([{ state: 'behind', behind: 1 }]);
      expect([await served.head(), await served.traces()]).toEqual([before, CLEAN]);
    }
    // The server would hand over `main` for a branch of this name.
    await served.sql("CALL DOLT_BRANCH('heads/main')");
    const refused = await failureOf(() => served.run({ branch: 'heads/main' }));
    expect([refused.code, refused.message]).toEqual([
      'config-invalid',
      'the branch name "heads/main" starts with "heads/"',
    ]);
  });

  test('keeps its copy between runs, and the next run removes leftovers of a killed run at the server', async () => {
    await using folder = await tempFolder();
    await using served = await servedDatabase(folder);
    const stateDir = folder.file('state');
    await served.run({ stateDir });
    await served.sql(
      `CALL DOLT_REMOTE('add', 'dolt-federation-exchange-${markOfEndedRun()}', 'file://${folder.file('gone')}')`,
    );
    await clientCommits(served);
    await otherCommits(served);
    const { result } = await served.run({ stateDir });
    expect(result.peers).toMatchObject([{ status: 'synced', verified: true }]);
    // The copy has the state file of the first run.
    expect(result.peers[0]).not.toHaveProperty('memory');
    expect(await served.traces()).toEqual(CLEAN);
    const [kept = ''] = await readdir(folder.file('state', 'served'));
    await rename(folder.file('state', 'served', kept), folder.file('victim'));
    await symlink(folder.file('victim'), folder.file('state', 'served', kept));
    const before = await served.head();
    expect(await failureOf(() => served.run({ stateDir }))).toMatchObject({
      code: 'file-owner',
      message: expect.stringContaining('it is a symbolic link'),
    });
    expect(await served.head()).toBe(before);
  });

  test('is repaired if a run was killed while it moved the branch before the server ran', async () => {
    await using folder = await tempFolder();
    await using served = await servedDatabase(folder, NOTES);
    const from = await served.head();
    const to = await otherCommits(served);
    const name = `dolt-federation-advance/${to}-0123456789ab/main`;
    await recordMove(folder.file('local'), name, { kind: 'advance', branch: 'main', from, to });
    await served.sql("INSERT INTO notes VALUES (1, 'saved')");
    for (const statement of [
      `CALL DOLT_BRANCH('${name}')`,
      `CALL DOLT_REMOTE('add', 'box', '${served.mailbox}')`,
      "CALL DOLT_FETCH('box', 'main')",
      // Dolt moves the head first.
      `CALL DOLT_RESET('--soft', '${to}')`,
      "CALL DOLT_REMOTE('remove', 'box')",
    ])
      await served.sql(statement);
    const { result } = await served.run({ dirty: 'commit' });
    expect(result.peers).toMatchObject([{ status: 'pushed', pushedCommits: 1, verified: true }]);
    expect(await served.rows('SELECT id FROM items ORDER BY id')).toEqual([1, 2, 3].map((id) => ({ id })));
    expect(await served.rows('SELECT text FROM notes')).toEqual([{ text: 'saved' }]);
    expect(await served.traces()).toEqual(CLEAN);
    expect((await readOwnMoves(folder.file('local'))).moves.size).toBe(0);
  });

  test('is federated through the remote interface of the server, as on another machine', async () => {
    await using folder = await tempFolder();
    await using served = await servedDatabase(folder, NOTES);
    await clientCommits(served);
    await otherCommits(served);
    await served.sql("INSERT INTO notes VALUES (1, 'saved')");
    const host = 'localhost';
    const remotesapi = Number(new URL(served.server.url).port);
    const setting = { host, tls: true, remotesapi, database: 'local' };
    const killed = scratchBranch(markOfEndedRun());
    const living = [scratchBranch(markOfOtherContainer()), 'dolt-federation-scratch/unmarked'];
    for (const name of [killed, ...living]) await served.sql(`CALL DOLT_BRANCH('${name}')`);
    const stateDir = folder.file('state');
    // No folder of the database is found.
    const { result } = await served.run({ host, setting, database: undefined, stateDir });
    expect(result).toMatchObject({
      database: expect.stringMatching(/^mysql:\/\/localhost:\d+\/local$/),
      head: await served.head(),
      peers: [{ status: 'synced', pulledCommits: 1, pushedCommits: 2, verified: true }],
    });
    expect(await served.rows('SELECT id FROM items ORDER BY id')).toEqual([1, 2, 3, 4].map((id) => ({ id })));
    const dirty = [{ table_name: 'notes', staged: 0, status: 'modified' }];
    const branches = [...living, 'main'].map((name) => ({ name }));
    expect(await served.traces()).toEqual([[], [], branches, [], dirty]);
    const [digest = ''] = await readdir(join(stateDir, 'served'));
    const scratch = openTestDatabase(join(stateDir, 'served', digest, 'scratch', 'local'));
    const tracked = await scratch.rows("SELECT name FROM dolt_remote_branches WHERE name LIKE '%exchange/%'");
    // Dolt clones every branch. The branch of this run has no tracking ref.
    expect(tracked).toEqual([...living, 'main'].map((name) => ({ name: `remotes/dolt-federation-exchange/${name}` })));
  });

  test('is opened directly after the server stopped', async () => {
    await using folder = await tempFolder();
    await using served = await servedDatabase(folder);
    await otherCommits(served);
    await served.stop();
    const { result } = await served.run();
    expect(result.peers).toMatchObject([{ status: 'pulled', verified: true }]);
  });
});

const REFUSED = [
  [{ password: 'wrong' }, 'server-refused', /^the server at 127\.0\.0\.1:\d+ refused the user: Access denied/],
  [{ setting: { database: 'nothing' } }, 'no-database', /has no Dolt database nothing$/],
  [{ setting: { database: 'mysql' } }, 'no-database', /has no Dolt database mysql$/],
  [{ setting: null }, 'database-in-use', /in use by a Dolt server/],
  [{ setting: { host: 'localhost' } }, 'credential-url-mismatch', /are not for mysql:\/\/localhost:\d+$/],
  [{ setting: { host: 'db.example' } }, 'database-in-use', /is on another machine, and .* names no `remotesapi`/],
  [
    { setting: { host: 'localhost', tls: true }, host: 'localhost', env: { SSL_CERT_FILE: '' } },
    'server-unreachable',
    /certificate/,
  ],
  [{ setting: { port: 1 }, host: '127.0.0.1' }, 'credential-url-mismatch', /are not for mysql:\/\/127\.0\.0\.1:1$/],
  [{ branch: 'none' }, 'branch-not-found', /has no branch none$/],
  [{ stateDir: '/a#b' }, 'bad-usage', /its path contains `#`$/],
] as const;

describe('a run through a server is refused', () => {
  test('if it cannot reach the database or may not, and nothing changes', async () => {
    await using folder = await tempFolder();
    await using served = await servedDatabase(folder);
    for (const [options, code, message] of REFUSED) {
      const failure = await failureOf(() => served.run(options));
      expect([options, failure.code, failure.message]).toEqual([options, code, expect.stringMatching(message)]);
    }
    expect(await served.traces()).toEqual(CLEAN);
  });

  test('if a client commits conflicts or a lossy merge during the run: its branch stays, and the next run refuses its head', async () => {
    await using folder = await tempFolder();
    await using served = await servedDatabase(folder, NOTES);
    await otherCommits(served);
    const stateDir = folder.file('state');
    const meanwhile = async (id: number, ...statements: string[]) => {
      await served.sql(`INSERT INTO items VALUES (${id}, 'ours', 'client')`);
      await served.sql("CALL DOLT_COMMIT('-Am', 'ours')");
      const { result } = await served.run({
        stateDir,
        onEvent: ({ step }) => {
          if (step === 'verifying') served.sqlNow(...statements);
        },
      });
      expect(result.peers[0]).toMatchObject({ verified: true, pushedCommits: expect.any(Number) });
      return result.peers[0]?.error;
    };
    const lossy = await meanwhile(4, ...LOSSY);
    expect(lossy).toMatchObject({
      code: 'lossy-merge',
      message: expect.stringMatching(/^main was not moved to .*lacks 1 row that \w+ added to notes$/),
    });
    await served.sql("CALL DOLT_COMMIT('-Am', 'complete')");
    const message = 'stores unresolved conflicts in 1 table (items)';
    const poisoned = await meanwhile(5, ...storingConflicts());
    expect(poisoned).toMatchObject({
      code: 'constraint-violation',
      message: expect.stringMatching(/^main was not moved to .*: the head of our branch, \w+, stores unresolved/),
    });
    const failure = await failureOf(() => served.run({ stateDir }));
    expect([failure.code, failure.message]).toEqual(['constraint-violation', expect.stringContaining(message)]);
    expect((await served.run()).result.peers).toMatchObject([{ error: { code: 'constraint-violation' } }]);
  }, 120_000);

  test('if the server ends during the run: peers keep the pushed commits, and the next run continues', async () => {
    await using folder = await tempFolder();
    await using served = await servedDatabase(folder);
    await clientCommits(served);
    const theirs = await otherCommits(served);
    let stopping: Promise<void> | null = null;
    const { result } = await served.run({
      onEvent: ({ step }) => {
        if (step === 'fetching') stopping ??= served.stop();
      },
    });
    await stopping;
    const error = { code: 'server-unreachable', hint: expect.stringMatching(/\brun again: nothing is lost/i) };
    expect(result.peers).toMatchObject([{ error, pulledCommits: 0 }]);
    expect(result.peers[0]?.error?.message).toMatch(/^main was not moved to .*could not be reached/);
    const again = await served.run();
    expect(again.result.peers).toMatchObject([{ status: 'pulled', verified: true }]);
    expect(again.result.head).toBe(await remoteHead(served.mailbox, folder.file('look', 'local')));
    expect(theirs).not.toBe(again.result.head);
  });
});
