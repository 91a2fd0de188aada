import { chown, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { expect, test } from '@jest/globals';
import type { Asker } from '../../src/resolve/ask-rows.ts';
import { readOwnMoves, recordMove } from '../../src/sync/merge/own-moves.ts';
import { openTestDatabase, remoteHead } from '../helpers/database.ts';
import { committing } from '../helpers/scenario.ts';
import { clientCommits, otherCommits, type ServedDatabase, servedDatabase } from '../helpers/served-database.ts';
import { tempFolder } from '../helpers/temp-folder.ts';
import { failureOf } from '../helpers/thrown.ts';

const MANUAL = { overrides: { strategy: 'manual' } } as const;
const CLEAN = [[], [], [{ name: 'main' }], [], []];

/** Both sides change the title of one row. */
async function disagree({ other, sql }: ServedDatabase): Promise<void> {
  const rows = committing('theirs', ["UPDATE items SET title = 'theirs' WHERE id = 1"]);
  await other.sql(...rows, "CALL DOLT_PUSH('origin', 'main')");
  await sql("UPDATE items SET title = 'ours' WHERE id = 1");
  await sql("CALL DOLT_COMMIT('-Am', 'ours')");
}

async function choose(file: string, choice: string): Promise<void> {
  const text = await readFile(file, 'utf8');
  await writeFile(file, text.replaceAll(/^( {10,}choose:).*$/gm, `$1 ${choice}`));
}

const asRoot = process.getuid?.() === 0 ? test : test.skip;

asRoot(
  'the rows of a served database of another user are kept in the copy, where its owner can still write',
  async () => {
    await using folder = await tempFolder();
    await using served = await servedDatabase(folder);
    await chown(folder.file('local', '.dolt'), 64_001, 64_001);
    const kept = { ...MANUAL, stateDir: folder.file('state') };
    await disagree(served);
    const { conflictsPath } = (await served.run(kept)).result;
    const file = conflictsPath ?? '';
    expect(file).toMatch(/\/scratch\/local\/\.dolt\/dolt-federation\/conflicts\.yaml$/);
    expect(await readdir(folder.file('local', '.dolt'))).not.toContain('dolt-federation');
    const ask = (): Asker => ({ begin() {}, ask: async () => 'theirs', confirm: async () => true, close() {} });
    expect(await served.resolve({ ...kept, ask })).toMatchObject({ status: 'success', rows: 1 });
    await expect(stat(file)).rejects.toThrow('ENOENT');
  },
);

test('resolve works through the server that holds the database', async () => {
  await using folder = await tempFolder();
  await using served = await servedDatabase(folder, 'CREATE TABLE notes (id INT PRIMARY KEY)');
  const kept = { ...MANUAL, stateDir: folder.file('state') };
  await disagree(served);
  const left = (await served.run(kept)).result;
  const file = folder.file('local', '.dolt', 'dolt-federation', 'conflicts.yaml');
  expect(left).toMatchObject({ status: 'conflict', conflictsPath: file });

  // A client commits while the user decides.
  const ask = (): Asker => ({
    begin() {},
    async ask() {
      await served.sql("CALL DOLT_COMMIT('--allow-empty', '-m', 'meanwhile')");
      return 'theirs';
    },
    confirm: async () => true,
    close() {},
  });
  const before = await served.head();
  expect(await failureOf(() => served.resolve({ ...kept, ask }))).toMatchObject({
    code: 'conflicts-stale',
    message: expect.stringMatching(`main was at ${before}, but it is now at `),
  });
  expect(await served.head()).not.toBe(before);
  expect(await readFile(file, 'utf8')).toContain('choose: theirs');

  // The next run keeps the choice for the new head. Work that a client has not committed stays.
  expect((await served.run(kept)).result).toMatchObject({ status: 'conflict' });
  expect(await readFile(file, 'utf8')).toContain('choose: theirs');
  await served.sql('INSERT INTO notes VALUES (1)');
  const resolved = await served.resolve({ ...kept, file });
  expect(resolved).toMatchObject({
    status: 'success',
    database: folder.file('local'),
    head: await served.head(),
    peers: ['mailbox'],
    rows: 1,
  });
  expect(await served.rows('SELECT title FROM items WHERE id = 1')).toEqual([{ title: 'theirs' }]);
  expect(await served.traces()).toEqual([
    ...CLEAN.slice(0, 4),
    [{ table_name: 'notes', staged: 0, status: 'modified' }],
  ]);
  await expect(stat(file)).rejects.toThrow('ENOENT');
  expect((await served.run(kept)).result).toMatchObject({ head: resolved.head, peers: [{ status: 'pushed' }] });
  expect(await remoteHead(served.mailbox, folder.file('look', 'local'))).toBe(resolved.head);
}, 180_000);

test('resolve at a server on another machine finds the file in the kept copy, and keeps uncommitted rows there', async () => {
  await using folder = await tempFolder();
  await using served = await servedDatabase(folder);
  const remotesapi = Number(new URL(served.server.url).port);
  const setting = { host: 'localhost', tls: true, remotesapi, database: 'local' };
  const far = { ...MANUAL, host: 'localhost', setting, stateDir: folder.file('state') };
  await disagree(served);
  const { conflictsPath = '' } = (await served.run({ ...far, database: undefined })).result;
  expect(conflictsPath).toMatch(
    /state\/served\/[0-9a-f]{12}\/scratch\/local\/\.dolt\/dolt-federation\/conflicts\.yaml$/,
  );
  await choose(conflictsPath, 'theirs');

  const before = await served.head();
  await served.sql("INSERT INTO items VALUES (9, 'nine', 'client')");
  const refused = await failureOf(() => served.resolve({ ...far, database: '', file: conflictsPath }));
  expect([refused.code, refused.message]).toEqual([
    'uncommitted-changes',
    expect.stringContaining('items (at the running server)'),
  ]);
  expect(await served.head()).toBe(before);
  await served.sql('DELETE FROM items WHERE id = 9');

  // Without `--file`, on a terminal, there is no question.
  const resolved = await served.resolve({
    ...far,
    database: '',
    ask: () => ({
      ...{ begin() {}, close() {}, confirm: async () => true },
      ask: () => Promise.reject(new Error('nothing is undecided')),
    }),
  });
  expect(resolved).toMatchObject({
    status: 'success',
    database: expect.stringMatching(/^mysql:\/\/localhost:\d+\/local$/),
    head: await served.head(),
  });
  expect(await served.rows('SELECT title FROM items WHERE id = 1')).toEqual([{ title: 'theirs' }]);
  expect(await served.traces()).toEqual(CLEAN);
}, 180_000);

test.each([
  ['through the server', false],
  ['after the server stopped', true],
])(
  'resolve %s takes back half a move of a run that was killed',
  async (_, isStopped) => {
    await using folder = await tempFolder();
    await using served = await servedDatabase(folder, 'CREATE TABLE notes (id INT PRIMARY KEY)');
    const kept = { ...MANUAL, stateDir: folder.file('state') };
    await disagree(served);
    expect((await served.run(kept)).result.status).toBe('conflict');
    if (isStopped) {
      await served.stop();
      expect((await served.run(kept)).result.status).toBe('conflict');
    }
    const local = isStopped ? openTestDatabase(folder.file('local')) : served;
    const file = folder.file('local', '.dolt', 'dolt-federation', 'conflicts.yaml');
    await choose(file, 'theirs');
    const from = await local.head();
    await local.sql('INSERT INTO notes VALUES (7)');
    await local.sql("CALL DOLT_COMMIT('-Am', 'a result')");
    const to = await local.head();
    await local.sql(`CALL DOLT_RESET('--hard', '${from}')`);
    await local.sql(`CALL DOLT_RESET('--soft', '${to}')`);
    const [digest = ''] = await readdir(folder.file('state', 'served'));
    const scratch = folder.file('state', 'served', digest, 'scratch', 'local');
    await recordMove(scratch, 'killed', { kind: 'served', branch: 'main', from, to });
    await local.sql("CALL DOLT_BRANCH('dolt-federation/kept/1')");
    const warnings: string[] = [];
    const resolved = await served.resolve({ ...kept, file, warnings });
    expect(resolved).toMatchObject({ status: 'success', rows: 1, head: await local.head() });
    // Found by each check, and reported once, with the fix.
    if (isStopped) expect(warnings).toEqual([expect.stringMatching(/dolt-federation\/kept\/1.*\n.*delete/is)]);
    expect((await readOwnMoves(scratch)).moves.size).toBe(0);
    expect(await local.rows('SELECT table_name FROM dolt_status')).toEqual([]);
    expect(await local.rows('SELECT id FROM notes')).toEqual([]);
    expect(await local.rows('SELECT title FROM items WHERE id = 1')).toEqual([{ title: 'theirs' }]);
  },
  180_000,
);

test('resolve without conflicts does not contact the server', async () => {
  await using folder = await tempFolder();
  await using served = await servedDatabase(folder);
  const stateDir = folder.file('state');
  const asked = () => Promise.reject(new Error('asked'));
  const ask = (): Asker => ({ begin() {}, ask: asked, confirm: asked, close() {} });
  await served.stop();
  const setting = { host: 'db.example', remotesapi: 1, database: 'local' };
  expect(await served.resolve({ database: '', setting, host: 'db.example', stateDir, ask })).toMatchObject({
    status: 'unchanged',
    database: expect.stringMatching(/^mysql:\/\/db\.example:\d+\/local$/),
  });
  // Without a state folder, no copy is kept.
  expect(await failureOf(() => served.resolve({ database: '', setting, ask }))).toMatchObject({ code: 'no-database' });
}, 180_000);

test('rows of a client that lose in a merge are reported if it commits during the run, and stay if they are not committed', async () => {
  await using folder = await tempFolder();
  const notes = 'CREATE TABLE notes (id INT PRIMARY KEY, item INT, FOREIGN KEY (item) REFERENCES items (id))';
  await using served = await servedDatabase(folder, notes);
  const before = await served.head();
  const theirs = await otherCommits(served);
  // Its row loses the key to the row of the peer, and its uncommitted note would go with it.
  const commit = [
    "INSERT INTO items VALUES (3, 'client', 'client')",
    'INSERT INTO notes VALUES (1, 3), (2, NULL)',
    "CALL DOLT_COMMIT('-A', '-m', 'client')",
  ];
  served.sqlNow(...commit, 'UPDATE notes SET item = 1 WHERE id = 1');
  const head = await served.head();
  const [waits] = (await served.run()).result.peers;
  expect(waits).toMatchObject({
    pushedCommits: 0,
    error: { code: 'uncommitted-changes', message: expect.stringContaining('merging this peer changes notes, which') },
  });
  expect([await served.head(), await remoteHead(served.mailbox, folder.file('look', 'local'))]).toEqual([head, theirs]);
  await served.sql(`CALL DOLT_RESET('--hard', '${before}')`);

  // No remote gets the result, so no peer has the head that is merged with the commit of the client.
  await clientCommits(served);
  let isCommitted = false;
  const { result } = await served.run({
    command: 'pull',
    onEvent: ({ step }) => {
      if (step !== 'merging' || isCommitted) return;
      isCommitted = true;
      served.sqlNow(...commit);
    },
  });
  const [lost, note] = result.peers[0]?.conflicts ?? [];
  expect([result.status, result.peers[0]?.conflicts.length]).toEqual(['conflict', 2]);
  expect(lost).toMatchObject({ kind: 'id-collision', key: { id: '3' }, ours: { title: 'client' }, left: true });
  expect(note).toMatchObject({ kind: 'dependant', key: { id: '1' }, left: true });
  expect(await served.rows('SELECT id, title FROM items WHERE id > 2 ORDER BY id')).toEqual([
    { id: 3, title: 'three' },
    { id: 4, title: 'four' },
  ]);
});
