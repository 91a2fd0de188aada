import { expect, test } from '@jest/globals';
import { filePeer } from '../helpers/federating.ts';
import { mailbox } from '../helpers/mailbox.ts';
import { tempFolder } from '../helpers/temp-folder.ts';
import { HASH_ORDERS, twoDatabases } from '../helpers/two-databases.ts';

const FULL_TEXT = [
  'CREATE TABLE harmless (id INT PRIMARY KEY, body TEXT, FULLTEXT INDEX ft (body))',
  "INSERT INTO harmless VALUES (1, 'a b')",
];
const FAMILY = [
  'CREATE TABLE parents (id INT PRIMARY KEY)',
  'CREATE TABLE children (id INT PRIMARY KEY, parent INT, FOREIGN KEY (parent) REFERENCES parents (id))',
  'INSERT INTO parents VALUES (1), (2)',
];

test('a FULLTEXT index of one peer does not stop a merge with another peer', async () => {
  await using folder = await tempFolder();
  const box = await mailbox(folder);
  await box.send(...FULL_TEXT);
  expect((await box.receive()).run('partner')).toMatchObject({ failure: null, pulledCommits: 1 });
  const other = filePeer('other', folder.file('other-box'));
  await box.north.sql(
    `CALL DOLT_REMOTE('add', 'other', '${other.endpoint.dolt}')`,
    "UPDATE items SET title = 'theirs' WHERE id = 101",
    "CALL DOLT_COMMIT('-A', '-m', 'theirs')",
    "CALL DOLT_PUSH('other', 'main')",
  );
  await box.keep("UPDATE items SET title = 'ours' WHERE id = 102");
  const done = await box.receive({ others: [other] });
  expect(done.run('other')).toMatchObject({ failure: null, verified: true });
  expect(await box.south.rows('SELECT title FROM items WHERE id IN (101, 102) ORDER BY id')).toEqual([
    { title: 'theirs' },
    { title: 'ours' },
  ]);
});

test('a merge beside a FULLTEXT index finds broken foreign keys', async () => {
  await using folder = await tempFolder();
  const box = await mailbox(folder, ...FULL_TEXT, ...FAMILY);
  await box.send('DELETE FROM parents WHERE id = 1');
  await box.keep('INSERT INTO children VALUES (7, 1)');
  expect((await box.receive()).run('partner').failure).toBeNull();
  expect(await box.south.rows('SELECT p.id FROM children c JOIN parents p ON p.id = c.parent')).toEqual([{ id: 1 }]);
});

test.each(HASH_ORDERS)(
  'rows and a definition that the other side lacks, beside a FULLTEXT index, are merged or refused by the order (%s)',
  async (order) => {
    await using folder = await tempFolder();
    const items = ['CREATE TABLE items (id INT PRIMARY KEY, title VARCHAR(20))', "INSERT INTO items VALUES (1, 'one')"];
    const databases = await twoDatabases(folder, ...FULL_TEXT, ...items);
    await databases.edit(
      ["UPDATE items SET title = 'ours'"],
      ["ALTER TABLE items ADD CHECK (title <> 'other')"],
      order,
    );
    const before = await databases.north.head();
    const { failure } = (await databases.run('north')).run('south');
    if (order === 'south-first') {
      // The merge starts at the head with the definition, and verifies the rows that differ from it.
      expect(failure).toBeNull();
      return;
    }
    expect(failure).toMatchObject({
      code: 'dolt-defect',
      message: expect.stringContaining('changes the definition of items, because harmless has a FULLTEXT index'),
    });
    expect(await databases.north.head()).toBe(before);
  },
);
