import { describe, expect, test } from '@jest/globals';
import { Failure } from '../../src/core/failure.ts';
import { NO_CREDENTIALS } from '../../src/dolt/engine-credentials.ts';
import type { Engines } from '../../src/dolt/server/engines.ts';
import {
  advanceBranch,
  advanceLocalBranch,
  finishAdvances,
  isHalfDone,
  moveOutcome,
  replaceBranch,
} from '../../src/sync/advance.ts';
import { readStateFile } from '../../src/sync/history/last-verified.ts';
import { mergeHeads } from '../../src/sync/merge/merge-heads.ts';
import { type MarkedMove, recordMove } from '../../src/sync/merge/own-moves.ts';
import { removeScratch } from '../../src/sync/merge/scratch.ts';
import { actionsOf } from '../../src/sync/peer-actions.ts';
import { newPeerPlan } from '../../src/sync/peer-plan.ts';
import { newPeerProgress } from '../../src/sync/peer-progress.ts';
import { storingConflicts } from '../helpers/attacks.ts';
import { branchesOf, missing } from '../helpers/branches.ts';
import { cloneDatabase, makeDatabase, makeDatabaseOf, type TestDatabase } from '../helpers/database.ts';
import { ENV } from '../helpers/examining.ts';
import {
  federateDatabase,
  federateIn,
  filePeer,
  testContext,
  withDatabase,
  withEngines,
} from '../helpers/federating.ts';
import { type TempFolder, tempFolder } from '../helpers/temp-folder.ts';
import { failureOf } from '../helpers/thrown.ts';

/**
 * A database with something ignored and something uncommitted, and a commit ahead of it that changes all kinds of
 * things.
 */
async function databaseBehind(folder: TempFolder) {
  const local = await makeDatabaseOf(
    folder.file('local'),
    'CREATE TABLE items (id INT PRIMARY KEY, title VARCHAR(100), owner VARCHAR(40))',
    "INSERT INTO items VALUES (1, 'one', 'ann'), (2, 'two', 'bob')",
    "CALL DOLT_COMMIT('-A', '-m', 'first rows')",
    'CREATE TABLE other (id INT PRIMARY KEY)',
    "INSERT INTO dolt_ignore VALUES ('wisp%', TRUE)",
    "CALL DOLT_COMMIT('-A', '-m', 'the old head')",
    "CALL DOLT_CHECKOUT('-b', 'ahead')",
    'INSERT INTO items VALUES (3, "three", "cid")',
    'CREATE TABLE fresh (id INT PRIMARY KEY, item INT, FOREIGN KEY (item) REFERENCES items (id))',
    'CREATE VIEW titles AS SELECT title FROM items',
    'DROP TABLE other',
    "CALL DOLT_COMMIT('-A', '-m', 'the new head')",
    "CALL DOLT_CHECKOUT('main')",
    'CREATE TABLE wisps (id INT PRIMARY KEY)',
    'CREATE TABLE notes (id INT PRIMARY KEY)',
  );
  const { main: from = '', ahead: to = '' } = await branchesOf(local);
  return { local, from, to, mark: `dolt-federation-advance/${to}/main` };
}

/** The steps of a run before it moves a branch; the statements are what comes after. */
async function marked(
  local: TestDatabase,
  name: string,
  move: MarkedMove,
  ...statements: readonly string[]
): Promise<void> {
  await recordMove(local.path, name, move);
  await local.sql(`CALL DOLT_BRANCH('${name}', '${move.from}')`, ...statements);
}

/** The branches, and the names of the tables with uncommitted changes, with one process. */
async function stateOf(local: TestDatabase) {
  const rows = await local.rows(
    "SELECT name, hash FROM dolt_branches UNION ALL SELECT table_name, 'uncommitted' FROM dolt_status ORDER BY 1",
  );
  const found = rows.map(({ name, hash }) => [String(name), String(hash)] as const);
  return {
    branches: Object.fromEntries(found.filter(([, hash]) => hash !== 'uncommitted')),
    dirty: found.flatMap(([name, hash]) => (hash === 'uncommitted' ? [name] : [])),
  };
}

const finish = (folder: TempFolder) =>
  withDatabase(folder.file('local'), folder.file('tmp'), (database) => finishAdvances(database, database.folder));

describe('a branch that moves forward', () => {
  test('leaves no mark and keeps uncommitted changes', async () => {
    await using folder = await tempFolder();
    const { local, from, to } = await databaseBehind(folder);
    await withDatabase(local.path, folder.file('tmp'), (database) =>
      advanceBranch(database, { branch: 'main', from, to, dirty: ['notes'] }),
    );
    expect(await stateOf(local)).toEqual({ branches: { main: to, ahead: to }, dirty: ['notes'] });
  });

  test('is completed after a run that died between head and working set', async () => {
    await using folder = await tempFolder();
    const { local, from, to, mark } = await databaseBehind(folder);
    // The state after a kill: the head has moved, the working set has not.
    const killed = async () => {
      const reset = `CALL DOLT_RESET('--soft', '${to}')`;
      await marked(local, mark, { kind: 'advance', branch: 'main', from, to }, reset);
      expect((await stateOf(local)).dirty).not.toHaveLength(1);
    };
    await killed();
    // Beside this change no branch moves.
    await local.sql("CALL DOLT_ADD('notes')", 'INSERT INTO notes VALUES (1)');
    await finish(folder);
    const left = await stateOf(local);
    expect(left.branches).toEqual({ main: from, ahead: to });
    expect(left.dirty).toHaveLength(2);

    await local.sql('CALL DOLT_RESET()');
    await killed();
    await finish(folder);
    expect(await stateOf(local)).toEqual({ branches: { main: to, ahead: to }, dirty: ['notes'] });
    const tables = (await local.rows('SHOW TABLES')).flatMap(Object.values).sort();
    expect(tables).toEqual(['fresh', 'items', 'notes', 'titles', 'wisps']);
    expect(await local.rows('SELECT COUNT(*) AS n FROM items')).toEqual([{ n: 3 }]);
  });

  test('is at the old head if Dolt rolls back the second half, even after a killed run', async () => {
    await using folder = await tempFolder();
    const local = await makeDatabase(folder.file('local'));
    await local.sql("CALL DOLT_CHECKOUT('-b', 'ahead')", ...storingConflicts('ahead'));
    const { main: from = '', ahead: to = '' } = await branchesOf(local);
    const unmoved = async () => {
      expect(await stateOf(local)).toMatchObject({ branches: { main: from }, dirty: [] });
    };
    const move = { branch: 'main', from, to, dirty: [] };
    const advance = withDatabase(local.path, folder.file('tmp'), (database) => advanceBranch(database, move));
    expect(await failureOf(() => advance)).toMatchObject({ code: 'conflict' });
    await unmoved();
    const mark = `dolt-federation-advance/${to}/main`;
    await marked(local, mark, { kind: 'advance', branch: 'main', from, to }, `CALL DOLT_RESET('--soft', '${to}')`);
    await finish(folder);
    await unmoved();
  });

  test('is not changed after a run that died later', async () => {
    await using folder = await tempFolder();
    const { local, from, to, mark } = await databaseBehind(folder);
    await marked(
      local,
      mark,
      { kind: 'advance', branch: 'main', from, to },
      "CALL DOLT_MERGE('--ff-only', 'ahead')",
      "INSERT INTO items VALUES (4, 'four', 'dan')",
    );
    await finish(folder);
    expect(await stateOf(local)).toEqual({ branches: { main: to, ahead: to }, dirty: ['items', 'notes'] });
  });

  test('is not changed after a run that died earlier', async () => {
    await using folder = await tempFolder();
    const { local, from, to, mark } = await databaseBehind(folder);
    await marked(local, mark, { kind: 'advance', branch: 'main', from, to });
    await finish(folder);
    expect(await stateOf(local)).toEqual({ branches: { main: from, ahead: to }, dirty: ['notes'] });
  });

  test('is completed on another branch too, and a mark of a deleted branch is removed', async () => {
    await using folder = await tempFolder();
    const { local, from, to } = await databaseBehind(folder);
    for (const branch of ['team/x', 'gone'])
      await marked(local, `dolt-federation-advance/${to}/${branch}`, { kind: 'advance', branch, from, to });
    await local.sql(
      `CALL DOLT_BRANCH('team/x', '${from}')`,
      "CALL DOLT_CHECKOUT('team/x')",
      `CALL DOLT_RESET('--soft', '${to}')`,
    );
    await finish(folder);
    expect(await branchesOf(local)).toEqual({ main: from, ahead: to, 'team/x': to });
    expect(await local.sql("CALL DOLT_CHECKOUT('team/x')", 'SELECT table_name FROM dolt_status')).not.toContain(
      'items',
    );
  });
});

test('a branch that another process moved or removed during the run is neither moved nor created again', async () => {
  await using folder = await tempFolder();
  const { local, from, to } = await databaseBehind(folder);
  await local.sql(
    "CALL DOLT_CHECKOUT('ahead')",
    "CALL DOLT_BRANCH('-f', 'main', 'HEAD~2')",
    "CALL DOLT_CHECKOUT('-b', 'further')",
    "CALL DOLT_COMMIT('--allow-empty', '-m', 'of another run')",
  );
  const { main: back = '', further = '' } = await branchesOf(local);
  await withEngines(local.path, folder.file('tmp'), async (engines) => {
    const plan = newPeerPlan({
      ...{
        peer: filePeer('p', folder.file('box')),
        actions: actionsOf('sync', 'peer'),
        branch: 'main',
        expected: null,
      },
    });
    const advance = async (branch: string) => {
      const progress = newPeerProgress(plan);
      const context = testContext(engines, { branch });
      const head = await advanceLocalBranch(context, { ours: from, target: to }, [progress]);
      return { head, failure: progress.failure };
    };
    expect(await advance('main')).toMatchObject({
      head: back,
      failure: { code: 'contention', message: expect.stringContaining(`another process moved it to ${back}`) },
    });
    expect(await advance('gone')).toMatchObject({
      head: from,
      failure: { code: 'contention', message: expect.stringContaining('another process removed it') },
    });
    // Another run made the same move, or a longer one.
    expect(await advance('ahead')).toEqual({ head: to, failure: null });
    expect(await advance('further')).toEqual({ head: to, failure: null });
    // A peer whose push was refused in an earlier round is still merged in the next one; one that failed is not.
    const targetWith = async (ofPush: 'refused' | 'failed') => {
      const progress = newPeerProgress(plan);
      progress.compared({ head: further, state: 'behind', ahead: 0, behind: 2, otherMakers: null, rewritten: null });
      progress.fail(new Failure('contention', 'no push'), ofPush);
      const local = { ours: back, dropped: [], accepted: [], takenBack: [] };
      return (await mergeHeads(testContext(engines, {}), local, [progress])).target;
    };
    expect([await targetWith('refused'), await targetWith('failed')]).toEqual([further, back]);
    await engines.use(NO_CREDENTIALS, ({ database }) => removeScratch(database));
    const local = { ours: from, dropped: [], accepted: [], takenBack: [] };
    const merging = mergeHeads(testContext(engines, { branch: 'gone' }), local, []);
    expect(await failureOf(() => merging)).toMatchObject({
      code: 'contention',
      message: 'another process removed gone during this run',
    });
  });
  expect(await branchesOf(local)).toEqual({ main: back, ahead: to, further });
});

describe('a branch that becomes another commit', () => {
  test('moves its working set, and untracked and ignored tables stay', async () => {
    await using folder = await tempFolder();
    const { local, from, to } = await databaseBehind(folder);
    await local.dolt('reset', '--hard', to);
    const state = { folder: local.path, other: null, env: ENV };
    const replace = (move: { readonly from: string; readonly to: string }) =>
      withDatabase(local.path, folder.file('tmp'), (database) =>
        replaceBranch(database, { branch: 'main', ...move }, state),
      );
    await replace({ from: to, to: from });
    expect(await branchesOf(local)).toEqual({ main: from, ahead: to });
    const tables = (await local.rows('SHOW TABLES')).flatMap(Object.values).sort();
    expect(tables).toEqual(['items', 'notes', 'other', 'wisps']);
    // So that a run that ends at any moment since forgets no head that it gave up.
    expect((await readStateFile(local.path)).stateFile.retired).toEqual([{ local: 'main', head: to }]);
    await expect(replace({ from: to, to })).rejects.toMatchObject({ code: 'contention' });
    expect(await replace({ from: to, to: from })).toEqual([]);
  });

  test('is back at its old commit after a run that died in the middle', async () => {
    await using folder = await tempFolder();
    const { local, from, to } = await databaseBehind(folder);
    const mark = `dolt-federation-adopt/${to}/main`;
    const move = { kind: 'adopt', branch: 'main', from, to } as const;
    await marked(local, mark, move, `CALL DOLT_RESET('--soft', '${to}')`);
    await finish(folder);
    expect(await stateOf(local)).toEqual({ branches: { main: from, ahead: to }, dirty: ['notes'] });
    await marked(local, mark, move, `CALL DOLT_RESET('--hard', '${to}')`);
    await finish(folder);
    expect(await branchesOf(local)).toEqual({ main: to, ahead: to });
  });
});

test.each([
  { moved: ['a'], sinceOld: [], sinceNew: ['a'], half: true },
  { moved: ['a'], sinceOld: ['a'], sinceNew: [], half: false },
  { moved: ['a', 'b'], sinceOld: ['a'], sinceNew: ['a', 'b'], half: true },
  { moved: ['a', 'b'], sinceOld: ['a', 'b'], sinceNew: ['a'], half: false },
  { moved: ['a'], sinceOld: ['a'], sinceNew: ['a'], half: false },
  { moved: ['a'], sinceOld: ['c'], sinceNew: ['a', 'c'], half: true },
  { moved: [], sinceOld: ['c'], sinceNew: ['c'], half: false },
])(
  'the branch $moved moved, with changes since the old head: $sinceOld, since the new: $sinceNew, is half done: $half',
  (tables) => {
    expect(isHalfDone(tables)).toBe(tables.half);
  },
);

test.each([
  ['ours', 'main was not moved to target'],
  ['target', 'main was moved to target, but that was not confirmed'],
  ['another', 'it is unknown whether main was moved to target'],
  [null, 'it is unknown whether main was moved to target'],
])('a failed move after which the branch is at %s: %s', (head, text) => {
  expect(moveOutcome('main', { ours: 'ours', target: 'target', head })).toBe(text);
});

/** Runs `write` between two engines, once, after it is next wanted. */
function withGap(engines: Engines, gap: { wanted: boolean; readonly write: () => Promise<unknown> }): Engines {
  const write = async (): Promise<void> => {
    if (!gap.wanted) return;
    gap.wanted = false;
    await engines.close();
    await gap.write();
  };
  return {
    ...engines,
    use: (engineCredentials, work) => write().then(() => engines.use(engineCredentials, work)),
    finish: (work) => write().then(() => engines.finish(work)),
  };
}

const WRITERS: readonly (readonly [string, string, (local: TestDatabase) => Promise<unknown>])[] = [
  ['a commit', 'contention', (local) => local.commit('meanwhile', "INSERT INTO items VALUES (7, 'seven', 'eve')")],
  [
    'an uncommitted change',
    'uncommitted-changes',
    (local) => local.sql("INSERT INTO items VALUES (7, 'seven', 'eve')"),
  ],
];

test.each(WRITERS)('%s between two engines is kept and reported', async (what, code, write) => {
  await using folder = await tempFolder();
  const local = await makeDatabase(folder.file('local'));
  const at = { tempDir: folder.file('tmp'), peers: [filePeer('box', folder.file('box'))] };
  await federateDatabase({ local: local.path, ...at });
  const other = await cloneDatabase(`file://${folder.file('box')}`, folder.file('other'));
  const theirs = await other.commit('theirs', "UPDATE items SET owner = 'cid' WHERE id = 1");
  await other.dolt('push', 'origin', 'main');
  const ours = await local.commit('ours', "UPDATE items SET title = 'uno' WHERE id = 1");

  const gap = { wanted: false, write: () => write(local) };
  const first = await withEngines(local.path, at.tempDir, (engines) =>
    federateIn(withGap(engines, gap), {
      peers: at.peers,
      onEvent({ step }) {
        if (step === 'verifying') gap.wanted = true;
      },
    }),
  );
  expect(first.run('box')).toMatchObject({ verified: true, pushedCommits: 2, failure: { code } });
  expect(first.head).toBe(await local.head());
  expect(await branchesOf(local)).toEqual({ main: first.head });
  expect(await local.rows('SELECT title FROM items WHERE id = 7')).toEqual([{ title: 'seven' }]);

  if (what !== 'a commit') await local.commit('at last');
  const second = await federateDatabase({ local: local.path, ...at });
  expect(second.run('box')).toMatchObject({ failure: null, verified: true, head: await local.head() });
  expect(await missing(local, second.head, [ours, theirs, first.head])).toEqual([]);
  expect(await local.rows('SELECT COUNT(*) AS n FROM items')).toEqual([{ n: 3 }]);
});
