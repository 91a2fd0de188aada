import { describe, expect, test } from '@jest/globals';
import type { Failure } from '../../src/core/failure.ts';
import { type Branched, branched } from '../helpers/branched.ts';
import { tempFolder } from '../helpers/temp-folder.ts';
import { HASH_ORDERS } from '../helpers/two-databases.ts';

const tableOf = (name: string): string[] => [
  `CREATE TABLE ${name} (id INT PRIMARY KEY, a INT, c INT, UNIQUE KEY u (c), KEY a (a), CONSTRAINT ck_${name} CHECK (a > 0))`,
  `INSERT INTO ${name} VALUES (1, 1, 1)`,
];
const TABLE = tableOf('t');

/** New columns with defaults that no two machines compute alike, or that Dolt 2.3.0 misreads, by table. */
const COMPUTED = {
  microseconds: 'seen DATETIME(6) DEFAULT CURRENT_TIMESTAMP(6)',
  // Dolt 2.3.0 cannot merge this one at all, and says so without naming it.
  seconds: 'seen DATETIME DEFAULT CURRENT_TIMESTAMP',
  uuid: 'seen CHAR(36) DEFAULT (UUID())',
  // It takes the text `0x6162` for the value of this one.
  bytes: "seen VARBINARY(9) DEFAULT 'ab'",
};

async function definitionOf(sides: Branched): Promise<string> {
  await sides.merge();
  const [row] = await sides.rows('SHOW CREATE TABLE t');
  return String(row?.['Create Table']);
}

describe.each(HASH_ORDERS)('the schema of a clean merge, %s', (order) => {
  test('a computed or misread default beside new rows of the other side is refused on both sides', async () => {
    await using folder = await tempFolder();
    const tables = Object.keys(COMPUTED);
    const sides = branched(folder, ...tables.flatMap(tableOf));
    await sides.edit(
      Object.entries(COMPUTED).map(([table, column]) => `ALTER TABLE ${table} ADD COLUMN ${column}`),
      Object.fromEntries(tables.map((table) => [table, [`INSERT INTO ${table} VALUES (2, 2, 2)`]])),
      order,
    );
    const refused = await sides.refused();
    for (const table of tables) {
      const text = (failure: Failure | null) => [table, failure?.code, `${failure?.message}\n${failure?.hint}`];
      const isMisread = table === 'bytes';
      const help = isMisread ? 'Add the column' : `ALTER TABLE ${table} ADD COLUMN \`seen\``;
      const expected = [
        ...[table, isMisread ? 'dolt-defect' : 'not-deterministic'],
        expect.stringMatching(`column seen of ${table}[\\s\\S]*${help}`),
      ];
      expect(refused.get(table)?.map(text)).toEqual([expected, expected]);
      const names = (failure: Failure | null) => `${failure?.withoutValues}\n${failure?.hint}`;
      for (const failure of refused.get(table) ?? []) expect(names(failure)).not.toContain('ALTER TABLE');
    }
  });

  test('an index that a new column tag removed is refused', async () => {
    await using folder = await tempFolder();
    const dated = ["ALTER TABLE t ADD COLUMN d DATE NOT NULL DEFAULT '2021-02-03'"];
    const sides = branched(folder, ...TABLE, ...dated);
    await sides.edit(
      ['INSERT INTO t VALUES (2, 2, 2, DEFAULT)'],
      // Dolt 2.3.0 lists no changes of columns beside such a row: it takes the key for a date.
      ['ALTER TABLE t CHANGE COLUMN d e DATE', 'UPDATE t SET id = -5', "CALL DOLT_UPDATE_COLUMN_TAG('t', 'c', 202)"],
      order,
    );
    const failures = (await sides.refused()).get('south') ?? [];
    expect(failures.map((failure) => failure?.code)).toEqual(['schema-conflict', 'schema-conflict']);
    expect(failures[0]?.message).toContain('index u');
    expect(failures[0]?.message).toContain('check ck_t');
  });

  test('a column dropped before a key of another type is refused', async () => {
    await using folder = await tempFolder();
    const sides = branched(folder, 'CREATE TABLE t (a INT, id INT PRIMARY KEY)', 'INSERT INTO t VALUES (1, 1)');
    await sides.edit(['ALTER TABLE t DROP COLUMN a'], ['ALTER TABLE t MODIFY id DECIMAL(30, 0) NOT NULL'], order);
    const { failure } = (await sides.run()).run('south');
    expect(failure?.code).toBe(order === 'north-first' ? 'schema-conflict' : 'dolt-defect');
  });
});

test('a default with the same value on every machine, or that no row uses, is merged', async () => {
  await using folder = await tempFolder();
  const sides = branched(folder, ...TABLE, 'CREATE TABLE e (id INT PRIMARY KEY)', 'INSERT INTO e VALUES (1)');
  await sides.edit(
    [
      "ALTER TABLE t ADD COLUMN n INT DEFAULT (a + 1), ADD COLUMN s VARCHAR(20) DEFAULT 'now()'",
      'ALTER TABLE e ADD COLUMN seen DATETIME(6) DEFAULT CURRENT_TIMESTAMP(6)',
    ],
    ['INSERT INTO t VALUES (2, 2, 2)', 'INSERT INTO t VALUES (3, 3, 3)', 'UPDATE t SET a = 9 WHERE id = 1'],
  );
  await sides.merge();
  expect(await sides.rows('SELECT id, n, s FROM t ORDER BY id')).toEqual([
    { id: 1, n: 2, s: 'now()' },
    { id: 2, n: 3, s: 'now()' },
    { id: 3, n: 4, s: 'now()' },
  ]);
});

test('the same ALTER on both sides, as in the hint, lets the rows merge', async () => {
  await using folder = await tempFolder();
  const sides = branched(folder, ...TABLE);
  const alter = 'ALTER TABLE t ADD COLUMN seen DATETIME(6) DEFAULT CURRENT_TIMESTAMP(6)';
  await sides.edit([alter], ['INSERT INTO t VALUES (2, 2, 2)', alter]);
  expect(await definitionOf(sides)).toContain('`seen`');
});

test('an index, a check, a column and a key of either side are merged with the changes of both', async () => {
  await using folder = await tempFolder();
  const sides = branched(folder, ...TABLE, 'CREATE TABLE par (id INT PRIMARY KEY)', 'CREATE VIEW v AS SELECT 1');
  await sides.edit(
    [
      'ALTER TABLE t DROP INDEX a',
      'ALTER TABLE t ADD COLUMN n VARCHAR(9) DEFAULT "a, b"',
      'INSERT INTO t (id, a, c) VALUES (5, 5, 5)',
    ],
    [
      'ALTER TABLE t DROP CONSTRAINT ck_t',
      'ALTER TABLE t ADD KEY ac (a, c)',
      'ALTER TABLE t ADD COLUMN par INT, ADD CONSTRAINT fk FOREIGN KEY (par) REFERENCES par (id)',
      'INSERT INTO t (id, a, c) VALUES (6, 6, 6)',
      'DROP VIEW v',
      'CREATE VIEW w AS SELECT 2',
    ],
  );
  const text = await definitionOf(sides);
  expect(text).toContain('UNIQUE KEY `u`');
  expect(text).toContain('KEY `ac`');
  expect(text).toContain('CONSTRAINT `fk`');
  expect(text).not.toContain('KEY `a`');
  expect(text).not.toContain('ck');
  expect(await sides.rows('SELECT id FROM t ORDER BY id')).toEqual([{ id: 1 }, { id: 5 }, { id: 6 }]);
});
