import { readFile, writeFile } from 'node:fs/promises';
import { expect, test } from '@jest/globals';
import { exitCodeOf } from '../../src/commands/outcome/exit-code.ts';
import { resolve } from '../../src/commands/resolve.ts';
import { EXIT } from '../../src/contract/exit-codes.ts';
import { runResultSchema } from '../../src/contract/result.ts';
import { text } from '../../src/report/text/run-report.ts';
import { actionsOf } from '../../src/sync/peer-actions.ts';
import { newPeerPlan } from '../../src/sync/peer-plan.ts';
import { newPeerProgress } from '../../src/sync/peer-progress.ts';
import { removeInboxes } from '../../src/sync/receive.ts';
import { branchesOf as headsOf } from '../helpers/branches.ts';
import { type CommandOptions, command } from '../helpers/commanding.ts';
import { commandContext } from '../helpers/configuring.ts';
import { makeDatabase, type TestDatabase } from '../helpers/database.ts';
import { testDolt } from '../helpers/dolt-binary.ts';
import { filePeer, withDatabase } from '../helpers/federating.ts';
import { liveDatabase, WISPS } from '../helpers/live-database.ts';
import { committing } from '../helpers/scenario.ts';
import { type TempFolder, tempFolder } from '../helpers/temp-folder.ts';

const NORTH = 'inbox/north-0123abcd';
const SOUTH = 'inbox/south-89abcdef';
const ROWS = Array.from({ length: 40 }, (_, index) => `(${index + 100}, 'row', 'ann')`).join();

/** The push of a sender to a branch of the database: commits on top of a commit of ours. */
const delivering = (branch: string, ...statements: string[]) => [
  `CALL DOLT_CHECKOUT('-b', '${branch}')`,
  ...statements,
  `CALL DOLT_COMMIT('-Am', '${branch}', '--author', 'Sender <sender@example.org>')`,
  "CALL DOLT_CHECKOUT('main')",
];

/** Runs a command in the database `local`, whose configuration is this text. */
async function run(folder: TempFolder, federation: string, options: CommandOptions = {}) {
  await writeFile(folder.file('receiver.yaml'), federation);
  return await command(folder, '', { ...options, overrides: { ...options.overrides, config: 'receiver.yaml' } });
}

const branchesOf = async (local: TestDatabase) =>
  (await local.rows('SELECT name FROM dolt_branches ORDER BY name')).map(({ name }) => name);

test('deliveries are merged with the heads of peers, reported like peers, and removed', async () => {
  await using folder = await tempFolder();
  const local = await makeDatabase(folder.file('local'));
  await local.sql(
    ...delivering(NORTH, "INSERT INTO items VALUES (5, 'five', 'ann')"),
    ...delivering(SOUTH, "INSERT INTO items VALUES (6, 'six', 'bob')"),
    ...committing('here', ["INSERT INTO items VALUES (7, 'seven', 'cyd')"]),
  );
  const settings = `federation: {inbox: true, peers: {box: "file://${folder.file('box')}"}}`;

  const looked = await run(folder, settings, { command: 'status' });
  expect(looked.result.peers.map(({ name, state }) => [name, state])).toEqual([
    ['box', 'remote-empty'],
    [NORTH, 'diverged'],
    [SOUTH, 'diverged'],
  ]);
  const planned = await run(folder, settings, { dryRun: true });
  expect(planned.result.peers[1]).toMatchObject({ plan: { pull: 'merge', push: 'nothing' } });
  expect(await branchesOf(local)).toEqual([NORTH, SOUTH, 'main']);

  const { result } = await run(folder, settings);
  expect(runResultSchema.parse(result)).toEqual(result);
  expect(result).toMatchObject({ status: 'success', merge: { deterministic: true, commits: 2 } });
  const inbox = { role: 'upstream', status: 'pulled', pulledCommits: 1, pushedCommits: 0, verified: true, error: null };
  expect(result.peers).toMatchObject([
    { name: 'box', status: 'pushed', verified: true },
    { name: NORTH, endpoint: NORTH, ...inbox },
    { name: SOUTH, endpoint: SOUTH, ...inbox },
  ]);
  expect(text(result)).toContain(NORTH);
  expect(await local.rows('SELECT id FROM items ORDER BY id')).toEqual([1, 2, 5, 6, 7].map((id) => ({ id })));
  expect(await branchesOf(local)).toEqual(['main']);
  expect((await run(folder, settings)).result).toMatchObject({ status: 'unchanged', peers: [{ name: 'box' }] });
});

test('a database without peers reads its inbox, and a delivery that is already merged is only removed', async () => {
  await using folder = await tempFolder();
  const local = await makeDatabase(folder.file('local'));
  const branch = `CALL DOLT_BRANCH('${NORTH}')`;
  const head = await local.commit('here', branch, "INSERT INTO items VALUES (7, 'seven', 'cyd')");
  const { result } = await run(folder, 'federation: {inbox: true}', { command: 'pull' });
  expect(result).toMatchObject({
    status: 'unchanged',
    head,
    peers: [{ name: NORTH, state: 'ahead', status: 'unchanged', verified: true }],
  });
  expect(await branchesOf(local)).toEqual(['main']);
});

test('a blocked delivery keeps its branch, and uses the settings of the peer with its name', async () => {
  await using folder = await tempFolder();
  const local = await makeDatabase(folder.file('local'));
  await local.sql(
    ...committing('rows', [`INSERT INTO items VALUES ${ROWS}`]),
    ...delivering(NORTH, 'DELETE FROM items WHERE id >= 100'),
    ...delivering(SOUTH, "INSERT INTO items VALUES (6, 'six', 'bob')"),
  );
  const head = await local.head(NORTH);
  const { result } = await run(folder, 'federation: {inbox: true}');
  expect(result.peers).toMatchObject([
    {
      name: NORTH,
      status: 'conflict',
      error: { code: 'mass-deletion', hint: expect.stringContaining('settings of the peer north') },
    },
    { name: SOUTH, status: 'pulled', error: null },
  ]);
  expect(exitCodeOf(result, 'any')).toBe(EXIT.conflict);
  expect(await branchesOf(local)).toEqual([NORTH, 'main']);
  expect(await local.head(NORTH)).toBe(head);

  const north = `{endpoint: "file://${folder.file('north')}", role: upstream, accept: [deletion]}`;
  const taken = await run(folder, `federation: {inbox: [north], peers: {north: ${north}}}`);
  expect(taken.result.peers.find(({ name }) => name === NORTH)).toMatchObject({ status: 'pulled', error: null });
  expect(await local.rows('SELECT COUNT(*) AS n FROM items')).toEqual([{ n: 3 }]);
  expect(await branchesOf(local)).toEqual(['main']);
});

test('deliveries of code and of ignored tables are blocked like a peer', async () => {
  await using folder = await tempFolder();
  const local = await makeDatabase(folder.file('local'));
  await local.sql(
    ...delivering(NORTH, "CREATE TRIGGER spy BEFORE UPDATE ON items FOR EACH ROW SET NEW.owner = 'spy'"),
    ...delivering(SOUTH, "INSERT INTO dolt_ignore VALUES ('x', 1)"),
  );
  const before = await local.rows('SELECT name, hash FROM dolt_branches ORDER BY name');
  const { result } = await run(folder, 'federation: {inbox: true}');
  expect(result.peers).toMatchObject([
    { name: NORTH, verified: false, error: { code: 'peer-brings-code' } },
    { name: SOUTH, verified: false, error: { code: 'peer-changes-local-tables' } },
  ]);
  expect(await local.rows('SELECT name, hash FROM dolt_branches ORDER BY name')).toEqual(before);
});

test('deliveries that are not accepted are named and unchanged', async () => {
  await using folder = await tempFolder();
  const local = await makeDatabase(folder.file('local'));
  await local.sql(
    ...delivering(NORTH, "INSERT INTO items VALUES (5, 'five', 'ann')"),
    ...delivering(SOUTH, "INSERT INTO items VALUES (6, 'six', 'bob')"),
    "CALL DOLT_BRANCH('inbox/odd')",
  );
  const peers = `peers: {box: "file://${folder.file('box')}"}`;
  const noticed = async (settings: string, options?: CommandOptions) =>
    (await run(folder, settings, options)).result.problems
      .filter(({ code }) => code === 'inbox-unread')
      .map(({ severity, message }) => [severity, message.split(/,? (?:and `|is |are not)/)[0]]);
  const odd = ['notice', 'inbox/odd'];
  const both = ['notice', `deliveries in ${NORTH}, ${SOUTH}`];
  expect(await noticed(`federation: {${peers}}`, { command: 'status' })).toEqual([both, odd]);
  expect(await noticed(`federation: {${peers}}`)).toEqual([both, odd]);
  expect(await noticed(`federation: {${peers}}`, { command: 'push' })).toEqual([]);
  expect(await branchesOf(local)).toEqual([NORTH, SOUTH, 'inbox/odd', 'main'].toSorted());
  expect(await noticed(`federation: {inbox: [south], ${peers}}`)).toEqual([['notice', `deliveries in ${NORTH}`], odd]);
  expect(await branchesOf(local)).toEqual([NORTH, 'inbox/odd', 'main']);
  // A run that names a peer includes its deliveries.
  const { result } = await run(folder, `federation: {inbox: true, ${peers}}`, { only: ['box'] });
  expect(result.peers.map(({ name }) => name)).toEqual(['box']);
});

test('unresolved rows of a delivery are resolved like those of a peer', async () => {
  await using folder = await tempFolder();
  const local = await makeDatabase(folder.file('local'));
  await local.sql(
    ...delivering(NORTH, "UPDATE items SET title = 'theirs' WHERE id = 1"),
    ...committing('here', ["UPDATE items SET title = 'ours' WHERE id = 1"]),
  );
  const settings = 'federation: {inbox: true}\nconflict: {strategy: manual}';
  const { result } = await run(folder, settings);
  expect(result.peers).toMatchObject([{ name: NORTH, status: 'conflict', error: { code: 'conflict' } }]);
  expect(result.conflictsPath).toBeDefined();
  expect(await branchesOf(local)).toEqual([NORTH, 'main']);
  const file = result.conflictsPath ?? '';
  const written = await readFile(file, 'utf8');
  await writeFile(file, written.replace(/^( +choose:).*$/m, '$1 theirs'));
  const resolved = await resolve(
    {
      file,
      maxDelete: 50,
      mergeTimeout: 120_000,
      database: 'local',
      overrides: { config: 'receiver.yaml' },
      dolt: { source: 'release', path: testDolt() },
    },
    commandContext(folder.path),
  );
  expect(resolved).toMatchObject({ status: 'success', peers: [NORTH], rows: 1 });
  expect(await local.rows('SELECT title FROM items WHERE id = 1')).toEqual([{ title: 'theirs' }]);
  const after = await run(folder, settings);
  expect(after.result.peers).toMatchObject([{ name: NORTH, state: 'ahead', status: 'unchanged', error: null }]);
  expect(after.result).not.toHaveProperty('conflictsPath');
  expect(await branchesOf(local)).toEqual(['main']);
});

test('an inbox that moved after its merge is kept', async () => {
  await using folder = await tempFolder();
  const local = await makeDatabase(folder.file('local'));
  await local.sql(`CALL DOLT_BRANCH('${NORTH}')`, ...delivering(SOUTH, "INSERT INTO items VALUES (6, 'six', 'bob')"));
  const { main: head = '', [NORTH]: merged = '', [SOUTH]: moved = '' } = await headsOf(local);
  const runOf = (branch: string) => {
    const peer = filePeer(branch, local.path);
    const progress = newPeerProgress(
      newPeerPlan({ peer, actions: actionsOf('sync', 'upstream'), branch, inbox: branch }),
    );
    progress.compared({ head: merged, state: 'behind', ahead: 0, behind: 1, otherMakers: null, rewritten: null });
    return progress;
  };
  await withDatabase(local.path, folder.file('tmp'), async (database) => {
    await removeInboxes(database, [runOf(NORTH), runOf(SOUTH), runOf('inbox/gone-01234567')], head);
  });
  expect(await headsOf(local)).toEqual({ [SOUTH]: moved, main: head });
});

test('an inbox with uncommitted rows is kept, even if the rows are ignored', async () => {
  await using folder = await tempFolder();
  const local = await makeDatabase(folder.file('local'));
  await local.commit('ignore', ...WISPS);
  const edits = {
    [NORTH]: "INSERT INTO items VALUES (9, 'uncommitted', 'dan')",
    [SOUTH]: 'CREATE TABLE wisps (id INT PRIMARY KEY)',
  };
  const on = ([branch, edit]: readonly [string, string]) => [`CALL DOLT_CHECKOUT('-b', '${branch}', 'main')`, edit];
  await local.sql(...Object.entries(edits).flatMap(on));
  const { result } = await run(folder, 'federation: {inbox: true}');
  expect(result.problems.map(({ code, peer }) => [code, peer])).toEqual([
    ['inbox-unread', NORTH],
    ['inbox-unread', SOUTH],
  ]);
  // A run on that branch would push it to every peer.
  expect(result.problems[0]?.hint).toContain('check your own branch out again before the next run');
  expect(await branchesOf(local)).toEqual([NORTH, SOUTH, 'main']);
});

test('the owner of a running server merges a delivery, and then both sides are equal', async () => {
  await using folder = await tempFolder();
  await using there = await liveDatabase(folder, ...WISPS);
  await there.local.commit('here', "INSERT INTO items VALUES (5, 'five', 'ann')");
  await there.sql("INSERT INTO items VALUES (8, 'there', 'eve')", "CALL DOLT_COMMIT('-am', 'there')");
  expect((await there.run(true)).result.peers[0]).toMatchObject({ state: 'delivered', status: 'synced' });

  await expect(run(folder, 'federation: {inbox: true}', { database: 'live' })).rejects.toMatchObject({
    code: 'database-in-use',
  });
  await there.stop();
  const { result } = await run(folder, 'federation: {inbox: true}', { database: 'live' });
  expect(result.peers).toMatchObject([{ state: 'behind', status: 'pulled', verified: true }]);
  expect(await branchesOf(there.live)).toEqual(['main']);
  expect(await there.live.head()).toBe(await there.local.head());
  expect(await there.live.rows('SELECT id FROM wisps ORDER BY id')).toEqual([{ id: 1 }, { id: 2 }]);
});
