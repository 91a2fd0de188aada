import { describe, expect, test } from '@jest/globals';
import { deriveIssueColumns } from '../../../src/beads/derived-columns.ts';
import { cellsSchema } from '../../../src/dolt/sql/cell.ts';
import { withMerge } from '../../../src/resolve/open-merge.ts';
import { branchesOf } from '../../helpers/branches.ts';
import { makeDatabaseOf, type TestDatabase } from '../../helpers/database.ts';
import { type First, mergedApart } from '../../helpers/merged-apart.ts';
import { committing } from '../../helpers/scenario.ts';
import { type TempFolder, tempFolder } from '../../helpers/temp-folder.ts';
import { atHeads } from '../../helpers/two-heads.ts';

/** Dolt takes either base, so each of the two commits has such rows. */
const related = (parent: number, key: string) => [
  `INSERT INTO parent VALUES (${parent}, 0)`,
  `INSERT INTO child VALUES (${parent}, ${parent}), (${parent + 1}, ${parent})`,
  `INSERT INTO named VALUES (${parent}, 'x${parent}'), (${parent + 1}, 'y${parent}')`,
  `INSERT INTO note VALUES (${parent}, ${parent}, ''), (${parent + 1}, ${parent + 1}, ''), (${parent + 2}, ${parent + 1}, '')`,
  `CREATE TABLE late${parent} (id INT PRIMARY KEY, name VARCHAR(9) UNIQUE)`,
  `INSERT INTO late${parent} VALUES (1, 'a'), (2, 'b')`,
  `INSERT INTO moved VALUES (${parent}, 'title ${parent}', 0)`,
  `UPDATE document SET j = JSON_SET(j, '$.${key}', 1) WHERE id IN (1, 2)`,
  `UPDATE document SET j = JSON_SET(j, '$.k', ${parent}) WHERE id = 3`,
];
const RELATED: First = {
  base: [
    'CREATE TABLE parent (id INT PRIMARY KEY, v INT)',
    'CREATE TABLE child (id INT PRIMARY KEY, parent INT, FOREIGN KEY (parent) REFERENCES parent (id) ON DELETE CASCADE)',
    'CREATE TABLE named (id INT PRIMARY KEY, name VARCHAR(9) UNIQUE)',
    'CREATE TABLE note (id INT PRIMARY KEY, named INT, text VARCHAR(9), FOREIGN KEY (named) REFERENCES named (id))',
    'CREATE TABLE moved (id INT PRIMARY KEY, title VARCHAR(9), v INT)',
    'CREATE TABLE document (id INT PRIMARY KEY, j JSON)',
    `INSERT INTO document VALUES (1, '{"k": 0}'), (2, '{"k": 0}'), (3, '{"k": 0}')`,
  ],
  north: related(10, 'long'),
  south: related(20, 'b'),
};

test('rows of any merge base count as rows of the base, and documents have the keys of all bases', async () => {
  await using folder = await tempFolder();
  const both = await mergedApart(folder, RELATED);
  await both.edit([`UPDATE document SET j = JSON_SET(j, '$.b', 2) WHERE id = 2`], ['INSERT INTO parent VALUES (1, 1)']);
  const { failure } = (await both.run('north')).run('south');
  expect(failure).toMatchObject({
    code: 'dolt-defect',
    message: expect.stringContaining('a key of a JSON document of document is in the merge'),
  });
  const manual = (await both.run('north', { strategy: 'manual' })).run('south');
  expect(manual.conflicts.map(({ table, key }) => [table, key])).toEqual([['document', { id: '3' }]]);

  await both.edit(
    [
      `UPDATE document SET j = '{"k": 20}' WHERE id = 3`,
      `UPDATE document SET j = JSON_SET(j, '$.long', 5) WHERE id = 1`,
      'DELETE FROM parent WHERE id IN (10, 20)',
      "UPDATE named SET name = CONCAT('z', id) WHERE id IN (10, 20)",
      "UPDATE note SET text = 'north' WHERE id IN (10, 20)",
      'UPDATE moved SET id = id + 2',
      "UPDATE late10 SET name = 'c' WHERE id = 1",
      "UPDATE late20 SET name = 'c' WHERE id = 1",
    ],
    [
      `UPDATE document SET j = JSON_SET(j, '$.c', 7) WHERE id = 1`,
      'UPDATE parent SET v = 9 WHERE id IN (10, 20)',
      "UPDATE named SET name = CONCAT('z', id - 1) WHERE id IN (11, 21)",
      "UPDATE note SET text = 'south' WHERE id IN (11, 21)",
      'UPDATE moved SET v = 7',
      "UPDATE late10 SET name = 'c' WHERE id = 2",
      "UPDATE late20 SET name = 'c' WHERE id = 2",
    ],
  );
  const inNorth = await both.run('north');
  expect((await both.run('south')).head).toBe(inNorth.head);
  const merged = inNorth.run('south');
  expect(merged.failure).toBeNull();
  const kinds = merged.conflicts.map(({ table, kind, key }) => `${table} ${kind} ${key['id']}`).sort();
  expect(kinds.filter((text) => !text.includes('unique-conflict'))).toEqual([
    'child restored 10',
    'child restored 11',
    'child restored 20',
    'child restored 21',
    'document changed 1',
    'moved renamed 10',
    'moved renamed 20',
    'parent deleted 10',
    'parent deleted 20',
  ]);
  expect(kinds).toHaveLength(13);
  const ids = async (table: string) =>
    (await both.north.rows(`SELECT id FROM ${table} ORDER BY id`)).map(({ id }) => id);
  expect(await ids('child')).toEqual([10, 11, 20, 21]);
  expect(await ids('named')).toEqual([10, 11, 20, 21]);
  expect([await ids('late10'), await ids('late20')]).toEqual([
    [1, 2],
    [1, 2],
  ]);
  expect(await ids('note')).toEqual([10, 11, 12, 20, 21, 22]);
  expect(await both.north.rows('SELECT j FROM document ORDER BY id')).toEqual([
    { j: { b: 1, c: 7, k: 0, long: 5 } },
    { j: { b: 2, k: 0, long: 1 } },
    { j: { k: 20 } },
  ]);
}, 180_000);

describe('the base of merge bases', () => {
  const on = (branch: string, ...statements: string[]) => [`CALL DOLT_CHECKOUT('${branch}')`, ...statements];
  const merging = (branch: string) => `CALL DOLT_MERGE('${branch}', '--no-ff', '-m', 'merge ${branch}')`;
  const rowsOfMerge = async (folder: TempFolder, local: TestDatabase) => {
    const { main: ours = '', south: theirs = '' } = await branchesOf(local);
    return await atHeads(folder, { local }, (database) =>
      withMerge(database, { ours, theirs }, async (sql) =>
        (await sql.rows(cellsSchema, 'SELECT id, v FROM t ORDER BY id')).map(({ id, v }) => `${id} ${v}`),
      ),
    );
  };
  const begun = committing('base', [
    'CREATE TABLE t (id INT PRIMARY KEY, v INT)',
    'INSERT INTO t VALUES (1, 0), (2, 0), (3, 0)',
  ]);
  const branches = (...names: string[]) => names.map((name) => `CALL DOLT_BRANCH('${name}')`);

  test('is their merge as well', async () => {
    await using folder = await tempFolder();
    const local = await makeDatabaseOf(
      folder.file('local'),
      ...begun,
      ...branches('south'),
      ...committing('first', ['UPDATE t SET v = 1 WHERE id = 1', 'INSERT INTO t VALUES (11, 1)']),
      ...branches('first'),
      ...on('south', ...committing('second', ['UPDATE t SET v = 1 WHERE id = 2', 'INSERT INTO t VALUES (12, 1)'])),
      ...branches('second'),
      merging('first'),
      ...on('main', merging('second'), ...committing('third', ['INSERT INTO t VALUES (20, 0)'])),
      ...branches('third'),
      ...on('south', ...committing('fourth', ['UPDATE t SET v = 0', 'DELETE FROM t WHERE id > 10'])),
      ...branches('fourth'),
      merging('third'),
      ...committing('again', ['UPDATE t SET v = 0', 'DELETE FROM t WHERE id IN (11, 12)']),
      ...on(
        'main',
        merging('fourth'),
        ...committing('again', ['UPDATE t SET v = 0', 'DELETE FROM t WHERE id IN (11, 12)']),
      ),
      ...committing('north', ['UPDATE t SET v = 1 WHERE id < 3', 'INSERT INTO t VALUES (11, 1), (12, 1)']),
      ...on('south', ...committing('south', ['UPDATE t SET v = 5 WHERE id = 3'])),
    );
    expect(await rowsOfMerge(folder, local)).toEqual(['1 1', '2 1', '3 5', '11 1', '12 1', '20 0']);
  });

  test('has an issue that both heads changed since one of them, whose lock then differs from both', async () => {
    await using folder = await tempFolder();
    const issues = [1, 2].map((id) => [
      `INSERT INTO issues VALUES ('${id}', 'title', 'notes', 1)`,
      `UPDATE issues SET title = 'new', row_lock = 2 WHERE id = '${id}'`,
    ]);
    const local = await makeDatabaseOf(
      folder.file('local'),
      ...committing('base', [
        'CREATE TABLE issues (id VARCHAR(9) PRIMARY KEY, title VARCHAR(9), notes VARCHAR(9), row_lock BIGINT)',
        ...issues.flatMap(([added = '']) => [added]),
      ]),
      ...branches('south'),
      ...committing('first', [issues[0]?.[1] ?? '']),
      ...branches('first'),
      ...on('south', ...committing('second', [issues[1]?.[1] ?? ''])),
      ...branches('second'),
      merging('first'),
      ...committing('south', ["UPDATE issues SET title = 'title', row_lock = 1"]),
      ...on('main', merging('second'), ...committing('north', ["UPDATE issues SET notes = 'other'"])),
    );
    const { main: ours = '', south: theirs = '' } = await branchesOf(local);
    const rows = await atHeads(folder, { local }, (database) =>
      withMerge(database, { ours, theirs }, async (sql, { heads }) => {
        await deriveIssueColumns(sql, heads);
        return await sql.rows(cellsSchema, 'SELECT title, notes, row_lock IN (1, 2) AS same FROM issues');
      }),
    );
    expect(rows).toEqual(issues.map(() => ({ title: 'title', notes: 'other', same: '0' })));
  });

  test.each([
    ['is theirs if it is the same for any two of them', ['UPDATE t SET v = 0 WHERE id = 2'], ['1 0', '2 0', '3 5']],
    ['decides nothing if it is not', ['UPDATE t SET v = 1 WHERE id = 1'], 'whether a changed row of t is in the merge'],
  ])('%s', async (_title, north, expected) => {
    await using folder = await tempFolder();
    const local = await makeDatabaseOf(
      folder.file('local'),
      ...begun,
      ...branches('third'),
      ...committing('nearer', ['UPDATE t SET v = 1 WHERE id = 1']),
      ...branches('first', 'second'),
      ...on('first', ...committing('first', ['INSERT INTO t VALUES (10, 0)'])),
      ...on('second', ...committing('second', ['UPDATE t SET v = 0 WHERE id = 1', 'UPDATE t SET v = 2 WHERE id = 2'])),
      ...on('third', ...committing('third', ['INSERT INTO t VALUES (12, 0)'])),
      ...on('main', "CALL DOLT_RESET('--hard', 'second')", merging('third'), merging('first')),
      ...committing('north', [...north, 'DELETE FROM t WHERE id > 9']),
      "CALL DOLT_CHECKOUT('-b', 'south', 'first')",
      merging('second'),
      merging('third'),
      ...committing('south', ['UPDATE t SET v = 5 WHERE id = 3']),
    );
    const rows = await rowsOfMerge(folder, local).catch((thrown: unknown) => thrown);
    if (Array.isArray(expected)) expect(rows).toEqual(expected);
    else expect(rows).toMatchObject({ code: 'dolt-defect', message: expect.stringContaining(expected) });
  });
});
