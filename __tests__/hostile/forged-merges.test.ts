import { mkdir } from 'node:fs/promises';
import { describe, expect, test } from '@jest/globals';
import type { Peer } from '../../src/config/configuration.ts';
import type { Diagnostic } from '../../src/core/diagnostic.ts';
import { MERGE_SUBJECT, mergeMessage } from '../../src/dolt/sql/merge.ts';
import { makeEmptyDatabase, type TestDatabase } from '../helpers/database.ts';
import { type ExchangeOptions, type Federated, federateDatabase, filePeer } from '../helpers/federating.ts';
import { type TempFolder, tempFolder } from '../helpers/temp-folder.ts';

const SIGN = ['author', 'committer'].flatMap((who) => [
  `SET @@dolt_${who}_name = 'dolt-federation'`,
  `SET @@dolt_${who}_email = 'merge@dolt-federation.invalid'`,
]);
const MERGE = mergeMessage(2, '2.3');
const commitAs = (message: string): string => `CALL DOLT_COMMIT('-A', '--allow-empty', '-m', '${message}')`;

interface Forging {
  /** Our database; its head is a merge of the two edits. */
  readonly north: TestDatabase;
  /** Writes a branch of a copy of our database into the mailbox of a peer. */
  publish(peer: string, ...statements: string[]): Promise<string>;
  run(peers: readonly Peer[], options?: Partial<ExchangeOptions>): Promise<Federated>;
  readonly notices: readonly Diagnostic[];
}

const read = (folder: TempFolder, name: string, more: Partial<Peer> = {}): Peer => ({
  ...filePeer(name, folder.file(`${name}.box`), 'upstream'),
  ...more,
});

/** Two edits of one table, `one` and `two`, which our database has merged. */
async function forging(folder: TempFolder, ...seed: string[]): Promise<Forging> {
  const north = await makeEmptyDatabase(folder.file('north'));
  await north.sql(
    'CREATE TABLE t (id INT AUTO_INCREMENT PRIMARY KEY, n INT)',
    'INSERT INTO t (n) VALUES (0)',
    ...seed,
    commitAs('base'),
    "CALL DOLT_BRANCH('two')",
    'INSERT INTO t VALUES (11, 1)',
    commitAs('one'),
    "CALL DOLT_BRANCH('one')",
    "CALL DOLT_CHECKOUT('two')",
    'INSERT INTO t VALUES (12, 2)',
    commitAs('two'),
    "CALL DOLT_CHECKOUT('main')",
    ...SIGN,
    `CALL DOLT_MERGE('--no-ff', '-m', '${MERGE}', 'two')`,
  );
  const notices: Diagnostic[] = [];
  return {
    north,
    notices,
    async publish(peer, ...statements) {
      await mkdir(folder.file(`${peer}.box`), { recursive: true });
      await north.sql(
        `CALL DOLT_REMOTE('add', '${peer}', 'file://${folder.file(`${peer}.box`)}')`,
        ...statements,
        `CALL DOLT_BRANCH('-f', '${peer}', 'HEAD')`,
        "CALL DOLT_CHECKOUT('main')",
        `CALL DOLT_PUSH('${peer}', '${peer}:main')`,
        `CALL DOLT_REMOTE('remove', '${peer}')`,
      );
      return await north.head(peer);
    },
    run: (peers, options) =>
      federateDatabase({
        local: north.path,
        tempDir: folder.file('tmp'),
        peers,
        options: { notify: (notice) => void notices.push(notice), ...options },
      }),
  };
}

/** The same merge in the other direction: another commit with the same rows, before further changes. */
const otherWayRound = (...more: string[]): string[] => [
  "CALL DOLT_CHECKOUT('-b', 'forged', 'two')",
  ...SIGN,
  "CALL DOLT_MERGE('--no-ff', '--no-commit', 'one')",
  ...more,
  commitAs(MERGE),
];

describe('a peer that is only read, whose head', () => {
  test('is the same merge in the other direction, is up to date', async () => {
    await using folder = await tempFolder();
    const { publish, run, north } = await forging(folder);
    const head = await publish('south', ...otherWayRound());
    expect(head).not.toBe(await north.head());
    const before = await north.head();
    expect((await run([read(folder, 'south')])).run('south')).toMatchObject({ state: 'up-to-date', verified: true });
    expect(await north.head()).toBe(before);
  });

  test.each([
    ['has another row', 'INSERT INTO t VALUES (13, 3)', null],
    ['lacks a row', 'DELETE FROM t WHERE id = 12', 'lossy-merge'],
    ['has another value', 'UPDATE t SET n = 5 WHERE id = 11', null],
    ['has another counter', 'ALTER TABLE t AUTO_INCREMENT = 500', null],
    ['has another column tag', "CALL DOLT_UPDATE_COLUMN_TAG('t', 'n', 4711)", null],
    ['has another check', 'ALTER TABLE t ADD CONSTRAINT c CHECK (n < 100)', null],
    ['has a view', 'CREATE VIEW v AS SELECT 1', null],
    ['has a page', "INSERT INTO dolt_docs VALUES ('README.md', 'x')", null],
    ['has another collation', 'ALTER DATABASE COLLATE utf8mb4_general_ci', null],
    ['has an empty table', 'CREATE TABLE u (id INT PRIMARY KEY)', null],
    ['has a trigger', 'CREATE TRIGGER tr BEFORE INSERT ON t FOR EACH ROW SET NEW.n = 1', 'peer-brings-code'],
    ['has a procedure', 'CREATE PROCEDURE p() SELECT 1', 'peer-brings-code'],
    ['has an event', 'CREATE EVENT e ON SCHEDULE EVERY 1 DAY DO SELECT 1', 'peer-brings-code'],
    ['ignores tables', "INSERT INTO dolt_ignore VALUES ('priv%', true)", 'peer-changes-local-tables'],
  ])('%s in its merge, is not treated as equivalent', async (_, more, code) => {
    await using folder = await tempFolder();
    const { publish, run, north } = await forging(folder);
    const head = await publish('south', ...otherWayRound(more));
    const before = await north.head();
    const south = (await run([read(folder, 'south')])).run('south');
    expect(south).toMatchObject({ state: 'diverged', equivalentTo: null });
    expect(south.failure?.code ?? null).toBe(code);
    const [base] = await north.rows(`SELECT DOLT_MERGE_BASE('main', '${head}') AS base`);
    expect(base?.['base'] === head).toBe(code === null);
    expect((await north.head()) === before).toBe(code !== null);
  });

  test.each([
    ['ordinary commits in between', MERGE, MERGE],
    ['a message that only starts like one of ours', `${MERGE_SUBJECT}2 of nothing`, null],
    ['an invalid version', `${MERGE_SUBJECT}x`, null],
  ])('has our rows and messages, but %s, is not treated as equivalent', async (_, message, back) => {
    await using folder = await tempFolder();
    const { publish, run } = await forging(folder);
    const south = await publish(
      'south',
      "CALL DOLT_CHECKOUT('-b', 'forged', 'two')",
      ...SIGN,
      `CALL DOLT_MERGE('--no-ff', '-m', '${back ?? message}', 'one')`,
      ...(back === null ? [] : ['UPDATE t SET n = 7', commitAs(back), 'UPDATE t SET n = id - 10 WHERE id > 10']),
      ...(back === null ? [] : ['UPDATE t SET n = 0 WHERE id < 10', commitAs(back)]),
    );
    const outcome = await run([read(folder, 'south')]);
    expect(outcome.run('south')).toMatchObject({ state: 'diverged', failure: null, head: south });
    expect(outcome.merge?.commits).toBe(1);
  });
});

test('a rejected peer with the rows of another peer cannot exclude that peer', async () => {
  await using folder = await tempFolder();
  const { publish, run, north } = await forging(folder);
  const edit = ["CALL DOLT_CHECKOUT('-b', 'theirs', 'two')", 'UPDATE t SET n = 5 WHERE id = 1', commitAs('theirs')];
  await publish('honest', ...edit, ...SIGN, `CALL DOLT_MERGE('--no-ff', '-m', '${MERGE}', 'one')`);
  await publish(
    'copy',
    "CALL DOLT_CHECKOUT('-b', 'copied', 'one')",
    ...SIGN,
    `CALL DOLT_MERGE('--no-ff', '-m', '${MERGE}', 'honest~1')`,
  );
  await north.sql('UPDATE t SET n = 6 WHERE id = 1', commitAs('ours'));
  const peers = [read(folder, 'copy', { strategy: 'manual', role: 'peer' }), read(folder, 'honest')];
  const alone = await run(peers.slice(0, 1), { dryRun: true });
  expect(alone.run('copy').failure?.code).toBe('conflict');
  const outcome = await run(peers);
  expect(outcome.run('honest')).toMatchObject({ failure: null, verified: true });
  expect(await north.rows("SELECT COUNT(*) AS n FROM dolt_log WHERE message = 'theirs'")).toEqual([{ n: 1 }]);
});

describe('a merge to which our branch moves, and that claims to be a federation merge', () => {
  test.each([
    ['changes a row of ours', MERGE, 'UPDATE t SET n = 9 WHERE id = 20', null],
    ['adds a row of neither side', MERGE, 'INSERT INTO t VALUES (40, 4)', null],
    ['names no engine', MERGE.split('\n')[0] ?? '', 'UPDATE t SET n = 9 WHERE id = 20', null],
    ['names another engine', MERGE.replace('2.3', '9.9'), 'UPDATE t SET n = 9 WHERE id = 20', null],
    ['only has another date', MERGE, 'SELECT 1', null],
    ['drops the rows of ours', MERGE, 'DELETE FROM t WHERE id = 20', 'lossy-merge'],
  ])('and %s, is reported or waits', async (_, message, evil, code) => {
    await using folder = await tempFolder();
    const { publish, run, north, notices } = await forging(folder);
    await north.sql('INSERT INTO t VALUES (20, 20)', commitAs('ours'));
    const forged = await publish(
      'south',
      "CALL DOLT_CHECKOUT('-b', 'side', 'HEAD~1')",
      'INSERT INTO t VALUES (30, 30)',
      commitAs('side'),
      "CALL DOLT_CHECKOUT('-b', 'forged', 'main')",
      ...SIGN,
      "CALL DOLT_MERGE('--no-ff', '--no-commit', 'side')",
      evil,
      commitAs(message),
    );
    const before = await north.head();
    const outcome = await run([read(folder, 'south')]);
    expect(outcome.run('south').failure?.code ?? null).toBe(code);
    expect(outcome.head).toBe(code === null ? forged : before);
    if (code !== null) return;
    expect(notices).toContainEqual(
      expect.objectContaining({ code: 'protocol', message: expect.stringContaining(forged) }),
    );
  });
});
