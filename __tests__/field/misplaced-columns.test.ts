import { describe, expect, test } from '@jest/globals';
import { branched } from '../helpers/branched.ts';
import { tempFolder } from '../helpers/temp-folder.ts';
import { HASH_ORDERS } from '../helpers/two-databases.ts';
import { twoBranches } from '../helpers/workshop.ts';

/** Columns in an order in which Dolt merges the cells of a row by the wrong column. */
const MISPLACED = [
  {
    table: 'virtual_before',
    base: ['ALTER TABLE virtual_before ADD COLUMN g INT AS (n * 2) VIRTUAL AFTER id'],
    north: [],
    south: [],
  },
  {
    table: 'virtual_added',
    base: [],
    north: [],
    south: ['ALTER TABLE virtual_added ADD COLUMN g INT AS (n * 2) VIRTUAL AFTER n'],
  },
  {
    table: 'index_before',
    base: ['CREATE INDEX f ON index_before ((n * 2))', 'ALTER TABLE index_before ADD w INT'],
    north: [],
    south: [],
  },
  {
    table: 'from_both',
    base: [],
    north: ['CREATE INDEX f ON from_both ((n * 2))'],
    south: ['ALTER TABLE from_both ADD w INT'],
  },
] as const;

describe.each(HASH_ORDERS)('misplaced columns, %s', (order) => {
  const misplaced = ({ table, base }: (typeof MISPLACED)[number]): string[] => [
    `CREATE TABLE ${table} (id INT PRIMARY KEY, n INT, v INT, x INT)`,
    ...base,
    `INSERT INTO ${table} (id, n, v, x) VALUES (1, 1, 1, 1), (2, 2, 2, 2)`,
  ];

  test('rows of one side merge', async () => {
    await using folder = await tempFolder();
    const sides = branched(folder, ...MISPLACED.flatMap(misplaced));
    await sides.edit(
      MISPLACED.flatMap(({ table, north }) => [...north, `UPDATE ${table} SET v = 88 WHERE id = 1`]),
      MISPLACED.flatMap(({ table, south }) => [...south, `UPDATE ${table} SET x = 99 WHERE id = 2`]),
      order,
    );
    expect((await sides.run()).run('south').failure).toBeNull();
    const each = MISPLACED.map(({ table }) => `SELECT '${table}' AS shape, id, v, x FROM ${table}`);
    expect(await sides.rows(`${each.join(' UNION ALL ')} ORDER BY shape, id`)).toEqual(
      MISPLACED.map(({ table }) => table)
        .sort()
        .flatMap((shape) => [
          { shape, id: 1, v: 88, x: 1 },
          { shape, id: 2, v: 2, x: 99 },
        ]),
    );
  });

  test('a row of both sides is refused in a table of each shape', async () => {
    await using folder = await tempFolder();
    const sides = branched(folder, ...MISPLACED.flatMap(misplaced));
    const add = (table: string, v: number): string => `INSERT INTO ${table} (id, n, v) VALUES (10, 1, ${v})`;
    const before = await sides.edit(
      MISPLACED.flatMap(({ table, north }) => [...north, add(table, 88)]),
      Object.fromEntries(MISPLACED.map(({ table, south }) => [table, [...south, add(table, 99)]])),
      order,
    );
    for (const run of await sides.runs('newest', 'manual')) {
      expect(run.allProgress.map(({ peer, failure }) => [peer.name, failure?.code, failure?.message])).toEqual(
        MISPLACED.map(({ table }) => [table, 'dolt-defect', expect.stringContaining(`the same rows of ${table}`)]),
      );
      expect(run.now).toBe(before);
    }
  });
});

test('a row that one side deletes beside an added column and the other side changes is refused', async () => {
  await using folder = await tempFolder();
  const sides = branched(
    folder,
    'CREATE TABLE t (id INT PRIMARY KEY, a INT, d DECIMAL(8, 3))',
    'INSERT INTO t VALUES (1, 1, 1.2), (2, 2, 2)',
  );
  await sides.edit(
    ['UPDATE t SET d = 1.4 WHERE id = 1'],
    ['ALTER TABLE t ADD COLUMN n INT AFTER a', 'DELETE FROM t WHERE id = 1'],
    'north-first',
  );
  expect((await sides.run()).run('south').failure?.code).toBe('dolt-defect');
});

test.each(HASH_ORDERS)('a row that one side deletes beside a moved column and no side changes, %s', async (order) => {
  const moves = { added: 'ADD COLUMN x VARCHAR(9) AFTER id', moved: 'MODIFY a INT AFTER b', dropped: 'DROP COLUMN a' };
  for (const [name, move] of Object.entries(moves)) {
    const databases = await twoBranches(
      'CREATE TABLE t (id INT PRIMARY KEY, a INT, b VARCHAR(20))',
      "INSERT INTO t VALUES (1, 1, 'b'), (2, 2, 'b'), (3, 3, 'b')",
    );
    await databases.edit(
      ['DELETE FROM t WHERE id = 1', "UPDATE t SET b = 'north' WHERE id = 3"],
      [`ALTER TABLE t ${move}`, "UPDATE t SET b = 'south' WHERE id = 2"],
      order,
    );
    const { failure } = (await databases.run('north')).run('south');
    // In the other order Dolt reads the deleted row by the wrong types, and fails.
    expect([name, failure?.code ?? null]).toEqual([name, order === 'north-first' ? null : 'dolt-defect']);
    const rows = [
      { id: 2, b: 'south' },
      { id: 3, b: 'north' },
    ];
    if (failure === null) expect(await databases.north.rows('SELECT id, b FROM t ORDER BY id')).toEqual(rows);
  }
});
