import { expect, test } from '@jest/globals';
import {
  commitPairs,
  differenceCounts,
  differences,
  rowsDiffer,
  tableHistory,
} from '../../src/dolt/sql/differences.ts';
import { failureOf } from '../helpers/thrown.ts';
import { atBranches, branchHeads, twoBranches } from '../helpers/workshop.ts';

/** Tables without a primary key whose rows Dolt 2.3.0 cannot compare: each statement would end the engine. */
const TABLES = {
  virtual: ['CREATE TABLE t (a INT, v INT AS (a + 1) VIRTUAL, b INT)'],
  index: ['CREATE TABLE t (a INT, w VARCHAR(9))', 'CREATE INDEX f ON t ((UPPER(w)))', 'ALTER TABLE t ADD b INT'],
};
const LAST = ['CREATE TABLE t (a INT, b INT)', 'CREATE INDEX f ON t ((a + b))'];

test.each(Object.entries(TABLES))('rows are not compared: %s', async (_, base) => {
  const heads = await branchHeads({
    base,
    ours: ['RENAME TABLE t TO u'],
    theirs: ['INSERT INTO t (a, b) VALUES (1, 2)'],
  });
  await atBranches(async (database) => {
    const range = { from: heads.ours, to: heads.theirs };
    for (const [table, between] of [
      ['t', range],
      ['T', range],
      ['u', { from: heads.theirs, to: heads.ours }],
    ] as const) {
      expect(await failureOf(() => differences(database, between, table))).toMatchObject({
        code: 'dolt-defect',
        message: expect.stringContaining('no primary key and a VIRTUAL column or functional index'),
        hint: expect.stringContaining('add a primary key'),
      });
      expect(await differenceCounts(database, between, table)).toBeNull();
      expect(await rowsDiffer(database, between, table)).toBe(true);
    }
    const of = { database: database.name, head: heads.theirs, table: 't' };
    for (const read of [tableHistory, commitPairs])
      expect(await failureOf(() => read(database, of))).toMatchObject({ code: 'dolt-defect' });
  });
});

test('rows are compared beside a functional index that follows all columns', async () => {
  const heads = await branchHeads({ base: LAST, ours: [], theirs: ['INSERT INTO t VALUES (1, 2)'] });
  await atBranches(async (database) => {
    const { text, values } = await differences(database, { from: heads.ours, to: heads.theirs }, 't');
    expect((await database.table(`SELECT to_a, to_b FROM ${text}`, values)).rows).toEqual([['1', '2']]);
  });
});

test.each(Object.entries(TABLES))('foreign keys of such a table are not checked: %s', async (_, base) => {
  const parents = ['CREATE TABLE p (id INT PRIMARY KEY)', 'INSERT INTO p VALUES (1)'];
  const key = 'ALTER TABLE t ADD FOREIGN KEY (b) REFERENCES p (id)';
  const { edit, run } = await twoBranches(...parents, ...base, key, 'INSERT INTO t (a, b) VALUES (1, 1)');
  const refused = { code: 'dolt-defect', message: expect.stringContaining('cannot check the foreign keys of t') };
  // The rows of a head that changes a definition are verified before a fast-forward.
  await edit(['ALTER TABLE t ADD c INT'], []);
  expect((await run('south')).run('north').failure).toMatchObject(refused);
  await edit(['ALTER TABLE t DROP COLUMN c', 'INSERT INTO p VALUES (2)'], ['INSERT INTO t (a, b) VALUES (2, 1)']);
  expect((await run('south')).run('north').failure).toMatchObject(refused);
});

test.each(Object.entries(TABLES))('a peer that changes such a table waits: %s', async (_, base) => {
  const { edit, run } = await twoBranches(...base, 'ALTER TABLE t ADD updated_at DATETIME');
  await edit(["INSERT INTO t (a, updated_at) VALUES (1, '2026-01-01')"], ['CREATE TABLE o (id INT PRIMARY KEY)']);
  expect((await run('south')).run('north').failure).toMatchObject({ code: 'dolt-defect' });
});

test.each(Object.entries(TABLES))('a column of ours with a computed default is merged: %s', async (_, base) => {
  const { south, edit, run } = await twoBranches(...base, 'INSERT INTO t (a) VALUES (1)');
  await edit(['CREATE TABLE o (id INT PRIMARY KEY)'], ['ALTER TABLE t ADD at DATETIME DEFAULT (NOW())']);
  expect((await run('south')).run('north').failure).toBeNull();
  expect(await south.rows('SELECT COUNT(at) AS n FROM t')).toEqual([{ n: '1' }]);
});
