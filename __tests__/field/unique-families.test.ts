import { expect, test } from '@jest/globals';
import { branched } from '../helpers/branched.ts';
import { tempFolder } from '../helpers/temp-folder.ts';
import { HASH_ORDERS } from '../helpers/two-databases.ts';

const OLD_BASE = "SET @@dolt_author_date = '2020-01-01T00:00:00Z', @@dolt_committer_date = '2020-01-01T00:00:00Z'";
const EARLY = "'2020-02-01'";
const LATE = "'2020-03-01'";
const WIDE =
  'CREATE TABLE wide (k VARCHAR(10), n INT, slug VARCHAR(9) UNIQUE, j JSON, bl BLOB, bt BIT(8), f FLOAT, d DOUBLE, c DECIMAL(20,10), p POINT, s SET("a","b"), y YEAR, twice INT GENERATED ALWAYS AS (n * 2) STORED, at TIMESTAMP(6) DEFAULT CURRENT_TIMESTAMP(6) ON UPDATE CURRENT_TIMESTAMP(6), updated_at DATETIME, PRIMARY KEY (k, n), KEY i (n))';
const wide = (n: number, slug: string) =>
  `INSERT INTO wide (k, n, slug, j, bl, bt, f, d, c, p, s, y, at) VALUES ('key', ${n}, '${slug}', '{"a": [1.5, "x"]}', X'00ff', b'101', 0.1, 1e300, 12345.0000000001, POINT(1.5, 2), 'a,b', 2001, '2001-02-03 04:05:06.789012')`;

test.each(HASH_ORDERS)('unique values of deleted, restored, wide or orphaned rows are merged, %s', async (order) => {
  await using folder = await tempFolder();
  const sides = branched(
    folder,
    OLD_BASE,
    'CREATE TABLE gone (id INT PRIMARY KEY, slug VARCHAR(9) UNIQUE, updated_at DATETIME)',
    "INSERT INTO gone VALUES (1, 'a', NULL), (2, 'b', NULL)",
    'CREATE TABLE par (id INT PRIMARY KEY, name VARCHAR(9) UNIQUE)',
    'CREATE TABLE ch (id INT PRIMARY KEY, par INT, FOREIGN KEY (par) REFERENCES par (id))',
    "INSERT INTO par VALUES (1, 'a'), (2, 'b')",
    WIDE,
    wide(1, 'a'),
    wide(2, 'b'),
    wide(3, 'c'),
    'CREATE TABLE tree (id INT PRIMARY KEY, up INT, name VARCHAR(9) UNIQUE, created_at DATETIME, FOREIGN KEY (up) REFERENCES tree (id))',
    'CREATE TABLE orphan (id INT PRIMARY KEY, par INT, n INT, FOREIGN KEY (par) REFERENCES par (id))',
    'SET foreign_key_checks = 0',
    'INSERT INTO orphan VALUES (1, 99, 0), (2, 1, 0), (3, 1, 0)',
    'SET foreign_key_checks = 1',
  );
  await sides.edit(
    [
      'DELETE FROM gone WHERE id = 1',
      `UPDATE gone SET slug = 'x', updated_at = ${LATE} WHERE id = 2`,
      'DELETE FROM par WHERE id = 2',
      "UPDATE par SET name = 'b' WHERE id = 1",
      `UPDATE wide SET slug = 'x', y = 2002, at = at, updated_at = ${EARLY} WHERE n = 1`,
      `UPDATE wide SET slug = 'z', at = at, updated_at = ${EARLY} WHERE n = 3`,
      `INSERT INTO tree VALUES (1, NULL, 'root', ${EARLY})`,
      'UPDATE orphan SET n = 1 WHERE id = 2',
    ],
    [
      `UPDATE gone SET slug = 'x', updated_at = ${EARLY} WHERE id = 1`,
      'INSERT INTO ch VALUES (1, 2)',
      `UPDATE wide SET slug = 'z', at = at, updated_at = ${LATE} WHERE n = 1`,
      `UPDATE wide SET slug = 'x', at = at, updated_at = ${LATE} WHERE n = 2`,
      `INSERT INTO tree VALUES (5, NULL, 'root', ${LATE}), (6, 5, 'leaf', ${LATE}), (7, 6, 'twig', ${LATE})`,
      'UPDATE orphan SET n = 1 WHERE id = 3',
    ],
    order,
  );
  await sides.merge();
  const same = `j = CAST('{"a": [1.5, "x"]}' AS JSON) AND HEX(bl) = '00FF' AND bt + 0 = 5 AND d = 1e300 AND c = 12345.0000000001 AND ST_X(p) = 1.5 AND s = 'a,b' AND at = '2001-02-03 04:05:06.789012'`;
  const [gone, par, wideRows, unchanged, tree, orphan] = await sides.read(
    'SELECT id, slug FROM gone ORDER BY id',
    'SELECT * FROM par ORDER BY id',
    'SELECT n, slug, y, twice FROM wide ORDER BY n',
    `SELECT COUNT(*) AS n FROM wide WHERE ${same}`,
    'SELECT id FROM tree',
    'SELECT id, n FROM orphan ORDER BY id',
  );
  // A change survives the deletion, and its claim was the earlier one.
  expect(gone).toEqual([
    { id: 1, slug: 'x' },
    { id: 2, slug: 'b' },
  ]);
  // The parent is restored with its value, so the row that claimed this value gets its former one back.
  expect(par).toEqual([
    { id: 1, name: 'a' },
    { id: 2, name: 'b' },
  ]);
  expect(wideRows).toEqual([
    { n: 1, slug: 'a', y: 2002, twice: 2 },
    { n: 2, slug: 'x', y: 2001, twice: 4 },
    { n: 3, slug: 'z', y: 2001, twice: 6 },
  ]);
  expect(unchanged).toEqual([{ n: 3 }]);
  expect(tree).toEqual([{ id: 1 }]);
  expect(orphan).toEqual([
    { id: 1, n: 0 },
    { id: 2, n: 1 },
    { id: 3, n: 1 },
  ]);
});

test('a base row that refers to a lost added row needs a person', async () => {
  await using folder = await tempFolder();
  const sides = branched(
    folder,
    OLD_BASE,
    'CREATE TABLE par (id INT PRIMARY KEY, name VARCHAR(9) UNIQUE, created_at DATETIME)',
    'CREATE TABLE ch (id INT PRIMARY KEY, par INT, FOREIGN KEY (par) REFERENCES par (id))',
    'INSERT INTO ch VALUES (1, NULL)',
  );
  await sides.edit(
    [`INSERT INTO par VALUES (1, 'same', ${EARLY})`],
    [`INSERT INTO par VALUES (2, 'same', ${LATE})`, 'UPDATE ch SET par = 2 WHERE id = 1'],
  );
  const { failure, conflicts } = (await sides.run()).run('south');
  expect(failure).toBeNull();
  expect(conflicts.filter(({ left }) => left).map(({ kind, table }) => [kind, table])).toEqual([
    ['duplicate', 'par'],
    ['reference', 'ch'],
  ]);
  expect(await sides.read('SELECT id FROM par', 'SELECT id, par FROM ch')).toEqual([[{ id: 1 }], [{ id: 1 }]]);
});

test('three databases that claim one value for three rows make one commit', async () => {
  await using folder = await tempFolder();
  const sides = branched(
    folder,
    'CREATE TABLE p (id INT PRIMARY KEY, slug VARCHAR(9) UNIQUE, updated_at DATETIME)',
    "INSERT INTO p VALUES (1, 'a', '2020-01-01'), (2, 'b', '2020-01-01'), (3, 'c', '2020-01-01')",
  );
  const claim = (id: number, month: number) => [
    `UPDATE p SET slug = 'x', updated_at = '2020-0${month}-01' WHERE id = ${id}`,
    `UPDATE p SET slug = '${'abc'[id - 1]}' WHERE id = ${(id % 3) + 1}`,
  ];
  await sides.edit(claim(1, 5), { two: claim(2, 4), three: claim(3, 3) });
  await sides.merge();
  const rows = await sides.rows('SELECT id, slug FROM p ORDER BY id');
  expect(rows.map(({ id }) => id)).toEqual([1, 2, 3]);
  expect(new Set(rows.map(({ slug }) => slug)).size).toBe(3);
});
