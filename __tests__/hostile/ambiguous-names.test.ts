import { readdir } from 'node:fs/promises';
import { expect, test } from '@jest/globals';
import { command } from '../helpers/commanding.ts';
import { cloneDatabase, makeDatabase } from '../helpers/database.ts';
import { federateDatabase, filePeer } from '../helpers/federating.ts';
import { mailbox } from '../helpers/mailbox.ts';
import { tempFolder } from '../helpers/temp-folder.ts';
import { failureOf } from '../helpers/thrown.ts';

test('a tag with the hash of a later commit as its name does not hide that commit from the check', async () => {
  await using folder = await tempFolder();
  const { north } = await mailbox(folder, "INSERT INTO dolt_ignore VALUES ('private%', true)");
  await north.sql(
    'CREATE TABLE private_notes (id INT PRIMARY KEY)',
    "CALL DOLT_ADD('-f', 'private_notes')",
    "CALL DOLT_COMMIT('-A', '-m', 'theirs')",
    "CALL DOLT_TAG('harmless', 'HEAD~1')",
  );
  const theirs = await north.head();
  await north.sql(`CALL DOLT_PUSH('mailbox', 'refs/tags/harmless:refs/tags/${theirs}')`);
  const local = await cloneDatabase(`file://${folder.file('mailbox')}`, folder.file('local'));
  expect(await local.rows('SELECT tag_name FROM dolt_tags')).toContainEqual({ tag_name: theirs });
  const before = await local.head();
  await north.sql("CALL DOLT_PUSH('mailbox', 'main')");
  const peers = [filePeer('partner', folder.file('mailbox'))];
  const done = await federateDatabase({ local: local.path, tempDir: folder.file('tmp'), peers });
  expect(done.run('partner').failure).toMatchObject({
    code: 'not-comparable',
    message: expect.stringContaining(`a branch or tag has the hash of a commit as its name: ${theirs}`),
  });
  expect(await local.head()).toBe(before);
});

test('tables whose names differ only in case are blocked, whether from a peer or from the merge', async () => {
  await using folder = await tempFolder();
  const box = await mailbox(folder);
  const upperCase = 'CREATE TABLE Notes (id INT PRIMARY KEY, n INT DEFAULT (SLEEP(0)))';
  await box.sendMerge([['CREATE TABLE notes (id INT PRIMARY KEY)'], [upperCase]]);
  const held = await box.receiveUnchanged();
  expect(held.run('partner').failure).toMatchObject({
    code: 'schema-conflict',
    message: 'two tables have the name notes in different cases',
  });
});

test.each([
  ['.', 'a reset of it would reset every table'],
  ['--theirs', 'it is an option of Dolt'],
  ['--', 'it ends the options of Dolt'],
])('a table named `%s` is blocked, because %s', async (name) => {
  await using folder = await tempFolder();
  const box = await mailbox(folder, `CREATE TABLE \`${name}\` (id INT PRIMARY KEY, v INT UNIQUE)`);
  await box.send(`INSERT INTO \`${name}\` VALUES (1, 1)`);
  await box.south.sql("UPDATE items SET title = 'mine' WHERE id = 100", `INSERT INTO \`${name}\` VALUES (2, 1)`);
  const held = await box.receiveUnchanged({ options: { dirty: [name, 'items'] } });
  expect(held.run('partner').failure).toMatchObject({
    code: 'schema-conflict',
    message: expect.stringContaining(`\`${name}\``),
  });
  expect(await box.south.rows('SELECT title FROM items WHERE id = 100')).toEqual([{ title: 'mine' }]);
});

test('a merge that would create two such tables is refused', async () => {
  await using folder = await tempFolder();
  const box = await mailbox(folder);
  await box.send('CREATE TABLE Tasks (id INT PRIMARY KEY)', 'INSERT INTO Tasks VALUES (1)');
  await box.keep('CREATE TABLE tasks (id INT PRIMARY KEY, title TEXT)', "INSERT INTO tasks VALUES (2, 'ours')");
  const held = await box.receiveUnchanged();
  expect(held.run('partner').failure).not.toBeNull();
});

test.each(['DOLT_BRANCH', 'DOLT_TAG'])(
  'uncommitted rows of a table are moved to a scratch branch even if %s uses its name',
  async (procedure) => {
    await using folder = await tempFolder();
    const box = await mailbox(folder);
    await box.send("UPDATE items SET title = 'theirs' WHERE id = 100");
    await box.south.sql(`CALL ${procedure}('items')`, "UPDATE items SET title = 'uncommitted' WHERE id = 101");
    const done = await box.receive({ options: { dirty: ['items'] } });
    expect(done.run('partner')).toMatchObject({ failure: null, pulledCommits: 1 });
    expect(await box.south.rows('SELECT title FROM items WHERE id IN (100, 101) ORDER BY id')).toEqual([
      { title: 'theirs' },
      { title: 'uncommitted' },
    ]);
  },
);

test('a tag with the name of our branch stops a run with the command that removes the tag', async () => {
  await using folder = await tempFolder();
  const box = await mailbox(folder);
  await box.send("UPDATE items SET title = 'theirs' WHERE id = 100");
  await box.south.dolt('tag', 'main', 'HEAD');
  expect(await failureOf(() => box.receive({ options: { dirty: ['items'] } }))).toMatchObject({
    code: 'tag-conflict',
    message: 'a tag has the name of the branch main, so this Dolt cannot check it out',
    hint: expect.stringContaining("CALL DOLT_TAG('-d', 'main')"),
  });
  await box.south.sql("CALL DOLT_TAG('-d', 'main')");
  expect((await box.receive()).run('partner').failure).toBeNull();
});

test.each(['heads/main', 'tags/v1', 'remotes/mailbox/main'])(
  'nothing is sent from a branch %s that is checked out, because Dolt reads another ref',
  async (branch) => {
    await using folder = await tempFolder();
    const local = await makeDatabase(folder.file('local'));
    await local.sql(`CALL DOLT_BRANCH('${branch}')`, "CALL DOLT_TAG('v1')");
    await local.dolt('checkout', branch);
    expect(await failureOf(() => command(folder, `box: file://${folder.file('box')}`))).toMatchObject({
      code: 'config-invalid',
      message: expect.stringContaining(`the branch name "${branch}" starts with`),
      hint: expect.stringContaining('dolt branch -m'),
    });
    expect(await readdir(folder.path)).not.toContain('box');
  },
);

const DOCUMENTS = Array.from({ length: 40 }, (_, id) => `('q${id}', 1, 'n', 'SELECT 1', 'd')`).join();

test.each([
  ['rows are deleted', ['DELETE FROM dolt_query_catalog'], 'partner deletes 40 of the 40 rows of dolt_query_catalog'],
  ['the table is dropped', ['DROP TABLE dolt_query_catalog'], 'partner drops 1 table (dolt_query_catalog)'],
])('rows of users in tables of Dolt count: %s', async (_, sends, says) => {
  await using folder = await tempFolder();
  const box = await mailbox(folder, `INSERT INTO dolt_query_catalog VALUES ${DOCUMENTS}`);
  await box.send(...sends);
  const held = await box.receiveUnchanged();
  expect(held.run('partner').failure).toMatchObject({
    code: 'mass-deletion',
    message: expect.stringContaining(says),
  });
  expect((await box.receive({ accept: ['deletion'] })).run('partner').failure).toBeNull();
});
