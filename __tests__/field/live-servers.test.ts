import { cp, readFile } from 'node:fs/promises';
import { delimiter } from 'node:path';
import { expect, test } from '@jest/globals';
import { stringify } from 'yaml';
import { exitCodeOf } from '../../src/commands/outcome/exit-code.ts';
import { PEER_ERRORS } from '../../src/contract/errors/peer-errors.ts';
import { EXIT } from '../../src/contract/exit-codes.ts';
import { runResultSchema } from '../../src/contract/result.ts';
import { readEnv } from '../../src/core/env.ts';
import { mermaid } from '../../src/report/mermaid.ts';
import { summary } from '../../src/report/summary.ts';
import { text } from '../../src/report/text/run-report.ts';
import { command } from '../helpers/commanding.ts';
import { makeDatabase, openTestDatabase } from '../helpers/database.ts';
import { type LiveDatabase, liveDatabase, WISPS } from '../helpers/live-database.ts';
import { startSshd } from '../helpers/servers/sshd.ts';
import { tempFolder } from '../helpers/temp-folder.ts';

const HEADS = 'SELECT name, hash FROM dolt_branches ORDER BY name';
const WISP_IDS = 'SELECT id FROM wisps ORDER BY id';
const BOTH_WISPS = [{ id: 1 }, { id: 2 }];

const inboxes = async ({ rows }: LiveDatabase) => (await rows(HEADS)).filter(({ name }) => name !== 'main');
const mainOf = async ({ rows }: LiveDatabase) => (await rows(HEADS)).find(({ name }) => name === 'main')?.['hash'];

test('without `live`, a peer that may be a running database is merged, but gets no push; with `live: false` it gets one', async () => {
  await using folder = await tempFolder();
  await using there = await liveDatabase(folder, ...WISPS);
  const { local, run } = there;
  await there.sql("INSERT INTO items VALUES (8, 'there', 'eve')", "CALL DOLT_COMMIT('-am', 'there')");
  await local.commit('here', "INSERT INTO items VALUES (7, 'here', 'ann')");
  const before = await there.rows(HEADS);

  const planned = await run(null, { dryRun: true });
  expect(planned.result.peers[0]).toMatchObject({
    error: { code: 'live-unknown' },
    plan: { pull: 'merge', pullCommits: 1, push: 'nothing' },
  });
  const { result } = await run(null);
  expect(result.peers[0]).toMatchObject({
    status: 'failed',
    pulledCommits: 1,
    pushedCommits: 0,
    verified: false,
    error: { code: 'live-unknown', hint: expect.stringMatching(/^live: false .*\nlive: true /m) },
  });
  expect(exitCodeOf(result, 'any')).toBe(EXIT.partial);
  expect(await local.rows('SELECT id FROM items WHERE id > 6 ORDER BY id')).toEqual([{ id: 7 }, { id: 8 }]);
  expect(await there.rows(HEADS)).toEqual(before);
  expect(await there.rows(WISP_IDS)).toEqual(BOTH_WISPS);

  const pushed = (await run(false)).result;
  expect(pushed.peers[0]).toMatchObject({ state: 'ahead', status: 'pushed', verified: true });
  expect(await there.rows(HEADS)).toEqual([expect.objectContaining({ name: 'main', hash: pushed.head })]);
});

test('a push to a running database needs no setting until either side ignores tables, because it can empty none', async () => {
  await using folder = await tempFolder();
  await using there = await liveDatabase(folder);
  const head = await there.local.commit('here', "INSERT INTO items VALUES (7, 'here', 'ann')");
  const { result } = await there.run(null);
  expect(result.peers[0]).toMatchObject({ status: 'pushed', verified: true, error: null });
  expect(await mainOf(there)).toBe(head);

  // Rows of `dolt_ignore` that only the peer has count too.
  const wisps = ['CREATE TABLE wisps (id INT PRIMARY KEY)', 'INSERT INTO wisps VALUES (1), (2)'];
  await there.sql(...WISPS, "CALL DOLT_COMMIT('-Am', 'ignore')", ...wisps);
  const main = String(await mainOf(there));
  await there.local.commit('more', "INSERT INTO items VALUES (8, 'here', 'ann')");
  const unknown = { pushedCommits: 0, error: { code: 'live-unknown' } };
  expect((await there.run(null, { command: 'push' })).result.peers[0]).toMatchObject(unknown);
  // A lease does not replace the branch either.
  await there.local.sql("CALL DOLT_COMMIT('--amend', '-m', 'amended')");
  const leases = new Map([['live', main]]);
  expect((await there.run(null, { command: 'push', leases })).result.peers[0]).toMatchObject(unknown);
  expect(await mainOf(there)).toBe(main);
  expect(await there.rows(WISP_IDS)).toEqual(BOTH_WISPS);
});

test('a peer with `live: true` gets deliveries: its ignored tables, uncommitted rows and branch stay', async () => {
  await using folder = await tempFolder();
  await using there = await liveDatabase(folder, ...WISPS);
  const { local, run } = there;
  const main = await mainOf(there);
  await there.sql("INSERT INTO items VALUES (9, 'uncommitted', 'dan')");
  const untouched = async () => {
    expect(await there.rows(WISP_IDS)).toEqual(BOTH_WISPS);
    expect(await there.rows('SELECT id FROM items WHERE id = 9')).toEqual([{ id: 9 }]);
    expect(await there.rows('SELECT table_name FROM dolt_status')).toEqual([{ table_name: 'items' }]);
    expect(await mainOf(there)).toBe(main);
  };

  const first = await local.commit('first', "INSERT INTO items VALUES (5, 'five', 'ann')");
  const planned = await run(true, { dryRun: true });
  expect(planned.result.peers[0]?.plan).toMatchObject({ push: 'deliver', pushCommits: 1 });
  const delivered = await run(true);
  expect(runResultSchema.parse(delivered.result)).toEqual(delivered.result);
  expect(delivered.result).toMatchObject({
    status: 'success',
    peers: [{ state: 'delivered', status: 'pushed', pushedCommits: 1, verified: true, remoteHead: main, error: null }],
  });
  const [inbox] = await inboxes(there);
  expect(inbox).toMatchObject({ name: expect.stringMatching(/^inbox\/north-[0-9a-f]{8}$/), hash: first });
  for (const report of [text, summary, mermaid]) expect(report(delivered.result)).toContain('delivered');
  await untouched();

  const again = await run(true, { staleAfter: 60_000 });
  expect(again.result).toMatchObject({
    status: 'unchanged',
    peers: [{ state: 'delivered', status: 'unchanged', pushedCommits: 0, verified: true, error: null }],
  });
  expect(exitCodeOf(again.result, 'any')).toBe(EXIT.ok);
  expect((await run(true, { command: 'status' })).result.peers[0]).toMatchObject({ state: 'delivered', error: null });
  const late = await run(true, { command: 'status', staleAfter: 1 });
  expect(late.result.peers[0]).toMatchObject({
    status: 'failed',
    error: { code: 'stale', message: expect.stringContaining('still waits in the inbox') },
    stale: { because: 'delivered' },
  });

  const second = await local.commit('second', "INSERT INTO items VALUES (6, 'six', 'ann')");
  expect((await run(true, { command: 'push' })).result.peers[0]).toMatchObject({
    state: 'delivered',
    pushedCommits: 1,
  });
  expect(await inboxes(there)).toEqual([expect.objectContaining({ name: inbox?.['name'], hash: second })]);
  await untouched();
});

test('a delivery that the server merged is up to date, and an inbox with unknown commits is never overwritten', async () => {
  await using folder = await tempFolder();
  await using there = await liveDatabase(folder, ...WISPS);
  const { local, run } = there;
  await local.commit('here', "INSERT INTO items VALUES (5, 'five', 'ann')");
  await run(true);
  const inbox = String((await inboxes(there))[0]?.['name']);
  await there.sql(
    "INSERT INTO items VALUES (8, 'there', 'eve')",
    "CALL DOLT_COMMIT('-am', 'there')",
    `CALL DOLT_MERGE('${inbox}', '-m', 'merged there')`,
  );
  const merged = String(await mainOf(there));
  // The inbox still exists: our next commit extends it although it is behind the branch.
  await local.commit('more', "INSERT INTO items VALUES (6, 'six', 'ann')");
  expect((await run(true, { command: 'push' })).result.peers[0]).toMatchObject({ state: 'delivered', verified: true });
  expect((await run(true)).result.peers[0]).toMatchObject({ status: 'synced', pulledCommits: 2, state: 'delivered' });
  await there.sql(`CALL DOLT_MERGE('${inbox}')`, `CALL DOLT_BRANCH('-D', '${inbox}')`);
  expect((await run(true)).result.peers[0]).toMatchObject({ state: 'up-to-date', verified: true, pushedCommits: 0 });
  const found = await local.read(
    "SELECT hash FROM dolt_branches WHERE name = 'main'",
    `SELECT COUNT(*) AS n FROM dolt_log WHERE commit_hash = '${merged}'`,
  );
  expect(found).toEqual([[{ hash: await mainOf(there) }], [{ n: 1 }]]);
  expect(await there.rows(WISP_IDS)).toEqual(BOTH_WISPS);

  const lost = await local.commit('next', "INSERT INTO items VALUES (7, 'seven', 'ann')");
  await run(true);
  await local.sql("CALL DOLT_COMMIT('--amend', '-m', 'amended')");
  const { result } = await run(true);
  expect(result.peers[0]).toMatchObject({
    state: 'rewritten',
    status: 'conflict',
    pushedCommits: 0,
    verified: false,
    error: { code: 'history-rewritten' },
  });
  expect(exitCodeOf(result, 'any')).toBe(EXIT.conflict);
  expect((await inboxes(there))[0]).toMatchObject({ hash: lost });
  expect((await run(true, { command: 'status' })).result.peers[0]).toMatchObject({ state: 'rewritten' });
  const leases = new Map([['live', lost]]);
  await expect(run(true, { command: 'push', leases })).rejects.toMatchObject({ code: 'bad-usage' });

  // The suggested command works.
  const [, removal = ''] = /`(CALL DOLT_BRANCH[^`]*)`/.exec(result.peers[0]?.error?.hint ?? '') ?? [];
  await there.sql(removal);
  expect((await run(true)).result.peers[0]).toMatchObject({ state: 'delivered', pushedCommits: 1, error: null });
});

/** The statements of a hint, in its order. */
const statementsOf = (hint: string): string[] =>
  [...hint.matchAll(/`((?:SELECT|CALL) [^`]*)`/g)].map(([, one]) => one ?? '');

test('the hint for uncommitted changes is safe if the working set is behind its branch', async () => {
  await using folder = await tempFolder();
  await using there = await liveDatabase(folder, ...WISPS);
  const { local, run } = there;
  await local.commit(
    'pushed',
    "INSERT INTO items VALUES (5, 'five', 'ann')",
    'CREATE TABLE added (id INT PRIMARY KEY)',
  );
  await run(true);
  const inbox = String((await inboxes(there))[0]?.['name']);
  // Moves the branch without its working set.
  await there.sql(`CALL DOLT_RESET('--soft', '${inbox}')`);
  const head = await mainOf(there);
  await local.commit('next', "INSERT INTO items VALUES (6, 'six', 'ann')");
  const refused = (await run(false)).result.peers[0];
  const hint = PEER_ERRORS['remote-dirty'].hint.replace('<peer>', 'live');
  expect(refused).toMatchObject({ error: { code: 'remote-dirty', hint } });

  const [status = '', diff = '', unstage = '', restore = ''] = statementsOf(PEER_ERRORS['remote-dirty'].hint);
  const tables = [...new Set((await there.rows(status)).map((row) => String(row['table_name'])))];
  expect(tables).toEqual(['added', 'items']);
  expect(await there.rows(diff.replace('<table>', 'items'))).toEqual([
    expect.objectContaining({ diff_type: 'removed', from_id: 5 }),
  ]);
  await there.sql(unstage, ...tables.map((table) => restore.replace('<table>', table)));
  expect(await there.rows('SELECT * FROM dolt_status')).toEqual([]);
  expect(await mainOf(there)).toBe(head);
  expect(await there.rows(WISP_IDS)).toEqual(BOTH_WISPS);

  expect((await run(false)).result.peers[0]).toMatchObject({ status: 'pushed', verified: true });
  expect(await there.rows('SELECT id FROM items ORDER BY id')).toEqual([1, 2, 5, 6].map((id) => ({ id })));
  expect(await local.rows('SELECT id FROM items ORDER BY id')).toEqual([1, 2, 5, 6].map((id) => ({ id })));
});

test('rows of both kinds in one table survive the documented steps', async () => {
  await using folder = await tempFolder();
  await using there = await liveDatabase(folder, ...WISPS);
  // As after a push that moved the branch without its working set.
  await there.sql(
    "CALL DOLT_CHECKOUT('-b', 'pushed')",
    "INSERT INTO items VALUES (5, 'five', 'ann')",
    "UPDATE items SET title = 'new' WHERE id = 1",
    "CALL DOLT_COMMIT('-Am', 'pushed')",
    "CALL DOLT_CHECKOUT('main')",
    "INSERT INTO items VALUES (9, 'uncommitted', 'dan')",
    "CALL DOLT_RESET('--soft', 'pushed')",
  );
  const [head, old] = (await there.rows("SELECT commit_hash FROM dolt_reflog('main')")).map(
    (row) => row['commit_hash'],
  );
  await there.sql(
    `CALL DOLT_RESET('--soft', '${old}')`,
    "CALL DOLT_COMMIT('-am', 'changes made here')",
    `CALL DOLT_MERGE('${head}')`,
  );
  expect(await there.rows('SELECT id, title FROM items ORDER BY id')).toEqual([
    { id: 1, title: 'new' },
    { id: 2, title: 'two' },
    { id: 5, title: 'five' },
    { id: 9, title: 'uncommitted' },
  ]);
  expect(await there.rows(WISP_IDS)).toEqual(BOTH_WISPS);
});

test('a running server assigns AUTO_INCREMENT values that a push used, until the next value is set', async () => {
  await using folder = await tempFolder();
  await using there = await liveDatabase(
    folder,
    'CREATE TABLE jobs (id INT AUTO_INCREMENT PRIMARY KEY, name VARCHAR(20))',
    "INSERT INTO jobs (name) VALUES ('a')",
  );
  const insert = (name: string) => there.sql(`INSERT INTO jobs (name) VALUES ('${name}')`);
  await insert('b');
  await there.sql("CALL DOLT_COMMIT('-am', 'b')");
  await there.run(false, { command: 'pull' });
  await there.local.commit('c and d', "INSERT INTO jobs (name) VALUES ('c'), ('d')");
  await there.run(false);
  await expect(insert('refused')).rejects.toThrow('duplicate primary key given: [3]');
  // The same after a merge by the server itself.
  await there.sql('ALTER TABLE jobs AUTO_INCREMENT = 5');
  await insert('e');
  expect(await there.rows('SELECT id, name FROM jobs ORDER BY id')).toEqual(
    ['a', 'b', 'c', 'd', 'e'].map((name, index) => ({ id: index + 1, name })),
  );
});

test('a database behind ssh can be a running one: its ignored tables and uncommitted rows stay', async () => {
  await using folder = await tempFolder();
  const local = await makeDatabase(folder.file('local'));
  await local.commit('ignore', ...WISPS);
  await cp(local.path, folder.file('far'), { recursive: true });
  const far = openTestDatabase(folder.file('far'));
  await far.sql(
    'CREATE TABLE wisps (id INT PRIMARY KEY)',
    'INSERT INTO wisps VALUES (1), (2)',
    "INSERT INTO items VALUES (9, 'uncommitted', 'dan')",
  );
  const head = await local.commit('here', "INSERT INTO items VALUES (5, 'five', 'ann')");
  await using sshd = await startSshd(folder.path);
  const credentials = { url: sshd.url, 'ssh-key': await readFile(sshd.key, 'utf8'), 'known-hosts': sshd.knownHosts };
  const run = async (live: object) =>
    (
      await command(folder, stringify({ far: { endpoint: `${sshd.url}${far.path}`, ...live } }), {
        env: { PATH: [sshd.portless, readEnv()['PATH'] ?? ''].join(delimiter), BD_FEDERATION_TOWN: 'north' },
        credentials: { text: stringify({ far: credentials }) },
      })
    ).result.peers[0];
  expect(await run({})).toMatchObject({ pushedCommits: 0, error: { code: 'live-unknown' } });
  expect(await run({ live: true })).toMatchObject({ state: 'delivered', status: 'pushed', verified: true });
  expect(await far.rows(WISP_IDS)).toEqual(BOTH_WISPS);
  expect(await far.rows('SELECT id FROM items ORDER BY id')).toEqual([1, 2, 9].map((id) => ({ id })));
  const branches = await far.rows(HEADS);
  expect(branches.filter(({ name }) => name !== 'main')).toEqual([expect.objectContaining({ hash: head })]);
});
