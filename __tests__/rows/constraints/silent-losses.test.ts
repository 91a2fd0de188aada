import { expect, test } from '@jest/globals';
import { withMerge } from '../../../src/resolve/open-merge.ts';
import { type NamedRow, refuseSilentLosses } from '../../../src/rows/constraints/silent-losses.ts';
import { failureOf } from '../../helpers/thrown.ts';
import { atBranches, branchHeads } from '../../helpers/workshop.ts';

test('a row that a merge lacks without a reason is refused, but not a deleted or reported one', async () => {
  const heads = await branchHeads({
    base: [
      'CREATE TABLE t (a INT, b VARCHAR(9), v INT, PRIMARY KEY (a, b))',
      "INSERT INTO t VALUES (1, 'x', 1), (2, 'x', 1), (3, 'x', 1), (4, 'x', 1)",
      'CREATE TABLE single (id INT PRIMARY KEY)',
    ],
    ours: ['UPDATE t SET v = 2 WHERE a = 1', 'DELETE FROM t WHERE a = 4', "INSERT INTO t VALUES (5, 'x', 1)"],
    theirs: [
      'UPDATE t SET v = 2 WHERE a = 2',
      'DELETE FROM t WHERE a = 3',
      "INSERT INTO t VALUES (6, 'x', 1)",
      'INSERT INTO single VALUES (1)',
    ],
  });
  await atBranches((database) =>
    withMerge(database, heads, async (sql, { heads: merged }) => {
      await refuseSilentLosses(sql, merged, []);
      const named: NamedRow[] = [];
      for (const a of ['1', '5', '6']) {
        await sql.run(`DELETE FROM t WHERE a = ${a}`);
        const failure = await failureOf(() => refuseSilentLosses(sql, merged, named));
        expect(failure).toMatchObject({ code: 'dolt-defect', message: expect.stringContaining(`${a}, x`) });
        expect(failure.values?.without).not.toContain(`${a}, x`);
        named.push({ table: 't', key: { a, b: 'x' } });
        await refuseSilentLosses(sql, merged, named);
      }
      throw new Error('undone');
    }),
  ).catch((thrown: unknown) => expect(String(thrown)).toContain('undone'));
});

const KINDS = [
  ['a VIRTUAL column before the key', 'v INT AS (a + 1) VIRTUAL, a INT, b VARCHAR(9), id INT PRIMARY KEY', 'SELECT 1'],
  ['a functional index', 'id INT PRIMARY KEY, a INT, b VARCHAR(9)', 'CREATE INDEX f ON t ((LOWER(b)))'],
  ['no primary key', 'id INT, a INT, b VARCHAR(9)', 'SELECT 1'],
  ['no primary key, and a functional index', 'b VARCHAR(9), id INT, a INT', 'CREATE INDEX f ON t ((LOWER(b)))'],
] as const;

test.each(KINDS)('the same for a table with %s', async (what, columns, index) => {
  const rows = (...ids: number[]) => `INSERT INTO t (id, a, b) VALUES ${ids.map((id) => `(${id}, ${id}, 'x')`).join()}`;
  const copies = what.startsWith('no primary key') ? [1, 1, 1] : [1];
  const heads = await branchHeads({
    base: [`CREATE TABLE t (${columns})`, index, rows(...copies, 2, 3, 4, 9)],
    ours: ["UPDATE t SET b = 'ours' WHERE id = 2", 'DELETE FROM t WHERE id = 3', rows(5)],
    theirs: ["UPDATE t SET b = 'theirs' WHERE id = 9", 'DELETE FROM t WHERE id = 4', rows(6)],
  });
  await atBranches((database) =>
    withMerge(database, heads, async (sql, { heads: merged }) => {
      await refuseSilentLosses(sql, merged, []);
      for (const id of [1, 5, 6]) {
        await sql.run(`DELETE FROM t WHERE id = ${id} LIMIT 1`);
        const failure = await failureOf(() => refuseSilentLosses(sql, merged, []));
        expect(failure).toMatchObject({
          code: 'dolt-defect',
          message: expect.stringContaining('lose a row of t'),
        });
        await sql.run(rows(id));
        await refuseSilentLosses(sql, merged, []);
      }
      throw new Error('undone');
    }),
  ).catch((thrown: unknown) => expect(String(thrown)).toContain('undone'));
});

test.each([
  [
    'a replaced table',
    ['CREATE TABLE n LIKE t', 'INSERT INTO n SELECT * FROM t', 'DROP TABLE t', 'RENAME TABLE n TO t'],
  ],
  ['a key column with another tag', ["CALL DOLT_UPDATE_COLUMN_TAG('t', 'id', 4712)"]],
])('a merge is not refused beside %s', async (_, change) => {
  const heads = await branchHeads({
    base: ['CREATE TABLE t (id INT PRIMARY KEY, v INT NOT NULL)', 'INSERT INTO t VALUES (1, 1), (2, 1), (3, 1)'],
    ours: ['UPDATE t SET v = 2 WHERE id = 1', 'DELETE FROM t WHERE id = 2'],
    theirs: [...change, 'DELETE FROM t WHERE id = 3'],
  });
  await atBranches((database) =>
    withMerge(database, heads, async (sql, { heads: merged }) => {
      await refuseSilentLosses(sql, merged, []);
      throw new Error('undone');
    }),
  ).catch((thrown: unknown) => expect(String(thrown)).toContain('undone'));
});
