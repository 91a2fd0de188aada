import { expect, test } from '@jest/globals';
import { finishAdvances } from '../../src/sync/advance.ts';
import { recordMove } from '../../src/sync/merge/own-moves.ts';
import { command } from '../helpers/commanding.ts';
import { filePeer, withDatabase } from '../helpers/federating.ts';
import { mailbox } from '../helpers/mailbox.ts';
import { committing } from '../helpers/scenario.ts';
import { tempFolder } from '../helpers/temp-folder.ts';

const KEY = 'CONSTRAINT `k` FOREIGN KEY (`p`) REFERENCES `parents` (`code`) ON DELETE CASCADE';
const CHILD = (name: string): string => `CREATE TABLE ${name} (id INT PRIMARY KEY, p INT, ${KEY})`;
const SEED = [
  'CREATE TABLE parents (id INT PRIMARY KEY, code INT UNIQUE)',
  'INSERT INTO parents VALUES (1, 1)',
  "INSERT INTO dolt_ignore VALUES ('wisp%', true)",
];

test('uncommitted and ignored tables keep their rows, names and foreign keys', async () => {
  await using folder = await tempFolder();
  const box = await mailbox(
    folder,
    ...SEED,
    'INSERT INTO parents VALUES (2, 2), (3, 3), (5, 5)',
    'CREATE TABLE places (x INT, y INT, PRIMARY KEY (x, y))',
    'INSERT INTO places VALUES (1, 1), (1, 2)',
    'CREATE TABLE visits (id INT PRIMARY KEY, x INT, y INT, FOREIGN KEY (x, y) REFERENCES places (x, y))',
    // Dolt cannot compare its rows.
    'CREATE TABLE tallies (n INT, v INT AS (n + 1) VIRTUAL, p INT, FOREIGN KEY (p) REFERENCES parents (code))',
  );
  await box.south.sql(
    ...[CHILD('wisp_a'), CHILD('Notes').replace('`k`', '`k2`'), 'CREATE VIEW report AS SELECT 1 AS id'],
    ...['INSERT INTO wisp_a VALUES (1, 1), (2, 2), (5, 5)', 'INSERT INTO Notes VALUES (7, 1)'],
    CHILD('wisp_b').replace('`k`', '`k3`').replace(' ON DELETE CASCADE', ''),
    'INSERT INTO wisp_b VALUES (1, 1)',
    ...['DELETE FROM places WHERE y = 1', 'INSERT INTO tallies (n, p) VALUES (1, 1)'],
    // It has no parent already.
    ...['SET foreign_key_checks = 0', 'INSERT INTO wisp_a VALUES (9, 9)', 'SET foreign_key_checks = 1'],
  );
  const branches = {
    case: ['CREATE TABLE notes (id INT PRIMARY KEY)'],
    view: ['CREATE TABLE report (id INT PRIMARY KEY)'],
    renames: ['RENAME TABLE parents TO elders'],
    column: ['ALTER TABLE parents RENAME COLUMN code TO number'],
    removes: ['DELETE FROM parents WHERE id = 1'],
    changes: ['UPDATE parents SET code = 4 WHERE id = 1'],
    cascades: ['DELETE FROM parents WHERE id = 5'],
    refers: ['INSERT INTO visits VALUES (3, 1, 1)'],
    name: [CHILD('other').replace('`k`', '`K`')],
  };
  await box.north.sql(
    ...Object.entries(branches).flatMap(([name, statements]) => [
      `CALL DOLT_CHECKOUT('-b', '${name}', 'main')`,
      ...statements,
      `CALL DOLT_COMMIT('-A', '-m', '${name}')`,
      `CALL DOLT_REMOTE('add', '${name}', 'file://${folder.file(name)}')`,
      `CALL DOLT_PUSH('${name}', '${name}:main')`,
    ]),
    "CALL DOLT_CHECKOUT('main')",
  );
  await box.send(
    'ALTER TABLE parents ADD COLUMN v INT',
    "INSERT INTO items VALUES (7, 'seven', 'ann')",
    'DELETE FROM parents WHERE id IN (2, 3)',
    'INSERT INTO parents VALUES (20, 2, NULL)',
    'INSERT INTO visits VALUES (1, 1, 2), (2, NULL, 1)',
  );
  const others = Object.keys(branches).map((name) => filePeer(name, folder.file(name)));
  const done = await box.receive({ others });
  const waits = (says: string) => ({ code: 'uncommitted-changes', message: expect.stringContaining(says) });
  expect(done.run('partner')).toMatchObject({ failure: null, pulledCommits: 1 });
  expect(done.run('case').failure).toMatchObject(waits('Notes'));
  expect(done.run('view').failure).toMatchObject({ code: 'peer-brings-code' });
  expect(done.run('renames').failure).toMatchObject(waits('wisp_a (it refers to parents, which is gone there)'));
  expect(done.run('column').failure).toMatchObject(waits('Notes (it refers to parents, which is gone there)'));
  expect(done.run('name').failure).toMatchObject(waits('wisp_a (other has a foreign key k there)'));
  const orphans = (table: string) => `${table} (it refers to rows of parents that are gone there)`;
  for (const name of ['removes', 'changes']) {
    expect(done.run(name).failure).toMatchObject(waits(orphans('wisp_b')));
    for (const table of ['Notes', 'tallies']) expect(done.run(name).failure?.message).toContain(orphans(table));
  }
  // Its key says what a deletion does to a row that is never committed, and nothing about a change.
  expect(done.run('removes').failure?.message).not.toContain(orphans('wisp_a'));
  expect(done.run('changes').failure?.message).toContain(orphans('wisp_a'));
  expect(done.run('cascades')).toMatchObject({ failure: null, pulledCommits: 1 });
  expect(await box.south.rows('SELECT p FROM wisp_a WHERE id = 5')).toEqual([{ p: 5 }]);
  // Beside rows without a parent.
  await box.south.sql('INSERT INTO wisp_a VALUES (10, 2)');
  await expect(box.south.sql('INSERT INTO wisp_a VALUES (11, 99)')).rejects.toThrow('Foreign key');
  expect(done.run('removes').failure?.hint).toContain('ignored tables');
  const refers = waits('places (visits refers there to rows that are gone here)');
  expect(done.run('refers').failure).toMatchObject(refers);
  const keys = await box.south.rows('SHOW CREATE TABLE wisp_a');
  expect(JSON.stringify(keys)).toContain(KEY);
  expect(JSON.stringify(await box.south.rows('SHOW CREATE TABLE Notes'))).toContain('REFERENCES `parents`');
  expect(await box.south.rows('SELECT id FROM Notes')).toEqual([{ id: 7 }]);
});

test('uncommitted drops and changes of foreign keys are kept', async () => {
  await using folder = await tempFolder();
  const key = (name: string, column: string) => `CONSTRAINT ${name} FOREIGN KEY (${column}) REFERENCES parents (code)`;
  const box = await mailbox(
    folder,
    ...SEED,
    'CREATE TABLE codes (id INT PRIMARY KEY, code INT UNIQUE)',
    `CREATE TABLE linked (id INT PRIMARY KEY, a INT, b INT, c INT, d INT, ${['a', 'b', 'c', 'd'].map((one) => key(`of_${one}`, one)).join(', ')})`,
    'CREATE TABLE tagged (id INT PRIMARY KEY, c INT, CONSTRAINT of_code FOREIGN KEY (c) REFERENCES codes (code))',
  );
  await box.south.sql(
    ...['ALTER TABLE linked DROP FOREIGN KEY of_a', 'ALTER TABLE linked DROP FOREIGN KEY of_b'],
    `ALTER TABLE linked ADD ${key('of_b', 'b')} ON DELETE CASCADE`,
    ...['ALTER TABLE linked DROP FOREIGN KEY of_c', 'ALTER TABLE linked DROP COLUMN c'],
    // The key of another table changes, which does not count as a change of that table.
    'ALTER TABLE codes RENAME COLUMN code TO number',
  );
  const definitions = async () => [
    await box.south.rows('SHOW CREATE TABLE linked'),
    await box.south.rows('SHOW CREATE TABLE tagged'),
  ];
  const before = await definitions();
  await box.send('ALTER TABLE parents ADD COLUMN v INT', "INSERT INTO items VALUES (7, 'seven', 'ann')");
  const { run } = await box.receive();
  expect(run('partner')).toMatchObject({ failure: null, pulledCommits: 1 });
  expect(await definitions()).toEqual(before);
  expect(JSON.stringify(before)).toContain('`codes` (`number`)');
});

test('beside an open merge, and conflicts or violations that are not committed, a peer waits and receives nothing', async () => {
  await using folder = await tempFolder();
  const box = await mailbox(
    folder,
    'CREATE TABLE notes (id INT PRIMARY KEY, v INT, FOREIGN KEY (v) REFERENCES items (id))',
    'INSERT INTO notes VALUES (1, 101)',
  );
  await box.send("INSERT INTO items VALUES (7, 'seven', 'ann')");
  const side = ["CALL DOLT_CHECKOUT('-b', 'side')", ...committing('side', ['UPDATE notes SET v = 102'])];
  await box.south.sql(...side, "CALL DOLT_CHECKOUT('main')");
  await box.keep('UPDATE notes SET v = 103');
  await box.south.sql('SET @@dolt_allow_commit_conflicts = 1', "CALL DOLT_MERGE('side')");
  const waits = async (says: string, how: string) =>
    expect((await box.receiveUnchanged()).run('partner').failure).toMatchObject({
      code: 'uncommitted-changes',
      message: expect.stringContaining(`${says}; nothing was merged from the peer, which waits since `),
      hint: expect.stringContaining(how),
    });
  await waits('main has a merge that is not committed', 'dolt merge --abort');
  const unresolved = 'main cannot move beside the uncommitted changes of notes (holds conflicts or violations';
  const cannot = `${unresolved} of constraints, and Dolt cannot move the branch)`;
  const squash = ['SET @@dolt_allow_commit_conflicts = 1', "CALL DOLT_MERGE('--squash', 'side')"];
  await box.south.sql("CALL DOLT_MERGE('--abort')", ...squash);
  await waits(cannot, 'dolt checkout <table>');
  const orphan = ['SET foreign_key_checks = 0', 'INSERT INTO notes VALUES (2, 1)'];
  const verify = ['SET @@dolt_force_transaction_commit = 1', "CALL DOLT_VERIFY_CONSTRAINTS('--all')"];
  await box.south.sql("CALL DOLT_CHECKOUT('notes')", ...orphan, ...verify);
  await waits(cannot, 'dolt checkout <table>');
  await box.south.sql(
    "CALL DOLT_CHECKOUT('notes')",
    'UPDATE notes SET v = 104',
    "CALL DOLT_COMMIT('-A', '-m', 'corrected')",
  );
  expect((await box.receive()).run('partner')).toMatchObject({ failure: null, pulledCommits: 1, pushedCommits: 3 });
});

test('the next run completes one that was killed between the move of the branch and its keys', async () => {
  await using folder = await tempFolder();
  const { north } = await mailbox(folder, ...SEED, CHILD('linked').replace('`k`', '`back`'));
  const [from, to] = [await north.head(), await north.commit('next', "INSERT INTO items VALUES (7, 'seven', 'ann')")];
  await north.sql(`CALL DOLT_RESET('--hard', '${from}')`, CHILD('wisp_a'));
  await north.sql('ALTER TABLE linked DROP FOREIGN KEY back', `CALL DOLT_MERGE('--ff-only', '${to}')`);
  expect(JSON.stringify(await north.rows('SHOW CREATE TABLE wisp_a'))).not.toContain(KEY);
  expect(JSON.stringify(await north.rows('SHOW CREATE TABLE linked'))).toContain('`back` FOREIGN KEY');
  const mark = `dolt-federation-advance/${to}-000000000000/main`;
  await recordMove(north.path, mark, {
    kind: 'advance',
    branch: 'main',
    from,
    to,
    keys: [
      { table: 'dropped', text: KEY },
      { table: 'wisp_a', text: KEY },
      { table: 'wisp_a', text: KEY.replace('`code`', '`gone`') },
    ],
    droppedKeys: [{ table: 'linked', text: KEY.replace('`k`', '`back`') }],
  });
  await north.sql(`CALL DOLT_BRANCH('${mark}', '${from}')`);
  const notices = await withDatabase(north.path, folder.file('tmp'), (database) =>
    finishAdvances(database, database.folder),
  );
  // The other tables may have changed since.
  expect(notices).toMatchObject([
    {
      severity: 'warning',
      code: 'uncommitted-changes',
      message: expect.stringContaining('wisp_a lost an uncommitted'),
    },
  ]);
  expect(JSON.stringify(await north.rows('SHOW CREATE TABLE wisp_a'))).toContain(KEY);
  expect(JSON.stringify(await north.rows('SHOW CREATE TABLE linked'))).not.toContain('FOREIGN KEY');
});

test('uncommitted rows with a VECTOR stay beside other rows of the table that a peer changes', async () => {
  await using folder = await tempFolder();
  const box = await mailbox(folder, 'ALTER TABLE items ADD COLUMN place VECTOR(2)');
  await box.south.sql(
    "INSERT INTO items VALUES (9, 'new', 'sue', STRING_TO_VECTOR('[9, 0.5]'))",
    "UPDATE items SET place = STRING_TO_VECTOR('[1, 1]') WHERE id = 101",
  );
  await box.send("UPDATE items SET title = 'theirs', place = STRING_TO_VECTOR('[2, 2]') WHERE id = 100");
  const { result } = await command(folder, `partner: ${box.url}`, { database: 'south' });
  expect(result.peers).toMatchObject([{ status: 'pulled', pulledCommits: 1 }]);
  expect(
    await box.south.rows('SELECT id, title, VECTOR_TO_STRING(place) AS place FROM items WHERE id < 102 ORDER BY id'),
  ).toEqual([
    { id: 9, title: 'new', place: '[9, 0.5]' },
    { id: 100, title: 'theirs', place: '[2, 2]' },
    { id: 101, title: 'row', place: '[1, 1]' },
  ]);
});

test('a merge that would change an uncommitted row only with the row that it belongs to is not pushed, and other peers are served', async () => {
  await using folder = await tempFolder();
  const tables = [
    'CREATE TABLE parents (id INT PRIMARY KEY, name VARCHAR(9))',
    'CREATE TABLE children (id INT PRIMARY KEY, p INT, note VARCHAR(9), FOREIGN KEY (p) REFERENCES parents (id))',
  ];
  const box = await mailbox(folder, ...tables);
  const second = `file://${folder.file('second')}`;
  await box.north.publish(second);
  const theirs = await box.send("INSERT INTO parents VALUES (5, 'theirs')");
  const head = await box.south.headAfter(
    ...committing('ours', ["INSERT INTO parents VALUES (5, 'ours')", "INSERT INTO children VALUES (50, 5, 'x')"]),
    "UPDATE children SET note = 'dirty'",
  );
  const { result } = await command(folder, `partner: ${box.url}\nsecond: ${second}`, { database: 'south' });
  expect(result.peers).toMatchObject([
    {
      pushedCommits: 0,
      conflicts: [],
      error: {
        code: 'uncommitted-changes',
        message: expect.stringContaining('merging this peer changes children, which'),
      },
    },
    { error: null, verified: true, remoteHead: head },
  ]);
  expect(theirs).toContain(result.peers[0]?.remoteHead ?? 'nothing');
  expect(await box.south.head()).toBe(head);
  expect(await box.south.rows('SELECT note FROM children')).toEqual([{ note: 'dirty' }]);
});
