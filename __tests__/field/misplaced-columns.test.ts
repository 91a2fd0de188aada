import { describe, expect, test } from '@jest/globals';
import { tempFolder } from '../helpers/temp-folder.ts';
import { HASH_ORDERS, twoDatabases } from '../helpers/two-databases.ts';

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
    const databases = await twoDatabases(folder, ...MISPLACED.flatMap(misplaced));
    await databases.edit(
      MISPLACED.flatMap(({ table, north }) => [...north, `UPDATE ${table} SET v = 88 WHERE id = 1`]),
      MISPLACED.flatMap(({ table, south }) => [...south, `UPDATE ${table} SET x = 99 WHERE id = 2`]),
      order,
    );
    expect((await databases.run('north')).run('south').failure).toBeNull();
    const each = MISPLACED.map(({ table }) => `SELECT '${table}' AS shape, id, v, x FROM ${table}`);
    expect(await databases.north.rows(`${each.join(' UNION ALL ')} ORDER BY shape, id`)).toEqual(
      MISPLACED.map(({ table }) => table)
        .sort()
        .flatMap((shape) => [
          { shape, id: 1, v: 88, x: 1 },
          { shape, id: 2, v: 2, x: 99 },
        ]),
    );
  });

  test.each(MISPLACED)('$table: a row of both sides is refused', async (shape) => {
    const { table, north, south } = shape;
    await using folder = await tempFolder();
    const databases = await twoDatabases(folder, ...misplaced(shape));
    const add = (v: number): string => `INSERT INTO ${table} (id, n, v) VALUES (10, 1, ${v})`;
    await databases.edit([...north, add(88)], [...south, add(99)], order);
    const before = await databases.north.head();
    for (const strategy of ['newest', 'manual'] as const) {
      const { failure } = (await databases.run('north', { strategy })).run('south');
      const message = expect.stringContaining(`the same rows of ${table}`);
      expect(failure).toMatchObject({ code: 'dolt-defect', message });
    }
    expect(await databases.north.head()).toBe(before);
  });
});

test('a row that one side deletes beside an added column and the other side changes is refused', async () => {
  await using folder = await tempFolder();
  const databases = await twoDatabases(
    folder,
    'CREATE TABLE t (id INT PRIMARY KEY, a INT, d DECIMAL(8, 3))',
    'INSERT INTO t VALUES (1, 1, 1.2), (2, 2, 2)',
  );
  await databases.edit(
    ['UPDATE t SET d = 1.4 WHERE id = 1'],
    ['ALTER TABLE t ADD COLUMN n INT AFTER a', 'DELETE FROM t WHERE id = 1'],
    'north-first',
  );
  expect((await databases.run('north')).run('south').failure?.code).toBe('dolt-defect');
});
