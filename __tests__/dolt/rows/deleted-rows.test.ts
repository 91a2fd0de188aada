import { expect, test } from '@jest/globals';
import { massLosses } from '../../../src/sync/incoming/rows.ts';
import { branchHeads } from '../../helpers/workshop.ts';

const NUMBERS = Array.from({ length: 30 }, (_, n) => n);

test.each([
  ['a wider key', ['ALTER TABLE t DROP PRIMARY KEY, ADD PRIMARY KEY (id, v)'], null],
  [
    'a wider key and new values',
    ["UPDATE t SET v = 'x'", 'ALTER TABLE t DROP PRIMARY KEY, ADD PRIMARY KEY (id, v)'],
    null,
  ],
  ['a key of other columns', ['ALTER TABLE t DROP PRIMARY KEY, ADD PRIMARY KEY (v)'], null],
  ['no key', ['ALTER TABLE t DROP PRIMARY KEY'], null],
  [
    'a key in a new column',
    ['ALTER TABLE t DROP PRIMARY KEY, DROP COLUMN id', 'ALTER TABLE t ADD COLUMN n INT AUTO_INCREMENT PRIMARY KEY'],
    null,
  ],
  [
    'a copy with another key',
    [
      'CREATE TABLE copied (id INT, v VARCHAR(20), d TIME, b LONGBLOB, h LONGTEXT AS (HEX(b)) VIRTUAL, PRIMARY KEY (id, v))',
      'INSERT INTO copied (id, v, d, b) SELECT id, v, d, b FROM t',
      'RENAME TABLE t TO former, copied TO t',
    ],
    null,
  ],
  [
    'a wider key and fewer rows',
    ['ALTER TABLE t DROP PRIMARY KEY, ADD PRIMARY KEY (id, v)', 'DELETE FROM t WHERE id > 9'],
    20,
  ],
  [
    'a key in a new column and other contents',
    [
      "UPDATE t SET d = '03:00:00' WHERE id > 9",
      'ALTER TABLE t DROP PRIMARY KEY, DROP COLUMN id',
      'ALTER TABLE t ADD COLUMN n INT AUTO_INCREMENT PRIMARY KEY',
    ],
    20,
  ],
  ['no common column', ['DROP TABLE t', 'CREATE TABLE t (n INT PRIMARY KEY)', 'INSERT INTO t VALUES (1)'], 30],
])('the deleted rows of a table that gets %s', async (_, edits, deleted) => {
  const { local, ours, theirs } = await branchHeads({
    base: [
      'CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(20) NOT NULL, d TIME, b LONGBLOB, h LONGTEXT AS (HEX(b)) VIRTUAL)',
      `INSERT INTO t (id, v, d, b) VALUES ${NUMBERS.map((n) => `(${n}, 'v${n}', '0${n % 3}:00:00', REPEAT('b', ${n * 300}))`).join()}`,
    ],
    ours: [],
    theirs: edits,
  });
  const found = await local.session((sql) => massLosses(sql, { from: ours, to: theirs }, 50));
  expect(found).toMatchObject(deleted === null ? [] : [{ table: 't', before: 30, deleted }]);
});
