import { describe, expect, test } from '@jest/globals';
import { groupBy } from '../../src/core/lists.ts';
import { byForce } from '../helpers/attacks.ts';
import { branched } from '../helpers/branched.ts';
import type { TestDatabase } from '../helpers/database.ts';
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
    const sides = branched(folder, ...FULL_TEXT, ...items);
    const before = await sides.edit(
      ["UPDATE items SET title = 'ours'"],
      ["ALTER TABLE items ADD CHECK (title <> 'other')"],
      order,
    );
    const done = await sides.run();
    const { failure } = done.run('south');
    if (order === 'south-first') {
      // The merge starts at the head with the definition, and verifies the rows that differ from it.
      expect(failure).toBeNull();
      return;
    }
    expect(failure).toMatchObject({
      code: 'dolt-defect',
      message: expect.stringContaining('changes the definition of items, because harmless has a FULLTEXT index'),
    });
    expect(done.now).toBe(before);
  },
);

const KEY_LAST = ['CREATE TABLE t (a INT, b INT, id INT PRIMARY KEY)', 'INSERT INTO t (b, id) VALUES (1, 1)'];
const DROP = 'ALTER TABLE t DROP COLUMN a';

test('a column dropped before the key beside a FULLTEXT index comes in, unless rows break a new check', async () => {
  await using folder = await tempFolder();
  const box = await mailbox(folder, ...FULL_TEXT, ...KEY_LAST, 'CREATE TABLE u (id INT PRIMARY KEY, a INT UNIQUE)');
  await box.send(DROP, 'ALTER TABLE t ADD CHECK (b > 0)', 'INSERT INTO t VALUES (2, 2)');
  expect((await box.receive()).run('partner')).toMatchObject({ failure: null, pulledCommits: 1 });
  await box.send(
    'ALTER TABLE t ADD COLUMN n INT',
    "CALL DOLT_COMMIT('-A', '-m', 'column')",
    ...byForce('INSERT INTO u VALUES (1, 7)', 'INSERT INTO u VALUES (2, 7)'),
    'INSERT INTO t VALUES (3, 3, 3)',
  );
  expect((await box.receiveUnchanged()).run('partner').failure).toMatchObject({
    code: 'constraint-violation',
    message: expect.stringContaining('rows of 1 table (u) break'),
  });
});

test('a merge beside a FULLTEXT index that lacks a column before the key of another table is refused', async () => {
  await using folder = await tempFolder();
  const mixed = ['CREATE TABLE p (id INT PRIMARY KEY, n INT)', 'INSERT INTO p VALUES (1, 1), (2, 2)'];
  const sides = branched(folder, ...FULL_TEXT, ...KEY_LAST, ...mixed);
  await sides.edit(['UPDATE p SET n = 9 WHERE id = 1'], [DROP, 'UPDATE p SET n = 9 WHERE id = 2'], 'north-first');
  expect((await sides.run()).run('south').failure).toMatchObject({
    code: 'dolt-defect',
    message: expect.stringContaining('changes the definition of t, because harmless has a FULLTEXT index'),
  });
});

const WORDS = ['alpha', 'beta', 'gamma', 'tenth', 'eleven', 'north', 'south', 'delta'];

/** The rows of each table in which each word is found. */
async function found(
  database: Pick<TestDatabase, 'rows'>,
  ...tables: readonly string[]
): Promise<Record<string, unknown[]>[]> {
  const queries = tables.flatMap((table) =>
    WORDS.map(
      (word) => `SELECT '${table}' AS t, '${word}' AS word, id FROM ${table} WHERE MATCH (a) AGAINST ('${word}')`,
    ),
  );
  const rows = await database.rows(queries.join(' UNION ALL '));
  return tables.map((table) => {
    const byWord = groupBy(
      rows.filter(({ t }) => t === table),
      ({ word }) => String(word),
    );
    return Object.fromEntries([...byWord].map(([word, all]) => [word, all.map(({ id }) => id)]));
  });
}

const TEXTS = [
  "CREATE TABLE t (id INT PRIMARY KEY, a TEXT, FULLTEXT KEY f (a) COMMENT 'it is one')",
  "INSERT INTO t VALUES (1, 'alpha one'), (2, 'beta two')",
  'CREATE TABLE old (id INT PRIMARY KEY, a TEXT, u INT UNIQUE, FULLTEXT KEY f (a))',
  "INSERT INTO old VALUES (1, 'gamma', 1)",
];

describe.each(HASH_ORDERS)('after a merge, MATCH finds the words of both sides (%s)', (order) => {
  test.each<[string, string[], string[], Record<string, number[]>, Record<string, number[]>]>([
    [
      'of one table',
      ["INSERT INTO t VALUES (10, 'tenth')"],
      ["INSERT INTO t VALUES (11, 'eleven')", 'DELETE FROM t WHERE id = 2'],
      { alpha: [1], tenth: [10], eleven: [11] },
      { gamma: [1] },
    ],
    [
      'of a table that one of them changed',
      ["INSERT INTO t VALUES (10, 'tenth')", "UPDATE t SET a = 'north' WHERE id = 1"],
      ['CREATE TABLE x (id INT PRIMARY KEY)'],
      { beta: [2], tenth: [10], north: [1] },
      { gamma: [1] },
    ],
    [
      'of two tables, with a row that loses its unique value',
      [
        "SET @@dolt_committer_date = '2000-01-01T00:00:00Z'",
        "INSERT INTO t VALUES (10, 'tenth')",
        "INSERT INTO old VALUES (3, 'north', 3)",
      ],
      ["UPDATE old SET a = 'delta' WHERE id = 1", "INSERT INTO old VALUES (4, 'south', 3)"],
      { alpha: [1], beta: [2], tenth: [10] },
      { delta: [1], north: [3] },
    ],
  ])('%s', async (_, north, south, inT, inOld) => {
    await using folder = await tempFolder();
    const sides = branched(folder, ...TEXTS);
    await sides.edit(north, south, order);
    // Both make the same commit.
    await sides.merge();
    expect(await found(sides, 't', 'old')).toEqual([inT, inOld]);
  });

  test('of a renamed table, and after the next merge', async () => {
    await using folder = await tempFolder();
    const databases = await twoDatabases(folder, ...TEXTS);
    await databases.edit(
      ['RENAME TABLE old TO v', "INSERT INTO v VALUES (2, 'north', 2)"],
      ["INSERT INTO t VALUES (11, 'eleven')"],
      order,
    );
    for (const local of ['north', 'south'] as const)
      expect((await databases.run(local)).run(local === 'north' ? 'south' : 'north').failure).toBeNull();
    await databases.edit(["INSERT INTO v VALUES (3, 'tenth', 3)"], ["UPDATE v SET a = 'south' WHERE id = 1"], order);
    expect((await databases.run('north')).run('south').failure).toBeNull();
    expect(await found(databases.north, 'v', 't')).toEqual([
      { north: [2], tenth: [3], south: [1] },
      { alpha: [1], beta: [2], eleven: [11] },
    ]);
  });

  test('of an index that one side lacks', async () => {
    await using folder = await tempFolder();
    const plain = ['CREATE TABLE plain (id INT PRIMARY KEY, a TEXT)', "INSERT INTO plain VALUES (1, 'north')"];
    const databases = await twoDatabases(folder, ...TEXTS, ...plain);
    await databases.edit(
      ['ALTER TABLE plain ADD FULLTEXT INDEX p (a)', 'UPDATE old SET u = 2 WHERE id = 1'],
      ["INSERT INTO old VALUES (2, 'south', 3)"],
      order,
    );
    expect((await databases.run('north')).run('south').failure).toBeNull();
    expect(await found(databases.north, 'plain', 'old')).toEqual([{ north: [1] }, { gamma: [1], south: [2] }]);
  });

  test('beside a table without a key whose columns one side reorders, the merge is done or refused by the order', async () => {
    await using folder = await tempFolder();
    const keyless = ['CREATE TABLE k (a VARCHAR(9), b VARCHAR(9))', "INSERT INTO k VALUES ('a', 'b'), ('c', 'd')"];
    const databases = await twoDatabases(folder, ...TEXTS, ...keyless);
    await databases.edit(
      ["INSERT INTO t VALUES (10, 'tenth')"],
      ['ALTER TABLE k MODIFY b VARCHAR(9) FIRST', "INSERT INTO t VALUES (11, 'eleven')"],
      order,
    );
    const { failure } = (await databases.run('north')).run('south');
    if (order === 'south-first') {
      expect(failure).toBeNull();
      expect(await found(databases.north, 't')).toEqual([{ alpha: [1], beta: [2], tenth: [10], eleven: [11] }]);
      return;
    }
    expect(failure).toMatchObject({
      code: 'dolt-defect',
      message: expect.stringContaining('changes the definition of k, because'),
      hint: expect.stringContaining('Make the same change to the definition of k'),
    });
  });
});

test('a merge that Dolt cannot verify beside a new table with a FULLTEXT index is refused with a hint', async () => {
  await using folder = await tempFolder();
  const databases = await twoDatabases(folder, 'CREATE TABLE items (id INT PRIMARY KEY, a INT)');
  await databases.edit(
    [...FULL_TEXT, 'INSERT INTO items VALUES (1, 1)'],
    ['INSERT INTO items VALUES (2, 2)'],
    'south-first',
  );
  expect((await databases.run('north')).run('south').failure).toMatchObject({
    code: 'dolt-defect',
    message: expect.stringContaining('cannot verify a merge, because harmless has a FULLTEXT index'),
    hint: expect.stringContaining('Drop the FULLTEXT index, commit'),
  });
});

test('after merges with two heads at once, MATCH finds the words of all', async () => {
  await using folder = await tempFolder();
  const box = await mailbox(folder, ...TEXTS);
  const other = filePeer('other', folder.file('other-box'));
  const base = await box.north.head();
  await box.send("INSERT INTO t VALUES (10, 'tenth')");
  await box.north.sql(
    `CALL DOLT_RESET('--hard', '${base}')`,
    "INSERT INTO t VALUES (11, 'eleven')",
    "CALL DOLT_COMMIT('-A', '-m', 'other')",
    `CALL DOLT_REMOTE('add', 'other', '${other.endpoint.dolt}')`,
    "CALL DOLT_PUSH('other', 'main')",
  );
  await box.keep("INSERT INTO t VALUES (12, 'south')");
  const done = await box.receive({ others: [other] });
  for (const name of ['partner', 'other']) expect(done.run(name).failure).toBeNull();
  expect(await found(box.south, 't')).toEqual([{ alpha: [1], beta: [2], tenth: [10], eleven: [11], south: [12] }]);
});
