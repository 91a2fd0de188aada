import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Engines } from '../../../src/dolt/server/engines.ts';
import { withMerge } from '../../../src/resolve/open-merge.ts';
import { removeScratch } from '../../../src/sync/merge/scratch.ts';
import { branchesOf } from '../../helpers/branches.ts';
import { makeDatabaseOf } from '../../helpers/database.ts';
import { inDatabase, testEngines } from '../../helpers/federating.ts';
import { committing } from '../../helpers/scenario.ts';
import { type TempFolder, tempFolder } from '../../helpers/temp-folder.ts';
import { failureOf } from '../../helpers/thrown.ts';
import { HASH_ORDERS } from '../../helpers/two-databases.ts';
import { byCell, wholly } from '../../helpers/two-heads.ts';
import { type Branch, branchesMergedApart, resolveBranches } from '../../helpers/workshop.ts';

const BASE = [
  'CREATE TABLE t (id INT PRIMARY KEY, v INT, w INT)',
  'INSERT INTO t VALUES (1, 0, 0), (2, 0, 0), (3, 0, 0), (4, 0, 4), (5, 5, 0), (6, 6, 0), (7, 7, 0), (8, 0, 0)',
  'CREATE TABLE u (id INT PRIMARY KEY, k VARCHAR(9) UNIQUE, n INT)',
  "INSERT INTO u VALUES (1, 'one', 0), (2, 'two', 0)",
  'CREATE TABLE wider (id INT PRIMARY KEY, v INT)',
  'CREATE TABLE wider_too (id INT PRIMARY KEY, v INT)',
  'INSERT INTO wider VALUES (1, 1), (2, 2)',
  'INSERT INTO wider_too VALUES (1, 1), (2, 2)',
  'CREATE TABLE renamed (id INT PRIMARY KEY, v INT, w INT)',
  'INSERT INTO renamed VALUES (1, 1, 1), (2, 2, 2)',
  'CREATE TABLE documents (id INT PRIMARY KEY, doc JSON, k VARCHAR(9) UNIQUE, v INT, n INT AS (LENGTH(k)) STORED)',
  `INSERT INTO documents (id, doc, k, v) VALUES (1, '{"a\\\\nb":0,"m":0}', 'one', 0)`,
];
/** Each side has both of these before it makes its own changes. */
const NORTH_FIRST = [
  'UPDATE t SET v = 10 WHERE id IN (1, 3, 4)',
  'DELETE FROM t WHERE id IN (5, 7)',
  'INSERT INTO t VALUES (20, 0, 0)',
  "UPDATE u SET k = 'uno' WHERE id = 1",
  'ALTER TABLE wider ADD x INT',
  'UPDATE wider_too SET v = 11 WHERE id = 1',
  'ALTER TABLE renamed RENAME COLUMN v TO vv',
  "UPDATE documents SET k = 'uno'",
];
const SOUTH_FIRST = [
  'UPDATE t SET v = 20 WHERE id = 2',
  'DELETE FROM t WHERE id = 6',
  'INSERT INTO t VALUES (21, 0, 0)',
  "UPDATE u SET k = 'due' WHERE id = 2",
  'UPDATE wider SET v = 11 WHERE id = 1',
  'ALTER TABLE wider_too ADD x INT',
  'UPDATE renamed SET v = 9',
  'UPDATE documents SET v = 2',
];
const FIRST = { base: BASE, north: NORTH_FIRST, south: SOUTH_FIRST };
/** Takes back what both have, in part as it was before, and nothing else. */
const UNDONE = [
  'UPDATE t SET v = 0 WHERE id IN (1, 2)',
  'INSERT INTO t VALUES (5, 5, 0), (6, 6, 0)',
  'DELETE FROM t WHERE id IN (20, 21)',
  "UPDATE u SET k = 'one' WHERE id = 1",
  "UPDATE u SET k = 'two' WHERE id = 2",
  'UPDATE renamed SET vv = 1 WHERE id = 1',
];
const KEPT = {
  t: [
    { id: 1, v: 0 },
    { id: 2, v: 0 },
    { id: 5, v: 5 },
    { id: 6, v: 6 },
    { id: 8, v: 0 },
  ],
  u: [
    { id: 1, k: 'one', n: 0 },
    { id: 2, k: 'two', n: 0 },
  ],
  renamed: [
    { id: 1, vv: 1, w: 7 },
    { id: 2, vv: 9, w: 2 },
  ],
};

/** Both sides change what they have in common, and differently. */
const NORTH = [
  'UPDATE renamed SET w = 7 WHERE id = 1',
  'UPDATE t SET v = 11 WHERE id = 3',
  'DELETE FROM t WHERE id = 4',
  'INSERT INTO t VALUES (7, 71, 0)',
  'UPDATE wider SET x = 7 WHERE id = 2',
  'UPDATE wider_too SET x = 7 WHERE id = 2',
  `UPDATE documents SET doc = '{"a\\\\nb":0,"m":1}'`,
];
const SOUTH = [
  'UPDATE t SET v = 0 WHERE id IN (3, 4)',
  'INSERT INTO t VALUES (7, 70, 0)',
  'DELETE FROM wider WHERE id = 2',
  'DELETE FROM wider_too WHERE id = 2',
  // Dolt makes an invalid document of the two.
  `UPDATE documents SET doc = '{"a\\\\nb":1,"m":0}'`,
];

const undone = async (local: Branch) => ({
  t: await local.rows('SELECT id, v FROM t WHERE id NOT IN (3, 4, 7) ORDER BY id'),
  u: await local.rows('SELECT id, k, n FROM u ORDER BY id'),
  renamed: await local.rows('SELECT * FROM renamed ORDER BY id'),
});
const changed = (local: Branch) => local.rows('SELECT id, v FROM t WHERE id IN (3, 4, 7) ORDER BY id');

describe.each(HASH_ORDERS)('two heads with several merge bases, %s,', (order) => {
  test('keep what one side alone took back, also under manual', async () => {
    const both = await branchesMergedApart(FIRST);
    await both.edit(['UPDATE t SET w = 1 WHERE id = 8', 'UPDATE renamed SET w = 7 WHERE id = 1'], UNDONE, order);
    const { failure, conflicts } = (await both.run('north', { strategy: 'manual' })).run('south');
    expect({ failure, conflicts }).toEqual({ failure: null, conflicts: [] });
    expect(await undone(both.north)).toEqual(KEPT);
  });

  test('leave a change of both sides to the later one, or to a person', async () => {
    const both = await branchesMergedApart(FIRST);
    await both.edit(NORTH, [...UNDONE, ...SOUTH], order);

    const refused = (await both.run('north', { strategy: 'manual' })).run('south');
    expect(refused.failure).toMatchObject({ code: 'conflict' });
    const inConflict = refused.conflicts.map(({ kind, key }) => [kind, key]);
    expect(inConflict).toEqual([
      ['changed', { id: '1' }],
      ['changed', { id: '3' }],
      ['deleted', { id: '4' }],
      ['id-collision', { id: '7' }],
      ['deleted', { id: '2' }],
      ['deleted', { id: '2' }],
    ]);

    const heads = { local: both.north, ours: await both.north.head(), theirs: await both.south.head() };
    const { rows, read } = await resolveBranches(heads, wholly('theirs'));
    expect(rows.map(({ kind, key }) => [kind, key])).toEqual(inConflict);
    expect(rows[1]?.cells).toEqual({ v: { base: '10', ours: '11', theirs: '0', choose: null } });
    expect(await read('SELECT id, v FROM t MERGED WHERE id IN (1, 3, 4, 6, 7, 20) ORDER BY id')).toEqual([
      { id: 1, v: 0 },
      { id: 3, v: 0 },
      { id: 4, v: 0 },
      { id: 6, v: 6 },
      { id: 7, v: 70 },
    ]);
    const chosen = await resolveBranches(heads, (row) =>
      row.kind === 'changed' ? byCell({ v: 'base', doc: 'ours' })(row) : { ...row, choose: 'delete' },
    );
    expect(await chosen.read('SELECT id, v FROM t MERGED WHERE id IN (3, 4, 7)')).toEqual([{ id: 3, v: 10 }]);

    const merged = (await both.run('north')).run('south');
    expect(merged.conflicts.map(({ kind, key }) => [kind, key])).toEqual(inConflict);
    const documents = await both.north.rows('SELECT CAST(doc AS CHAR) AS doc, k, v, n FROM documents');
    expect(documents).toEqual([{ doc: '{"m": 1, "a\\nb": 1}', k: 'uno', v: 2, n: 3 }]);
    expect(await undone(both.north)).toEqual(KEPT);
    expect([
      [
        { id: 3, v: 0 },
        { id: 4, v: 0 },
        { id: 7, v: 71 },
      ],
      [
        { id: 3, v: 0 },
        { id: 4, v: 0 },
        { id: 7, v: 70 },
      ],
      [
        { id: 3, v: 11 },
        { id: 4, v: 0 },
        { id: 7, v: 71 },
      ],
      [
        { id: 3, v: 11 },
        { id: 4, v: 0 },
        { id: 7, v: 70 },
      ],
    ]).toContainEqual(await changed(both.north));
  });
});

test.each(HASH_ORDERS)('a deletion beside a new column decides as without it, %s', async (order) => {
  const both = await branchesMergedApart({
    base: ['CREATE TABLE t (id INT PRIMARY KEY, v INT)', 'INSERT INTO t VALUES (1, 0), (2, 0), (3, 0), (4, 0)'],
    north: ['UPDATE t SET v = 10 WHERE id IN (1, 3)'],
    south: ['UPDATE t SET v = 20 WHERE id IN (2, 4)'],
  });
  await both.edit(
    ['UPDATE t SET v = v + 1 WHERE id IN (1, 2)', 'DELETE FROM t WHERE id IN (3, 4)'],
    [
      'ALTER TABLE t ADD n INT NOT NULL DEFAULT 7',
      'UPDATE t SET v = v + 2, n = 8 WHERE id IN (3, 4)',
      'DELETE FROM t WHERE id IN (1, 2)',
    ],
    order,
  );
  const heads = { local: both.north, ours: await both.north.head(), theirs: await both.south.head() };
  const { read } = await resolveBranches(heads, wholly('base'));
  expect(await read('SELECT * FROM t MERGED ORDER BY id')).toEqual([
    { id: 1, v: 10, n: 7 },
    { id: 2, v: 20, n: 7 },
    { id: 3, v: 10, n: 7 },
    { id: 4, v: 20, n: 7 },
  ]);
  expect((await both.run('north')).run('south').failure).toBeNull();
  expect(await both.north.rows('SELECT * FROM t ORDER BY id')).toEqual([
    { id: 1, v: 11, n: 7 },
    { id: 2, v: 21, n: 7 },
    { id: 3, v: 12, n: 8 },
    { id: 4, v: 22, n: 8 },
  ]);
});

describe('two heads with several merge bases are refused if the base decides', () => {
  let folder: TempFolder;
  let engines: Engines;
  let branches: Readonly<Record<string, string>>;
  // Dolt takes either base, so each of them removes one of two things that come back.
  const CASES = [
    {
      title: 'whether a table is in the merge',
      first: ['DROP TABLE one'],
      second: ['DROP TABLE two'],
      after: [
        'CREATE TABLE one (id INT PRIMARY KEY, v INT, w INT)',
        'CREATE TABLE two (id INT PRIMARY KEY, v INT, w INT)',
      ],
      says: /the table (one|two) is in the merge/,
    },
    {
      title: 'whether a column is in the merge',
      first: ['ALTER TABLE one DROP COLUMN v'],
      second: ['ALTER TABLE one DROP COLUMN w'],
      after: ['ALTER TABLE one ADD v INT, ADD w INT'],
      says: /the column (v|w) of one is in the merge/,
    },
    {
      title: 'whether a row without a key is in the merge',
      first: ["DELETE FROM log WHERE line = 'first'"],
      second: ["DELETE FROM log WHERE line = 'second'"],
      after: ["INSERT INTO log VALUES ('first'), ('second')"],
      says: /a row of log is in the merge/,
    },
    {
      title: 'whether a check or a default is in the merge',
      first: ['ALTER TABLE one ADD CONSTRAINT few CHECK (v < 9)'],
      second: ['ALTER TABLE one ALTER COLUMN w SET DEFAULT 7'],
      after: ['ALTER TABLE one DROP CONSTRAINT few', 'ALTER TABLE one ALTER COLUMN w DROP DEFAULT'],
      says: /the (check few|column w) of one is in the merge/,
    },
    {
      title: 'whether a row of a table of Dolt is in the merge',
      first: ["INSERT INTO dolt_docs VALUES ('README.md', 'first')"],
      second: ["INSERT INTO dolt_docs VALUES ('LICENSE.md', 'second')"],
      after: ['DELETE FROM dolt_docs'],
      says: /a row of dolt_docs is in the merge/,
    },
  ];

  beforeAll(async () => {
    folder = await tempFolder();
    const base = [
      'CREATE TABLE one (id INT PRIMARY KEY, v INT, w INT)',
      'CREATE TABLE two (id INT PRIMARY KEY, v INT, w INT)',
      'CREATE TABLE log (line VARCHAR(20))',
      "INSERT INTO log VALUES ('first'), ('second')",
    ];
    const on = (branch: string, ...statements: string[]) => [`CALL DOLT_CHECKOUT('${branch}')`, ...statements];
    const local = await makeDatabaseOf(
      folder.file('local'),
      ...committing('base', base),
      ...CASES.flatMap(({ first, second, after }, index) => {
        const [one, two] = [`first${index}`, `second${index}`];
        return [
          ...on('main', `CALL DOLT_BRANCH('${one}')`, `CALL DOLT_BRANCH('${two}')`),
          ...on(one, ...committing('first', first)),
          ...on(two, ...committing('second', second), `CALL DOLT_MERGE('${one}', '-m', 'here')`),
          ...on(one, `CALL DOLT_MERGE('${two}~1', '--no-ff', '-m', 'there')`, ...committing('after', after)),
        ];
      }),
    );
    branches = await branchesOf(local);
    engines = testEngines(local.path, folder.file('tmp'));
  });

  afterAll(async () => {
    await engines.close();
    await folder[Symbol.asyncDispose]();
  });

  test.each(CASES)('$title', async ({ title, says }) => {
    const index = CASES.findIndex((one) => one.title === title);
    const heads = { ours: branches[`first${index}`] ?? '', theirs: branches[`second${index}`] ?? '' };
    const failure = await failureOf(() =>
      inDatabase(engines, (database) =>
        withMerge(database, heads, async () => 'merged').finally(() => removeScratch(database)),
      ),
    );
    expect(failure).toMatchObject({ code: 'dolt-defect' });
    expect(failure.message).toMatch(says);
  });
});
