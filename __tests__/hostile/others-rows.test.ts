import { mkdir, writeFile } from 'node:fs/promises';
import { expect, test } from '@jest/globals';
import type { Peer } from '../../src/config/configuration.ts';
import { Failure } from '../../src/core/failure.ts';
import { mergeMessage } from '../../src/dolt/sql/merge.ts';
import { headsOfRun, lastShared } from '../../src/sync/incoming/losses/shared-commits.ts';
import { actionsOf } from '../../src/sync/peer-actions.ts';
import { newPeerPlan } from '../../src/sync/peer-plan.ts';
import { newPeerProgress } from '../../src/sync/peer-progress.ts';
import { command } from '../helpers/commanding.ts';
import { makeEmptyDatabase, type TestDatabase } from '../helpers/database.ts';
import { type Federated, federateIn, filePeer, withEngines } from '../helpers/federating.ts';
import { type TempFolder, tempFolder } from '../helpers/temp-folder.ts';

const rows = (from: number, count: number): string =>
  Array.from({ length: count }, (_, index) => `(${from + index}, 0)`).join();
const commit = (message: string): string => `CALL DOLT_COMMIT('-A', '--allow-empty', '-m', '${message}')`;

/** The branches of the database, each with the branch that it begins at; `main` is ours. */
const BRANCHES: readonly (readonly [name: string, from: string, ...statements: string[]])[] = [
  ['honest', 'base', `INSERT INTO t VALUES ${rows(100, 101)}`, `INSERT INTO own VALUES ${rows(41, 30)}`],
  ['table', 'honest', 'CREATE TABLE extra (id INT PRIMARY KEY, n INT)', `INSERT INTO extra VALUES ${rows(1, 2)}`],
  ['ahead', 'table', 'INSERT INTO t VALUES (300, 0)'],
  ['dropping', 'table', 'DELETE FROM t WHERE id >= 100', 'DROP TABLE extra'],
  ['edit', 'base', 'UPDATE t SET n = 9 WHERE id = 1'],
  ['emptied', 'honest', 'DELETE FROM own WHERE id > 10'],
  ['few', 'honest', 'DELETE FROM t WHERE id >= 180'],
  ['merged', 'main', "CALL DOLT_MERGE('--no-ff', '--no-commit', 'honest')"],
  ['more', 'merged', 'DELETE FROM t WHERE id >= 110'],
];

interface Crowd {
  readonly local: TestDatabase;
  peer(name: string, more?: Partial<Peer>): Peer;
}

/** Our database, which deleted 30 of the 40 rows of `own`, and a mailbox for each branch. */
async function crowd(folder: TempFolder): Promise<Crowd> {
  const local = await makeEmptyDatabase(folder.file('local'));
  const names = [...BRANCHES.map(([name]) => name), 'forged'];
  for (const name of names) await mkdir(folder.file(`${name}.box`), { recursive: true });
  await local.sql(
    ...['t', 'own'].flatMap((table) => [
      `CREATE TABLE ${table} (id INT PRIMARY KEY, n INT)`,
      `INSERT INTO ${table} VALUES ${rows(1, 40)}`,
    ]),
    commit('base'),
    "CALL DOLT_BRANCH('base')",
    'DELETE FROM own WHERE id > 10',
    commit('ours'),
    'SET autocommit = 0',
    ...BRANCHES.flatMap(([name, from, ...statements]) => [
      `CALL DOLT_CHECKOUT('-b', '${name}', '${from}')`,
      ...statements,
      commit(name),
    ]),
    "CALL DOLT_CHECKOUT('-b', 'forged', 'edit')",
    "CALL DOLT_MERGE('--no-ff', '--no-commit', 'honest')",
    'DELETE FROM t WHERE id >= 100',
    commit(mergeMessage(2, '2.3')),
    ...names.flatMap((name) => [
      `CALL DOLT_REMOTE('add', '${name}', 'file://${folder.file(`${name}.box`)}')`,
      `CALL DOLT_PUSH('${name}', '${name}:main')`,
      `CALL DOLT_REMOTE('remove', '${name}')`,
    ]),
    "CALL DOLT_CHECKOUT('main')",
  );
  return { local, peer: (name, more = {}) => ({ ...filePeer(name, folder.file(`${name}.box`)), ...more }) };
}

const codes = ({ allProgress }: Federated) =>
  Object.fromEntries(allProgress.map(({ peer, failure }) => [peer.name, failure?.code ?? null]));

const DELETES = 'mass-deletion';

test('a peer that removes rows of another peer, which this database lacks, waits; the other peer is served', async () => {
  await using folder = await tempFolder();
  const { local, peer } = await crowd(folder);
  await withEngines(local.path, folder.file('tmp'), async (engines) => {
    const plan = (peers: readonly Peer[], command: 'plan' | 'status' = 'plan') =>
      federateIn(engines, { peers, command, options: { dryRun: true } });
    const dropped = await plan([peer('dropping'), peer('ahead', { role: 'upstream' })]);
    expect(codes(dropped)).toEqual({ dropping: DELETES, ahead: null });
    expect(dropped.run('dropping').failure?.message.split('\n')).toEqual([
      'dropping drops extra of 1 other peer (ahead)',
      'dropping deletes 101 of the 141 rows of t at 1 other peer (ahead) (`--max-delete` is 50 %)',
      'Nothing was merged from or pushed to dropping.',
    ]);
    expect(dropped.run('ahead').plan).toMatchObject({ pull: 'merge' });
    expect(codes(await plan([peer('dropping'), peer('table')], 'status'))).toEqual({ dropping: DELETES, table: null });
    const accepted = await plan([peer('dropping', { accept: ['deletion'] }), peer('ahead')]);
    expect(codes(accepted)).toEqual({ dropping: null, ahead: null });
    expect(accepted.run('dropping').notices.map(({ code }) => code)).toContain(DELETES);
    // A mirror that is behind, our own deletion that a peer has merged, and rows that no other peer has.
    for (const [one, other] of [
      ['few', 'honest'],
      ['merged', 'honest'],
      ['merged', 'few'],
      ['dropping', 'edit'],
    ]) {
      const found = await plan([peer(one ?? ''), peer(other ?? '')]);
      expect(codes(found)).toEqual({ [one ?? '']: null, [other ?? '']: null });
    }
    // It also removes the rows that we removed, which count neither as lost nor among those that would be there.
    const emptied = await plan([peer('emptied'), peer('honest')]);
    expect(codes(emptied)).toEqual({ emptied: DELETES, honest: null });
    expect(emptied.run('emptied').failure?.message).toContain(
      'deletes 30 of the 40 rows of own at 1 other peer (honest)',
    );
    const beside = await plan([peer('more'), peer('honest'), peer('merged')]);
    expect(codes(beside)).toEqual({ more: DELETES, honest: null, merged: null });

    const run = await federateIn(engines, { peers: [peer('forged'), peer('honest'), peer('few')] });
    expect(codes(run)).toEqual({ forged: 'lossy-merge', honest: null, few: null });
    expect(run.run('forged').failure?.message).toContain('deletes 101 of the 141 rows of t at 2 other peers (');
    expect(run.run('honest')).toMatchObject({ verified: true, head: run.head });
  });
  expect(await local.rows('SELECT COUNT(*) AS n FROM t WHERE id >= 100')).toEqual([{ n: 80 }]);
});

test('neither `adopt` nor a delivery removes rows of another peer', async () => {
  await using folder = await tempFolder();
  const { local } = await crowd(folder);
  await local.sql("CALL DOLT_BRANCH('inbox/north-0123abcd', 'dropping')");
  const boxes = ['dropping', 'table'].map((name) => `${name}: "file://${folder.file(`${name}.box`)}"`);
  const adopt = new Map([['dropping', await local.head('dropping')]]);
  await writeFile(folder.file('federation.yaml'), `federation: {inbox: true, peers: {${boxes.join()}}}`);
  const { result } = await command(folder, '', {
    dryRun: true,
    overrides: { config: 'federation.yaml' },
    rewrites: { adopt, merge: new Map(), discardLocal: [await local.head()] },
  });
  expect(result.peers.map(({ name, error }) => [name, error?.code ?? null])).toEqual([
    ['dropping', DELETES],
    ['table', null],
    ['inbox/north-0123abcd', DELETES],
  ]);
  const forged = await command(folder, `forged: "file://${folder.file('forged.box')}"`, {
    dryRun: true,
    rewrites: {
      adopt: new Map([['forged', await local.head('forged')]]),
      merge: new Map(),
      discardLocal: [await local.head()],
    },
  });
  expect(forged.result.peers[0]?.error?.code).toBe('lossy-merge');

  // The rows of a peer that is held back are protected, too.
  const endpoint = `file://${folder.file('table.box')}`;
  const last = { endpoint, branch: 'main', head: await local.head('edit'), at: '2026-01-01T00:00:00.000Z' };
  await writeFile(
    folder.file('local', '.dolt', 'dolt-federation.json'),
    JSON.stringify({ version: 1, peers: { table: last } }),
  );
  const { result: held } = await command(folder, boxes.join('\n'), { dryRun: true });
  expect(held.peers.map(({ name, error }) => [name, error?.code ?? null])).toEqual([
    ['dropping', DELETES],
    ['table', 'history-rewritten'],
  ]);
});

test.each<[string, Failure | null, boolean]>([
  ['is merged', null, true],
  ['was rewritten', new Failure('history-rewritten', ''), true],
  ['is refused', new Failure('mass-deletion', ''), true],
  ['ended the engine', new Failure('engine-lost', ''), false],
  ['exceeded the time limit', new Failure('timeout', ''), false],
])('the rows of a peer that %s are protected, unless its check reached a limit', (_, failure, expected) => {
  const actions = actionsOf('sync', 'peer');
  const progress = newPeerProgress(newPeerPlan({ peer: filePeer('honest', '/x'), actions, branch: 'main' }));
  expect(headsOfRun([progress])).toEqual([]);
  progress.compared({ head: 'h', state: 'behind', ahead: 0, behind: 1, otherMakers: null, rewritten: null });
  if (failure !== null) progress.fail(failure);
  expect(headsOfRun([progress])).toEqual(expected ? [{ head: 'h', peer: 'honest' }] : []);
  if (failure !== null) progress.tryAgain();
  progress.checked(null);
  progress.fail(new Failure('timeout', ''));
  expect(headsOfRun([progress])).toEqual([{ head: 'h', peer: 'honest' }]);
});

test('two heads can share several last commits', () => {
  const parents = { x: ['ours'], y: ['ours'], one: ['x', 'y'], other: ['y', 'x'], third: ['x'], ours: [] };
  const { ours, ...rest } = parents;
  expect(ours).toEqual([]);
  expect(lastShared(new Map(Object.entries(rest)), ['one', 'other', 'third', 'x'])).toEqual(
    new Map([
      [
        'one',
        new Map([
          ['x', ['other', 'third', 'x']],
          ['y', ['other']],
        ]),
      ],
      [
        'other',
        new Map([
          ['x', ['one', 'third', 'x']],
          ['y', ['one']],
        ]),
      ],
      ['third', new Map([['x', ['one', 'other', 'x']]])],
    ]),
  );
});
