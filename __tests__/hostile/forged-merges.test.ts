import { mkdir } from 'node:fs/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Peer } from '../../src/config/configuration.ts';
import type { Diagnostic } from '../../src/core/diagnostic.ts';
import { MERGE_SUBJECT, mergeMessage } from '../../src/dolt/sql/merge.ts';
import { makeDatabaseOf, publishing } from '../helpers/database.ts';
import { type ExchangeOptions, type Federated, filePeer } from '../helpers/federating.ts';
import { type OneEngine, oneEngine } from '../helpers/one-engine.ts';
import { type TempFolder, tempFolder } from '../helpers/temp-folder.ts';

const SIGN = ['author', 'committer'].flatMap((who) => [
  `SET @@dolt_${who}_name = 'dolt-federation'`,
  `SET @@dolt_${who}_email = 'merge@dolt-federation.invalid'`,
]);
const MERGE = mergeMessage(2, '2.3');
const commitAs = (message: string): string => `CALL DOLT_COMMIT('-A', '--allow-empty', '-m', '${message}')`;

/** Ends SIGN. */
const UNSIGN = ['author', 'committer'].flatMap((who) => [
  `SET @@dolt_${who}_name = 'Ann'`,
  `SET @@dolt_${who}_email = 'ann@example.org'`,
]);

/** The same merge in the other direction: another commit with the same rows, before further changes. */
const otherWayRound = (name: string, ...more: readonly string[]): readonly string[] => [
  `CALL DOLT_CHECKOUT('-b', '${name}', 'two')`,
  ...SIGN,
  "CALL DOLT_MERGE('--no-ff', '--no-commit', 'one')",
  ...more,
  commitAs(MERGE),
];

/** Differences of a merge from ours, and the code with which the peer waits; null: it is merged. */
const DIFFERING = [
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
] as const;

/** Messages of a merge with our rows; `back`: ordinary commits with this message follow, and end with our rows. */
const MESSAGES = [
  ['ordinary commits in between', MERGE, MERGE],
  ['a message that only starts like one of ours', `${MERGE_SUBJECT}2 of nothing`, null],
  ['an invalid version', `${MERGE_SUBJECT}x`, null],
] as const;

/** Changes in a merge of `ours`, its message, and the code with which the peer waits; null: it is reported. */
const MOVED_TO = [
  ['changes a row of ours', MERGE, 'UPDATE t SET n = 9 WHERE id = 20', null],
  ['adds a row of neither side', MERGE, 'INSERT INTO t VALUES (40, 4)', null],
  ['names no engine', MERGE.split('\n')[0] ?? '', 'UPDATE t SET n = 9 WHERE id = 20', null],
  ['names another engine', MERGE.replace('2.3', '9.9'), 'UPDATE t SET n = 9 WHERE id = 20', null],
  ['only has another date', MERGE, 'SELECT 1', null],
  ['drops the rows of ours', MERGE, 'DELETE FROM t WHERE id = 20', 'lossy-merge'],
  ['drops them and renames their table', MERGE, 'DELETE FROM t WHERE id = 20; RENAME TABLE t TO u', 'lossy-merge'],
] as const;

/** The branches of the peers, each with the statements that make and check it out. */
const BRANCHES: Readonly<Record<string, readonly string[]>> = {
  equal: otherWayRound('equal'),
  ...Object.fromEntries(
    DIFFERING.map(([, more], index) => [`differing-${index}`, otherWayRound(`differing-${index}`, more)]),
  ),
  ...Object.fromEntries(
    MESSAGES.map(([, message, back], index) => [
      `message-${index}`,
      [
        `CALL DOLT_CHECKOUT('-b', 'message-${index}', 'two')`,
        ...SIGN,
        `CALL DOLT_MERGE('--no-ff', '-m', '${back ?? message}', 'one')`,
        ...(back === null ? [] : ['UPDATE t SET n = 7', commitAs(back), 'UPDATE t SET n = id - 10 WHERE id > 10']),
        ...(back === null ? [] : ['UPDATE t SET n = 0 WHERE id < 10', commitAs(back)]),
      ],
    ]),
  ),
  ...Object.fromEntries(
    MOVED_TO.map(([, message, evil], index) => [
      `moved-${index}`,
      [
        `CALL DOLT_CHECKOUT('-b', 'moved-${index}', 'ours')`,
        ...SIGN,
        "CALL DOLT_MERGE('--no-ff', '--no-commit', 'side')",
        evil,
        commitAs(message),
      ],
    ]),
  ),
  honest: [
    "CALL DOLT_CHECKOUT('-b', 'honest', 'two')",
    'UPDATE t SET n = 5 WHERE id = 1',
    commitAs('theirs'),
    ...SIGN,
    `CALL DOLT_MERGE('--no-ff', '-m', '${MERGE}', 'one')`,
  ],
  copy: [
    "CALL DOLT_CHECKOUT('-b', 'copy', 'one')",
    ...SIGN,
    `CALL DOLT_MERGE('--no-ff', '-m', '${MERGE}', 'honest~1')`,
  ],
};

let folder: TempFolder;
/** Our database; `start` is a merge of two edits of one table, `one` and `two`. */
let north: OneEngine;
beforeAll(async () => {
  folder = await tempFolder();
  for (const name of Object.keys(BRANCHES)) await mkdir(folder.file(`${name}.box`));
  const made = await makeDatabaseOf(
    folder.file('north'),
    'CREATE TABLE t (id INT AUTO_INCREMENT PRIMARY KEY, n INT)',
    'INSERT INTO t (n) VALUES (0)',
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
    ...UNSIGN,
    "CALL DOLT_BRANCH('start')",
    "CALL DOLT_CHECKOUT('-b', 'side', 'start')",
    'INSERT INTO t VALUES (30, 30)',
    commitAs('side'),
    "CALL DOLT_CHECKOUT('-b', 'ours', 'start')",
    'INSERT INTO t VALUES (20, 20)',
    commitAs('ours'),
    ...Object.entries(BRANCHES).flatMap(([name, statements]) => [
      ...statements,
      ...UNSIGN,
      ...publishing(`file://${folder.file(`${name}.box`)}`, `${name}:main`),
    ]),
    "CALL DOLT_CHECKOUT('main')",
  );
  north = oneEngine(made.path, folder.file('tmp'));
});
beforeEach(() => north.reset('start'));
afterAll(async () => {
  await north[Symbol.asyncDispose]();
  await folder[Symbol.asyncDispose]();
});

const read = (name: string, more: Partial<Peer> = {}): Peer => ({
  ...filePeer(name, folder.file(`${name}.box`), 'upstream'),
  ...more,
});
const run = (peers: readonly Peer[], options: Partial<ExchangeOptions> = {}): Promise<Federated> =>
  north.federate({ peers, options });

describe('a peer that is only read, whose head', () => {
  test('is the same merge in the other direction, is up to date', async () => {
    const before = await north.head();
    expect(await north.head('equal')).not.toBe(before);
    expect((await run([read('equal')])).run('equal')).toMatchObject({ state: 'up-to-date', verified: true });
    expect(await north.head()).toBe(before);
  });

  test.each(DIFFERING.map(([what, , code], index) => [what, `differing-${index}`, code] as const))(
    '%s in its merge, is not treated as equivalent (%s)',
    async (_, name, code) => {
      const before = await north.head();
      const peer = (await run([read(name)])).run(name);
      expect(peer).toMatchObject({ state: 'diverged', equivalentTo: null, head: await north.head(name) });
      expect(peer.failure?.code ?? null).toBe(code);
      const [base] = await north.rows(`SELECT DOLT_MERGE_BASE('main', '${name}') AS base`);
      expect(base?.['base'] === peer.head).toBe(code === null);
      expect((await north.head()) === before).toBe(code !== null);
    },
  );

  test.each(MESSAGES.map(([what], index) => [what, `message-${index}`] as const))(
    'has our rows and messages, but %s, is not treated as equivalent (%s)',
    async (_, name) => {
      const outcome = await run([read(name)]);
      expect(outcome.run(name)).toMatchObject({ state: 'diverged', failure: null, head: await north.head(name) });
      expect(outcome.merge?.commits).toBe(1);
    },
  );
});

test('a rejected peer with the rows of another peer cannot exclude that peer', async () => {
  await north.sql('UPDATE t SET n = 6 WHERE id = 1', commitAs('ours'));
  const peers = [read('copy', { strategy: 'manual', role: 'peer' }), read('honest')];
  const alone = await run(peers.slice(0, 1), { dryRun: true });
  expect(alone.run('copy').failure?.code).toBe('conflict');
  const outcome = await run(peers);
  expect(outcome.run('honest')).toMatchObject({ failure: null, verified: true });
  const found = await north.rows("SELECT commit_hash FROM dolt_log WHERE message = 'theirs'");
  expect(found).toEqual([{ commit_hash: await north.head('honest~1') }]);
});

describe('a merge to which our branch moves, and that claims to be a federation merge', () => {
  test.each(MOVED_TO.map(([what, , , code], index) => [what, `moved-${index}`, code] as const))(
    'and %s, is reported or waits (%s)',
    async (_, name, code) => {
      await north.reset('ours');
      const [before, forged] = [await north.head(), await north.head(name)];
      const notices: Diagnostic[] = [];
      const outcome = await run([read(name)], { notify: (notice) => void notices.push(notice) });
      expect(outcome.run(name).failure?.code ?? null).toBe(code);
      expect(outcome.head).toBe(code === null ? forged : before);
      expect(await north.head()).toBe(outcome.head);
      if (code !== null) return;
      expect(notices).toContainEqual(
        expect.objectContaining({ code: 'protocol', message: expect.stringContaining(forged) }),
      );
    },
  );
});
