import { expect, test } from '@jest/globals';
import { HASH_ORDERS } from '../../helpers/two-databases.ts';
import { twoBranches } from '../../helpers/workshop.ts';

const STORED = "g VARCHAR(20) AS (CONCAT(v, '!')) STORED";
const MADE = [
  // Each side adds a column beside a STORED one that both have.
  `CREATE TABLE both_add (id INT PRIMARY KEY, v INT, ${STORED})`,
  'INSERT INTO both_add (id, v) VALUES (1, 10), (2, 20), (3, 30)',
  // One side adds a STORED column, the other an ordinary one.
  'CREATE TABLE one_stored (id INT PRIMARY KEY, v INT)',
  'INSERT INTO one_stored VALUES (1, 10), (2, 20), (3, 30)',
  // One side adds and fills a column, the other changes rows; unique values change as well.
  `CREATE TABLE filled (id INT PRIMARY KEY, v INT, u INT UNIQUE, ${STORED})`,
  'INSERT INTO filled (id, v, u) VALUES (1, 10, 1), (2, 20, 2), (3, 30, 3)',
  // A NULL that Dolt makes a document, beside a row in conflict.
  'CREATE TABLE documents (id INT PRIMARY KEY, a VARCHAR(20), b VARCHAR(20), c JSON)',
  "INSERT INTO documents (id, a, b) VALUES (1, 'a', 'b'), (2, 'a', 'b'), (3, 'a', 'b')",
];
const NORTH = [
  'ALTER TABLE both_add ADD x INT',
  'UPDATE both_add SET x = id',
  'ALTER TABLE one_stored ADD n VARCHAR(20)',
  "UPDATE one_stored SET n = CONCAT('n', id)",
  'UPDATE filled SET v = 11, u = 11 WHERE id = 1',
  'CREATE INDEX f ON documents (b, (LOWER(a)))',
  "UPDATE documents SET a = 'north' WHERE id = 1",
  "UPDATE documents SET b = 'both' WHERE id = 3",
];
const SOUTH = [
  'ALTER TABLE both_add ADD y INT',
  'UPDATE both_add SET y = 100 * id',
  `ALTER TABLE one_stored ADD ${STORED}`,
  'ALTER TABLE filled ADD y INT',
  'UPDATE filled SET y = 100 * id',
  "UPDATE documents SET b = 'south' WHERE id = 2",
  "UPDATE documents SET b = 'both', a = 'south' WHERE id = 3",
];

test.each(HASH_ORDERS)('cells that Dolt puts into other columns or types are corrected: %s', async (order) => {
  const databases = await twoBranches(...MADE);
  await databases.edit(NORTH, SOUTH, order);
  const { failure, conflicts } = (await databases.run('north')).run('south');
  expect({ failure, conflicts }).toEqual({ failure: null, conflicts: [] });
  expect(await databases.north.rows('SELECT id, v, g, x, y FROM both_add')).toEqual(
    [1, 2, 3].map((id) => ({ id, v: 10 * id, g: `${10 * id}!`, x: id, y: 100 * id })),
  );
  expect(await databases.north.rows('SELECT id, v, g, n FROM one_stored')).toEqual(
    [1, 2, 3].map((id) => ({ id, v: 10 * id, g: `${10 * id}!`, n: `n${id}` })),
  );
  expect(await databases.north.rows('SELECT id, v, u, g, y FROM filled ORDER BY id')).toEqual([
    { id: 1, v: 11, u: 11, g: '11!', y: 100 },
    { id: 2, v: 20, u: 2, g: '20!', y: 200 },
    { id: 3, v: 30, u: 3, g: '30!', y: 300 },
  ]);
  expect(await databases.north.rows('SELECT id, a, b, c IS NULL AS none FROM documents')).toEqual([
    { id: 1, a: 'north', b: 'b', none: 1 },
    { id: 2, a: 'a', b: 'south', none: 1 },
    { id: 3, a: 'south', b: 'both', none: 1 },
  ]);
  expect(await databases.north.rows('SELECT id FROM both_add WHERE g = "20!"')).toEqual([{ id: 2 }]);
});

test.each(HASH_ORDERS)('both sides gave an ENUM another type: %s', async (order) => {
  const types = { list: "ENUM('q', 'a', 'b', 'B c')", text: 'VARCHAR(9)' };
  const names = Object.keys(types);
  const databases = await twoBranches(
    ...names.flatMap((table) => [
      `CREATE TABLE ${table} (id INT PRIMARY KEY, e ENUM('a', 'b', 'B c', '2'), n INT)`,
      `INSERT INTO ${table} VALUES (1, 'b', 0), (2, 'b', 0), (3, 'b', 0), (4, 'b', 0), (5, 'B c', 0)`,
    ]),
  );
  const alter = Object.entries(types).map(([table, type]) => `ALTER TABLE ${table} MODIFY e ${type}`);
  // Dolt takes the number 2 of the base for the new value 2.
  const value = (table: string): string => (table === 'list' ? 'a' : '2');
  const edit = (statements: (table: string) => readonly string[]) => [...alter, ...names.flatMap(statements)];
  await databases.edit(
    edit((table) => [
      `UPDATE ${table} SET e = '${value(table)}' WHERE id = 1`,
      `UPDATE ${table} SET n = 3 WHERE id = 3`,
      `UPDATE ${table} SET n = 5 WHERE id = 5`,
    ]),
    edit((table) => [
      `UPDATE ${table} SET e = '${value(table)}' WHERE id = 2`,
      `UPDATE ${table} SET e = '${value(table)}' WHERE id = 3`,
      `DELETE FROM ${table} WHERE id = 4`,
    ]),
    order,
  );
  const { failure, conflicts } = (await databases.run('north')).run('south');
  expect({ failure, conflicts }).toEqual({ failure: null, conflicts: [] });
  for (const table of names) {
    expect(await databases.north.rows(`SELECT * FROM ${table} ORDER BY id`)).toEqual([
      { id: 1, e: value(table), n: 0 },
      { id: 2, e: value(table), n: 0 },
      { id: 3, e: value(table), n: 3 },
      { id: 5, e: 'B c', n: 5 },
    ]);
  }
});

test.each(['newest', 'ours'] as const)(
  'a default and a type that both sides gave are no changes of a cell: %s',
  async (strategy) => {
    const databases = await twoBranches(
      'CREATE TABLE t (id INT PRIMARY KEY, n VARCHAR(9), d DECIMAL(10, 2))',
      "INSERT INTO t VALUES (1, 'n', 1.5), (2, 'n', 1.5), (3, 'n', 1.5)",
    );
    // The default is greater than the edited values.
    const alter = [
      "ALTER TABLE t ADD p VARCHAR(9) DEFAULT 'none', ADD q INT",
      'ALTER TABLE t MODIFY d DECIMAL(10, 4)',
      "ALTER TABLE t ADD s SET('a', 'b') DEFAULT 'b', ADD f BIT(3) DEFAULT b'11', ADD x VARBINARY(4) DEFAULT 'xx'",
    ];
    await databases.edit(
      [...alter, "UPDATE t SET p = 'north' WHERE id = 1", "UPDATE t SET n = 'north' WHERE id = 3"],
      [
        ...alter,
        "UPDATE t SET p = 'edited' WHERE id = 2",
        "UPDATE t SET n = 'a', p = 'a', q = 1, d = 0.5, s = 'a', f = 1, x = 'a' WHERE id = 3",
      ],
    );
    const { failure, conflicts } = (await databases.run('north', { strategy })).run('south');
    expect(failure).toBeNull();
    expect(conflicts).toMatchObject([{ key: { id: '3' }, columns: ['n'] }]);
    expect(await databases.north.rows('SELECT id, d, p, q FROM t ORDER BY id')).toEqual([
      { id: 1, d: '1.5000', p: 'north' },
      { id: 2, d: '1.5000', p: 'edited' },
      { id: 3, d: '0.5000', p: 'a', q: 1 },
    ]);
    expect(await databases.north.rows('SELECT s, HEX(f) AS f, HEX(x) AS x FROM t WHERE id = 3')).toEqual([
      { s: 'a', f: '1', x: '61' },
    ]);
  },
);

test('cells of a table whose triggers a correction would fire are not merged', async () => {
  const watch = 'CREATE TRIGGER watch BEFORE INSERT ON both_add FOR EACH ROW SET @seen = 1';
  const databases = await twoBranches(...MADE.slice(0, 2), watch);
  await databases.edit(NORTH.slice(0, 2), SOUTH.slice(0, 2));
  const before = await databases.north.head();
  const { failure } = (await databases.run('north')).run('south');
  expect(failure).toMatchObject({ code: 'constraint-violation' });
  expect(failure?.message).toContain('would fire the triggers');
  expect(await databases.north.head()).toBe(before);
});

test('more than 10,000 rows with such cells are not merged', async () => {
  const numbers = Array.from({ length: 101 }, (_, id) => `(${id})`).join(', ');
  const databases = await twoBranches(
    'CREATE TABLE numbers (n INT PRIMARY KEY)',
    `INSERT INTO numbers VALUES ${numbers}`,
    `CREATE TABLE both_add (id INT PRIMARY KEY, v INT, ${STORED})`,
    'INSERT INTO both_add (id, v) SELECT a.n * 101 + b.n, b.n FROM numbers a JOIN numbers b',
  );
  await databases.edit(NORTH.slice(0, 2), SOUTH.slice(0, 2));
  const before = await databases.north.head();
  const { failure } = (await databases.run('north')).run('south');
  expect(failure).toMatchObject({ code: 'dolt-defect' });
  expect(failure?.message).toContain('would give a row of both_add a value that neither side has');
  expect(await databases.north.head()).toBe(before);
});

test.each(HASH_ORDERS)('a renamed column merges, and one with another type is refused (%s)', async (order) => {
  const databases = await twoBranches(
    'CREATE TABLE t (id INT PRIMARY KEY, a VARCHAR(20), b VARCHAR(20))',
    "INSERT INTO t VALUES (1, 'a', 'b'), (2, 'a', 'b'), (3, 'a', 'b')",
  );
  await databases.edit(
    ['ALTER TABLE t RENAME COLUMN b TO z', "UPDATE t SET a = 'north' WHERE id = 1"],
    ["UPDATE t SET b = 'south' WHERE id = 2"],
    order,
  );
  const inNorth = await databases.run('north');
  expect(inNorth.run('south').failure).toBeNull();
  expect((await databases.run('south')).head).toBe(inNorth.head);
  const rows = [
    { id: 1, a: 'north', z: 'b' },
    { id: 2, a: 'a', z: 'south' },
    { id: 3, a: 'a', z: 'b' },
  ];
  expect(await databases.south.rows('SELECT * FROM t ORDER BY id')).toEqual(rows);

  await databases.edit(
    ['ALTER TABLE t CHANGE COLUMN z zz TEXT', "UPDATE t SET zz = 'north' WHERE id = 1"],
    ["UPDATE t SET z = 'later' WHERE id = 2"],
    order,
  );
  for (const local of ['north', 'south'] as const) {
    const { failure } = (await databases.run(local)).run(local === 'north' ? 'south' : 'north');
    expect(failure).toMatchObject({ code: 'dolt-defect', message: expect.stringContaining('column z of t to zz') });
  }
  expect(await databases.south.rows('SELECT z FROM t WHERE id = 2')).toEqual([{ z: 'later' }]);
});
