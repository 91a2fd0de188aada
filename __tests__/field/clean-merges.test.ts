import { describe, expect, test } from '@jest/globals';
import { tempFolder } from '../helpers/temp-folder.ts';
import { HASH_ORDERS, type TwoDatabases, twoDatabases } from '../helpers/two-databases.ts';

const TABLE = [
  'CREATE TABLE t (id INT PRIMARY KEY, a INT, c INT, UNIQUE KEY u (c), KEY a (a), CONSTRAINT ck CHECK (a > 0))',
  'INSERT INTO t VALUES (1, 1, 1)',
];

async function refused(databases: TwoDatabases): Promise<{ readonly code: string; readonly text: string }> {
  const before = [await databases.north.head(), await databases.south.head()];
  const failures = [
    (await databases.run('north')).run('south').failure,
    (await databases.run('south')).run('north').failure,
  ];
  expect([await databases.north.head(), await databases.south.head()]).toEqual(before);
  expect(failures[0]?.code).toBe(failures[1]?.code);
  return { code: failures[0]?.code ?? '', text: `${failures[0]?.message ?? ''}\n${failures[0]?.hint ?? ''}` };
}

async function merged(databases: TwoDatabases): Promise<string> {
  const inNorth = await databases.run('north');
  const inSouth = await databases.run('south');
  expect(inNorth.run('south').failure).toBeNull();
  expect(inSouth.head).toBe(inNorth.head);
  const [row] = await databases.north.rows('SHOW CREATE TABLE t');
  return String(row?.['Create Table']);
}

describe.each(HASH_ORDERS)('the schema of a clean merge, %s', (order) => {
  test.each([
    'seen DATETIME(6) DEFAULT CURRENT_TIMESTAMP(6)',
    // Dolt 2.3.0 cannot merge this one at all, and says so without naming it.
    'seen DATETIME DEFAULT CURRENT_TIMESTAMP',
    'seen CHAR(36) DEFAULT (UUID())',
  ])('a computed default beside new rows of the other side: %s', async (column) => {
    await using folder = await tempFolder();
    const databases = await twoDatabases(folder, ...TABLE);
    await databases.edit([`ALTER TABLE t ADD COLUMN ${column}`], ['INSERT INTO t VALUES (2, 2, 2)'], order);
    const { code, text } = await refused(databases);
    expect(code).toBe('not-deterministic');
    expect(text).toContain('column seen of t');
    expect(text).toContain('ALTER TABLE t ADD COLUMN `seen`');
  });

  test('an index that a new column tag removed is refused', async () => {
    await using folder = await tempFolder();
    const dated = ["ALTER TABLE t ADD COLUMN d DATE NOT NULL DEFAULT '2021-02-03'"];
    const databases = await twoDatabases(folder, ...TABLE, ...dated);
    await databases.edit(
      ['INSERT INTO t VALUES (2, 2, 2, DEFAULT)'],
      // Dolt 2.3.0 lists no changes of columns beside such a row: it takes the key for a date.
      ['ALTER TABLE t CHANGE COLUMN d e DATE', 'UPDATE t SET id = -5', "CALL DOLT_UPDATE_COLUMN_TAG('t', 'c', 202)"],
      order,
    );
    const { code, text } = await refused(databases);
    expect(code).toBe('schema-conflict');
    expect(text).toContain('index u');
    expect(text).toContain('check ck');
  });

  test('a column dropped before a key of another type is refused', async () => {
    await using folder = await tempFolder();
    const databases = await twoDatabases(
      folder,
      'CREATE TABLE t (a INT, id INT PRIMARY KEY)',
      'INSERT INTO t VALUES (1, 1)',
    );
    await databases.edit(['ALTER TABLE t DROP COLUMN a'], ['ALTER TABLE t MODIFY id DECIMAL(30, 0) NOT NULL'], order);
    const { failure } = (await databases.run('north')).run('south');
    expect(failure?.code).toBe(order === 'north-first' ? 'schema-conflict' : 'dolt-defect');
  });
});

test('a default with the same value on every machine, or that no row uses, is merged', async () => {
  await using folder = await tempFolder();
  const databases = await twoDatabases(
    folder,
    ...TABLE,
    'CREATE TABLE e (id INT PRIMARY KEY)',
    'INSERT INTO e VALUES (1)',
  );
  await databases.edit(
    [
      "ALTER TABLE t ADD COLUMN n INT DEFAULT (a + 1), ADD COLUMN s VARCHAR(20) DEFAULT 'now()'",
      'ALTER TABLE e ADD COLUMN seen DATETIME(6) DEFAULT CURRENT_TIMESTAMP(6)',
    ],
    ['INSERT INTO t VALUES (2, 2, 2)', 'INSERT INTO t VALUES (3, 3, 3)', 'UPDATE t SET a = 9 WHERE id = 1'],
  );
  await merged(databases);
  expect(await databases.north.rows('SELECT id, n, s FROM t ORDER BY id')).toEqual([
    { id: 1, n: 2, s: 'now()' },
    { id: 2, n: 3, s: 'now()' },
    { id: 3, n: 4, s: 'now()' },
  ]);
});

test('the same ALTER on both sides, as in the hint, lets the rows merge', async () => {
  await using folder = await tempFolder();
  const databases = await twoDatabases(folder, ...TABLE);
  const alter = 'ALTER TABLE t ADD COLUMN seen DATETIME(6) DEFAULT CURRENT_TIMESTAMP(6)';
  await databases.edit([alter], ['INSERT INTO t VALUES (2, 2, 2)', alter]);
  expect(await merged(databases)).toContain('`seen`');
});

test('an index, a check, a column and a key of either side are merged with the changes of both', async () => {
  await using folder = await tempFolder();
  const databases = await twoDatabases(
    folder,
    ...TABLE,
    'CREATE TABLE par (id INT PRIMARY KEY)',
    'CREATE VIEW v AS SELECT 1',
  );
  await databases.edit(
    [
      'ALTER TABLE t DROP INDEX a',
      'ALTER TABLE t ADD COLUMN n VARCHAR(9) DEFAULT "a, b"',
      'INSERT INTO t (id, a, c) VALUES (5, 5, 5)',
    ],
    [
      'ALTER TABLE t DROP CONSTRAINT ck',
      'ALTER TABLE t ADD KEY ac (a, c)',
      'ALTER TABLE t ADD COLUMN par INT, ADD CONSTRAINT fk FOREIGN KEY (par) REFERENCES par (id)',
      'INSERT INTO t (id, a, c) VALUES (6, 6, 6)',
      'DROP VIEW v',
      'CREATE VIEW w AS SELECT 2',
    ],
  );
  const text = await merged(databases);
  expect(text).toContain('UNIQUE KEY `u`');
  expect(text).toContain('KEY `ac`');
  expect(text).toContain('CONSTRAINT `fk`');
  expect(text).not.toContain('KEY `a`');
  expect(text).not.toContain('ck');
  expect(await databases.north.rows('SELECT id FROM t ORDER BY id')).toEqual([{ id: 1 }, { id: 5 }, { id: 6 }]);
});
