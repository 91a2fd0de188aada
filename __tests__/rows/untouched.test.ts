import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { ConflictStrategy } from '../../src/contract/vocabulary.ts';
import { type Pairs, pairs } from '../helpers/pairs.ts';
import { type TempFolder, tempFolder } from '../helpers/temp-folder.ts';
import { twoDatabases } from '../helpers/two-databases.ts';

/** The state that a refused merge must not change. */
const STATE = [
  'SELECT name, hash FROM dolt_branches ORDER BY name',
  'SELECT * FROM dolt_status',
  'SELECT is_merging FROM dolt_merge_status',
  'SELECT * FROM dolt_conflicts',
  'SELECT * FROM dolt_constraint_violations',
  'SELECT * FROM wisps',
];

interface Refusal {
  readonly title: string;
  readonly base?: readonly string[];
  readonly north: readonly string[];
  readonly south: readonly string[];
  readonly strategy?: ConflictStrategy;
  readonly code: string;
  readonly says: readonly string[];
  /** The part of the message for readers who may see counts only. */
  readonly names?: string;
  readonly rows?: readonly object[];
}

const LOG = 'CREATE TABLE log (n INT PRIMARY KEY AUTO_INCREMENT)';

const RETAKEN = ['RENAME TABLE g TO h', 'CREATE TABLE g (k INT PRIMARY KEY, x TEXT)'];
const EXCHANGED = ['RENAME TABLE g TO x', 'RENAME TABLE h TO g', 'RENAME TABLE x TO h'];

const REFUSALS: readonly Refusal[] = [
  {
    title: 'a conflict under manual',
    north: ["UPDATE t SET a = 'N' WHERE id = 1"],
    south: ["UPDATE t SET a = 'S' WHERE id = 1", 'DELETE FROM t WHERE id = 2', "INSERT INTO t VALUES (5, 's', 1)"],
    strategy: 'manual',
    code: 'conflict',
    says: ['t', 'manual'],
    rows: [{ kind: 'changed', key: { id: '1' }, base: { a: 'one' }, ours: { a: 'N' }, theirs: { a: 'S' }, left: true }],
  },
  {
    title: 'a duplicate under manual',
    base: ['ALTER TABLE t ADD UNIQUE KEY uk (a)'],
    north: ["INSERT INTO t VALUES (3, 'same', 1)"],
    south: ["INSERT INTO t VALUES (4, 'same', 1)"],
    strategy: 'manual',
    code: 'constraint-violation',
    says: ['unique index', 'uk'],
  },
  {
    title: 'a broken check',
    base: ["ALTER TABLE t ADD CONSTRAINT few CHECK (n < 5 OR a <> 'x')"],
    north: ["UPDATE t SET a = 'x' WHERE id = 1"],
    south: ['UPDATE t SET n = 9 WHERE id = 1'],
    code: 'constraint-violation',
    says: ['check constraint', 'few', "= 'x'"],
  },
  {
    title: 'a check that only the resolved row breaks',
    base: ["ALTER TABLE t ADD CONSTRAINT few CHECK (n < 5 OR a <> 'x'), ADD updated_at DATETIME"],
    north: ["UPDATE t SET a = 'x', n = 2, updated_at = '2026-01-01' WHERE id = 1"],
    south: ["UPDATE t SET n = 9, updated_at = '2026-01-02' WHERE id = 1"],
    code: 'constraint-violation',
    says: ['check constraint', 'few', "= 'x'"],
  },
  {
    title: 'a column that the peer makes NOT NULL, and our rows without a value, which Dolt would remove',
    north: ["INSERT INTO t VALUES (3, NULL, 3), (4, '4', 4)", 'UPDATE t SET a = NULL WHERE id = 2'],
    south: ['ALTER TABLE t MODIFY a VARCHAR(20) NOT NULL'],
    code: 'constraint-violation',
    says: ['would remove rows without a value in a NOT NULL column', 't: 2 rows'],
  },
  {
    title: 'the same with the sides exchanged, under manual, beside a row in conflict',
    north: ['ALTER TABLE t MODIFY a VARCHAR(20) NOT NULL', 'UPDATE t SET n = 6 WHERE id = 1'],
    south: ['INSERT INTO t VALUES (3, NULL, 3)', 'UPDATE t SET n = 5 WHERE id = 1'],
    strategy: 'manual',
    code: 'constraint-violation',
    says: ['would remove rows', 't: 1 row'],
  },
  {
    title: 'a NOT NULL column of a table without a key, which Dolt does not verify',
    base: ['CREATE TABLE k (a INT, b INT)', 'INSERT INTO k VALUES (1, 1)'],
    north: ['INSERT INTO k VALUES (2, NULL)'],
    south: ['ALTER TABLE k MODIFY b INT NOT NULL'],
    code: 'constraint-violation',
    says: ['would leave rows of k without a value in the NOT NULL column b'],
  },
  {
    title: 'a VIRTUAL column that both changes together set to NULL, which cannot be read',
    base: [
      'CREATE TABLE g (id INT PRIMARY KEY, a INT, b INT, c INT AS (COALESCE(a, b)) NOT NULL)',
      'INSERT INTO g (id, a, b) VALUES (1, 1, 1)',
    ],
    north: ['UPDATE g SET a = NULL'],
    south: ['UPDATE g SET b = NULL'],
    code: 'constraint-violation',
    says: ['would leave rows of g without a value in the NOT NULL column c'],
  },
  {
    title: 'two definitions of one table',
    north: ['ALTER TABLE t MODIFY a VARCHAR(200)'],
    south: ['ALTER TABLE t MODIFY a VARCHAR(300)'],
    code: 'schema-conflict',
    says: ['ours:\nCREATE TABLE `t`', 'varchar(200)', 'theirs:\nCREATE TABLE `t`', 'varchar(300)'],
  },
  {
    title: 'two columns of one name, whose values Dolt repeats',
    north: ["ALTER TABLE t ADD e ENUM('literal of north')"],
    south: ["ALTER TABLE t ADD e ENUM('literal of south')"],
    code: 'schema-conflict',
    says: ["column types for column 'e'", 'literal of north', 'literal of south'],
    names: 'table t: differing parts: column e',
  },
  {
    title: 'rows of a table without a key',
    base: ['CREATE TABLE k (a INT, b INT)', 'INSERT INTO k VALUES (1, 1), (1, 1)'],
    north: ['INSERT INTO k VALUES (1, 1)'],
    south: ['DELETE FROM k'],
    code: 'conflict',
    says: ['k', 'without a primary key'],
    rows: [{ kind: 'keyless', table: 'k', left: true }],
  },
  {
    title: 'added rows without a primary key that share a unique value',
    base: ['CREATE TABLE k (a INT, b INT UNIQUE)'],
    north: ['INSERT INTO k VALUES (1, 1)'],
    south: ['INSERT INTO k VALUES (2, 1)'],
    code: 'constraint-violation',
    says: ['k', 'unique key b', 'without a primary key'],
  },
  {
    title: 'changed rows without a primary key that share a value of a new unique key',
    base: ['CREATE TABLE k (a INT, b INT)', 'INSERT INTO k VALUES (1, 1), (2, 2)'],
    north: ['UPDATE k SET b = 3 WHERE a = 1', 'ALTER TABLE k ADD UNIQUE KEY u (b)'],
    south: ['UPDATE k SET b = 3 WHERE a = 2'],
    code: 'constraint-violation',
    says: ['k', 'unique key u', 'one side added'],
  },
  {
    title: 'a view changed on both sides',
    base: ['CREATE VIEW v AS SELECT id FROM t'],
    north: ['DROP VIEW v', 'CREATE VIEW v AS SELECT a FROM t'],
    south: ['DROP VIEW v', 'CREATE VIEW v AS SELECT n FROM t'],
    code: 'conflict',
    says: ['dolt_schemas'],
  },
  {
    title: 'dolt_ignore changed on both sides',
    north: ["INSERT INTO dolt_ignore VALUES ('x_%', TRUE)"],
    south: ["INSERT INTO dolt_ignore VALUES ('x_%', FALSE)"],
    code: 'conflict',
    says: ['dolt_ignore'],
  },
  {
    title: 'a panic of Dolt',
    base: [
      'CREATE TABLE g (id INT PRIMARY KEY, a INT, s INT GENERATED ALWAYS AS (a + 1) STORED)',
      'INSERT INTO g (id, a) VALUES (1, 1)',
    ],
    north: ['UPDATE g SET a = 2'],
    south: ['UPDATE g SET a = 3'],
    code: 'dolt-defect',
    says: ['panic'],
  },
  {
    title: 'a conflict in a table with a renamed column',
    base: ['CREATE TABLE g (id INT PRIMARY KEY, a INT, b INT)', 'INSERT INTO g VALUES (1, 1, 1)'],
    north: ['ALTER TABLE g RENAME COLUMN b TO z', 'UPDATE g SET a = 2'],
    south: ['UPDATE g SET a = 3, b = 3'],
    code: 'dolt-defect',
    says: ['g', 'b to z'],
  },
  {
    title: 'a table that both sides renamed, and a deleted row',
    base: ['CREATE TABLE g (id INT PRIMARY KEY, a INT)', 'INSERT INTO g VALUES (1, 1), (2, 2)'],
    north: ['RENAME TABLE g TO h', 'DELETE FROM h WHERE id = 2'],
    south: ['RENAME TABLE g TO h', 'INSERT INTO h VALUES (3, 3)'],
    code: 'dolt-defect',
    says: ['both sides renamed the table g to h'],
  },
  {
    title: 'a table that both sides renamed, whose old name another table has',
    base: [
      'CREATE TABLE g (id INT PRIMARY KEY, a INT)',
      'INSERT INTO g VALUES (1, 1), (2, 2)',
      'CREATE TRIGGER b BEFORE INSERT ON g FOR EACH ROW SET NEW.a = 1',
      'CREATE VIEW seen AS SELECT * FROM g',
    ],
    north: [...RETAKEN, 'DELETE FROM h WHERE id = 2'],
    south: [...RETAKEN, 'INSERT INTO h VALUES (3, 3)'],
    code: 'dolt-defect',
    says: ['both sides renamed the table g to h'],
  },
  {
    title: 'tables whose names both sides exchanged',
    base: [
      'CREATE TABLE g (id INT PRIMARY KEY, a INT)',
      'INSERT INTO g VALUES (1, 1), (2, 2)',
      'CREATE TABLE h (id INT PRIMARY KEY, a INT)',
      'INSERT INTO h VALUES (7, 7)',
    ],
    north: [...EXCHANGED, 'DELETE FROM h WHERE id = 2'],
    south: [...EXCHANGED, 'INSERT INTO h VALUES (3, 3)'],
    code: 'dolt-defect',
    says: ['both sides renamed the table g to h'],
  },
  {
    title: 'a table that both sides renamed in its case only',
    base: ['CREATE TABLE g (id INT PRIMARY KEY, a INT)', 'INSERT INTO g VALUES (1, 1), (2, 2)'],
    north: ['RENAME TABLE g TO x', 'RENAME TABLE x TO G', 'UPDATE G SET a = 5 WHERE id = 1'],
    south: ['RENAME TABLE g TO x', 'RENAME TABLE x TO G', 'UPDATE G SET a = 6 WHERE id = 2'],
    code: 'dolt-defect',
    says: ['both sides renamed the table g to G'],
  },
  {
    title: 'a table that both sides renamed differently',
    base: ['CREATE TABLE g (id INT PRIMARY KEY, a INT)', 'INSERT INTO g VALUES (1, 1), (2, 2)'],
    north: ['RENAME TABLE g TO h', 'DELETE FROM h WHERE id = 2'],
    south: ['RENAME TABLE g TO i'],
    code: 'dolt-defect',
    says: ['both sides renamed the table g to', 'on one side and'],
  },
  {
    title: 'a duplicate in a table with a trigger',
    base: [
      LOG,
      'ALTER TABLE t ADD UNIQUE KEY uk (a)',
      'CREATE TRIGGER gone AFTER DELETE ON t FOR EACH ROW INSERT INTO log VALUES ()',
    ],
    north: ["INSERT INTO t VALUES (3, 'same', 1)"],
    south: ["INSERT INTO t VALUES (4, 'same', 1)"],
    code: 'constraint-violation',
    says: ['triggers', 't'],
  },
  {
    title: 'a restored row in a table with a trigger',
    base: [
      LOG,
      'CREATE TABLE c (id INT PRIMARY KEY, t INT, FOREIGN KEY (t) REFERENCES t (id) ON DELETE CASCADE)',
      'INSERT INTO c VALUES (1, 1)',
      'CREATE TRIGGER came BEFORE INSERT ON c FOR EACH ROW INSERT INTO log VALUES ()',
    ],
    north: ['DELETE FROM t WHERE id = 1'],
    south: ["UPDATE t SET a = 'S' WHERE id = 1"],
    code: 'constraint-violation',
    says: ['triggers', 'c'],
  },
];

describe('a refused merge changes nothing', () => {
  let folder: TempFolder;
  let made: Pairs;

  beforeAll(async () => {
    folder = await tempFolder();
    const shared = [
      'CREATE TABLE t (id INT PRIMARY KEY, a VARCHAR(20), n INT)',
      "INSERT INTO t VALUES (1, 'one', 1), (2, 'two', 2)",
      "INSERT INTO dolt_ignore VALUES ('wisps', TRUE)",
    ];
    const uncommitted = ['CREATE TABLE wisps (id INT PRIMARY KEY)', 'INSERT INTO wisps VALUES (7)'];
    const all = REFUSALS.map(({ title, ...heads }) => [title, { ...heads, uncommitted }] as const);
    made = await pairs(folder, { shared, uncommitted }, Object.fromEntries(all));
  });

  afterAll(async () => {
    await made[Symbol.asyncDispose]();
    await folder[Symbol.asyncDispose]();
  });

  test.each(REFUSALS)('$title', async ({ title, strategy = 'newest', code, says, names = '', rows }) => {
    const before = await made.look(title, ...STATE);
    const progress = (await made.run(title, { strategy })).run('south');
    expect(progress.failure?.code).toBe(code);
    for (const word of says) expect(progress.failure?.message).toContain(word);
    // Literals of definitions: readers who may see counts get the names only.
    expect(progress.failure?.withoutValues).not.toMatch(/CREATE TABLE|'x'|literal/);
    expect(progress.failure?.withoutValues).toContain(names);
    expect(progress.failure?.message).not.toContain('goroutine');
    if (rows !== undefined) expect(progress.conflicts).toMatchObject(rows);
    expect(await made.look(title, ...STATE)).toEqual(before);
  });
});

describe('private tables', () => {
  test('keep their rows in a merge that resolves conflicts', async () => {
    await using folder = await tempFolder();
    const databases = await twoDatabases(
      folder,
      'CREATE TABLE t (id INT PRIMARY KEY, a VARCHAR(20))',
      "INSERT INTO t VALUES (1, 'one')",
      "INSERT INTO dolt_ignore VALUES ('wisps', TRUE)",
    );
    await databases.edit(["UPDATE t SET a = 'N'"], ["UPDATE t SET a = 'S'"]);
    await databases.north.sql('CREATE TABLE wisps (id INT PRIMARY KEY)', 'INSERT INTO wisps VALUES (7)');
    const { head, ...outcome } = await databases.run('north');
    expect(outcome.run('south').failure).toBeNull();
    expect(await databases.north.rows('SELECT id FROM wisps')).toEqual([{ id: 7 }]);
    expect(await databases.north.rows(`SHOW TABLES AS OF '${head}'`)).toEqual([{ Tables_in_north: 't' }]);
  });
});
