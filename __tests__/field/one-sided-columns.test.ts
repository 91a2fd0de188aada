import { describe, expect, test } from '@jest/globals';
import type { UnresolvedRow } from '../../src/resolve/conflicts-file.ts';
import { branched } from '../helpers/branched.ts';
import { tempFolder } from '../helpers/temp-folder.ts';
import { HASH_ORDERS } from '../helpers/two-databases.ts';
import { byCell, resolveHeads, twoHeads, wholly } from '../helpers/two-heads.ts';

const made = baseOf('t');
const NORTH = northIn('t');
const SOUTH = southIn('t');

function baseOf(table: string): string[] {
  return [
    `CREATE TABLE ${table} (id INT PRIMARY KEY, a VARCHAR(20), b VARCHAR(20))`,
    `INSERT INTO ${table} VALUES (1, 'a', 'b'), (2, 'a', 'b'), (3, 'a', 'b')`,
  ];
}

/** Row 2 survives its deletion in south, row 3 its deletion in north. */
function northIn(table: string): string[] {
  return [
    `UPDATE ${table} SET a = 'north' WHERE id = 1`,
    `UPDATE ${table} SET a = 'north' WHERE id = 2`,
    `DELETE FROM ${table} WHERE id = 3`,
  ];
}

function southIn(table: string): string[] {
  return [
    `UPDATE ${table} SET b = 'south' WHERE id = 1`,
    `DELETE FROM ${table} WHERE id = 2`,
    `UPDATE ${table} SET a = 'south' WHERE id = 3`,
  ];
}

/** Changes of the columns of a table by one side only, and the rows after the merge. All are merged in one run. */
const CHANGES: Readonly<
  Record<
    string,
    { readonly by: 'north' | 'south'; readonly alter: readonly string[]; readonly rows: readonly object[] }
  >
> = {
  added: { by: 'north', alter: ['ADD COLUMN c INT'], rows: rowsWith({}, {}, {}) },
  north_default: {
    by: 'north',
    alter: ["ADD COLUMN c VARCHAR(9) NOT NULL DEFAULT 'new'"],
    rows: rowsWith({ c: 'new' }, { c: 'new' }, { c: 'new' }),
  },
  south_default: {
    by: 'south',
    alter: ["ADD COLUMN c VARCHAR(9) NOT NULL DEFAULT 'new'"],
    rows: rowsWith({ c: 'new' }, { c: 'new' }, { c: 'new' }),
  },
  like_an_object: { by: 'south', alter: ['ADD COLUMN constructor INT'], rows: rowsWith({}, {}, {}) },
  computed: {
    by: 'north',
    alter: ['ADD COLUMN c VARCHAR(20) AS (CONCAT(a, b)) STORED, ADD INDEX (b)'],
    rows: rowsWith({ c: 'northsouth' }, { c: 'northb' }, { c: 'southb' }),
  },
  filled: { by: 'south', alter: ['ADD COLUMN c INT NOT NULL DEFAULT 7'], rows: rowsWith({ c: 9 }, { c: 7 }, { c: 9 }) },
  dropped: {
    by: 'north',
    alter: ['DROP COLUMN b'],
    rows: [
      { id: 1, a: 'north' },
      { id: 2, a: 'north' },
      { id: 3, a: 'south' },
    ],
  },
  replaced: {
    by: 'north',
    alter: ['DROP COLUMN b', 'ADD COLUMN n INT DEFAULT 4'],
    rows: [
      { id: 1, a: 'north', n: 4 },
      { id: 2, a: 'north', n: 4 },
      { id: 3, a: 'south', n: 4 },
    ],
  },
};

/** Rows in conflict beside a unique key: they are unresolved with the defaults of the new columns. */
const UNIQUE = {
  base: [...baseOf('beside_unique'), 'UPDATE beside_unique SET b = id', 'CREATE UNIQUE INDEX u ON beside_unique (b)'],
  north: [
    "ALTER TABLE beside_unique ADD COLUMN c VARCHAR(9) NOT NULL DEFAULT 'it''s'",
    "ALTER TABLE beside_unique ADD COLUMN e ENUM('2', '1') NOT NULL DEFAULT '1', ADD COLUMN s SET('y', 'x') DEFAULT 'x'",
    'DELETE FROM beside_unique WHERE id = 3',
    "UPDATE beside_unique SET a = 'north' WHERE id = 2",
  ],
  south: ["UPDATE beside_unique SET b = 'x' WHERE id = 3", 'DELETE FROM beside_unique WHERE id = 2'],
  rows: [
    { id: 1, a: 'a', b: '1', c: "it's", e: '1', s: 'x' },
    { id: 2, a: 'north', b: '2', c: "it's", e: '1', s: 'x' },
    { id: 3, a: 'a', b: 'x', c: "it's", e: '1', s: 'x' },
  ],
};

/** Renames of columns by north, and by south in the peer that also changes a row of the table. */
const RENAMES: Readonly<Record<string, { readonly north: readonly string[]; readonly south?: readonly string[] }>> = {
  on_both_sides: { north: ['RENAME COLUMN b TO z'], south: ['RENAME COLUMN b TO z'] },
  in_its_case: { north: ['RENAME COLUMN b TO x', 'RENAME COLUMN x TO B'] },
  exchanged: { north: ['RENAME COLUMN a TO x, RENAME COLUMN b TO a', 'RENAME COLUMN x TO b'] },
  on_one_side: { north: ['RENAME COLUMN b TO z'] },
};

function rowsWith(...more: readonly [object, object, object]): object[] {
  return [
    { id: 1, a: 'north', b: 'south', ...more[0] },
    { id: 2, a: 'north', b: 'b', ...more[1] },
    { id: 3, a: 'south', b: 'b', ...more[2] },
  ];
}

describe.each(HASH_ORDERS)('%s', (order) => {
  test('columns that one side changed merge with rows that either side deleted or changed', async () => {
    await using folder = await tempFolder();
    const tables = Object.entries(CHANGES);
    const sides = branched(folder, ...tables.flatMap(([table]) => baseOf(table)), ...UNIQUE.base);
    const alterBy = (side: 'north' | 'south') =>
      tables.flatMap(([table, { by, alter }]) =>
        by === side ? alter.map((change) => `ALTER TABLE ${table} ${change}`) : [],
      );
    await sides.edit(
      [...alterBy('north'), ...tables.flatMap(([table]) => northIn(table)), ...UNIQUE.north],
      [...alterBy('south'), ...tables.flatMap(([table]) => southIn(table)), 'UPDATE filled SET c = 9', ...UNIQUE.south],
      order,
    );
    await sides.merge();
    const expected = [...tables.map(([table, { rows }]) => [table, rows] as const), ['beside_unique', UNIQUE.rows]];
    const found = await sides.read(...expected.map(([table]) => `SELECT * FROM ${table} ORDER BY id`));
    expect(expected.map(([table], index) => [table, found[index]])).toEqual(expected);
  });

  test('renamed columns are refused with a hint, and nothing is resolved', async () => {
    await using folder = await tempFolder();
    const tables = Object.entries(RENAMES);
    const sides = branched(folder, ...tables.flatMap(([table]) => baseOf(table)));
    const renaming = (table: string, changes: readonly string[]) =>
      changes.map((change) => `ALTER TABLE ${table} ${change}`);
    const before = await sides.edit(
      tables.flatMap(([table, { north }]) => [`DELETE FROM ${table} WHERE id = 1`, ...renaming(table, north)]),
      Object.fromEntries(
        tables.map(([table, { south = [] }]) => [
          table,
          [`UPDATE ${table} SET a = 'south', b = 'south' WHERE id = 1`, ...renaming(table, south)],
        ]),
      ),
      order,
    );
    for (const run of await sides.runs('newest', 'theirs', 'manual')) {
      expect(run.allProgress.map(({ peer, failure }) => [peer.name, failure?.code, failure?.message])).toEqual(
        tables.map(([table]) => [
          table,
          'dolt-defect',
          expect.stringMatching(`${table} has rows in conflict and renamed columns`),
        ]),
      );
      expect(run.now).toBe(before);
    }
  });

  test.each([
    { alter: 'ADD COLUMN c INT DEFAULT 7 FIRST', columns: 'id, a, b, c', more: { c: 7 } },
    { alter: 'ADD COLUMN c INT DEFAULT 7 AFTER id', columns: 'id, a, b, c', more: { c: 7 } },
    { alter: 'MODIFY COLUMN b VARCHAR(20) FIRST', columns: 'id, a, b', more: {} },
  ])(
    '$alter gives the right rows or a refusal, because this Dolt cannot merge all of them',
    async ({ alter, columns, more }) => {
      await using folder = await tempFolder();
      const sides = branched(folder, ...made);
      const before = await sides.edit([`ALTER TABLE t ${alter}`, ...NORTH], SOUTH, order);
      const run = await sides.run();
      const { failure } = run.run('south');
      if (failure === null) {
        const rows = await sides.rows(`SELECT ${columns} FROM t ORDER BY id`);
        expect(rows).toEqual([
          { id: 1, a: 'north', b: 'south', ...more },
          { id: 2, a: 'north', b: 'b', ...more },
          { id: 3, a: 'south', b: 'b', ...more },
        ]);
      } else {
        expect(failure.code).toBe('dolt-defect');
        expect(run.now).toBe(before);
      }
    },
  );

  test.each([
    { table: 'a VARCHAR(20), id INT PRIMARY KEY, b VARCHAR(20)', after: '`id` int NOT NULL,\n  `b` varchar(20)' },
    { table: 'a VARCHAR(20), b VARCHAR(20), id INT PRIMARY KEY', after: '`b` varchar(20),\n  `id` int NOT NULL' },
  ])('a column dropped before the key of ($table) leaves a complete table, or the merge is refused', async (shape) => {
    await using folder = await tempFolder();
    const sides = branched(
      folder,
      `CREATE TABLE t (${shape.table})`,
      "INSERT INTO t (id, a, b) VALUES (1, 'a', 'b'), (2, 'a', 'b')",
    );
    await sides.edit(
      ['ALTER TABLE t DROP COLUMN a', "UPDATE t SET b = 'north' WHERE id = 1"],
      ["UPDATE t SET b = 'south' WHERE id = 2"],
      order,
    );
    // The smaller hash is ours in the merge. If that side drops the column, Dolt merges correctly. The side that has the
    // column takes the merge, or refuses in the same way.
    if (order === 'north-first') await sides.merge();
    else {
      const codes = (await sides.refused()).get('south')?.map((failure) => failure?.code);
      expect(codes).toEqual(['dolt-defect', 'dolt-defect']);
    }
    const [rows, definition] = await sides.read('SELECT id, b FROM t ORDER BY id', 'SHOW CREATE TABLE t');
    expect(rows).toEqual([
      { id: 1, b: 'north' },
      { id: 2, b: order === 'north-first' ? 'south' : 'b' },
    ]);
    expect(definition?.[0]?.['Create Table']).toContain(`${shape.after},\n  PRIMARY KEY (\`id\`)`);
  });

  test('a new column in config of beads keeps whole rows', async () => {
    await using folder = await tempFolder();
    const sides = branched(
      folder,
      ...['issues', 'dependencies', 'labels', 'events'].map((name) => `CREATE TABLE ${name} (id INT PRIMARY KEY)`),
      'CREATE TABLE config (`key` VARCHAR(40) PRIMARY KEY, value TEXT)',
      "INSERT INTO config VALUES ('both', 'old'), ('gone', 'old')",
    );
    await sides.edit(
      [
        "ALTER TABLE config ADD COLUMN scope VARCHAR(9) NOT NULL DEFAULT 'all'",
        "UPDATE config SET value = 'north', scope = 'north' WHERE `key` = 'both'",
        "DELETE FROM config WHERE `key` = 'gone'",
        "INSERT INTO config VALUES ('added', 'north', 'north')",
      ],
      [
        "UPDATE config SET value = 'south'",
        "INSERT INTO config VALUES ('added', 'south')",
        "CALL DOLT_COMMIT('-A', '-m', 'later', '--date', '2099-01-01T00:00:00')",
        'CREATE TABLE later (id INT PRIMARY KEY)',
      ],
      order,
    );
    await sides.merge();
    const rows = await sides.rows('SELECT * FROM config ORDER BY `key`');
    expect(rows).toContainEqual({ key: 'gone', value: 'south', scope: 'all' });
    // A row is never mixed from both sides.
    for (const { key, value, scope } of rows) {
      if (key !== 'gone') expect([value, scope]).toEqual(value === 'north' ? ['north', 'north'] : ['south', 'all']);
    }
  });
});

describe('the strategies ours and theirs', () => {
  test.each([
    { strategy: 'theirs', by: ['north', 'south'], rows: [1, 3] },
    { strategy: 'ours', by: ['north'], rows: [1, 2] },
  ] as const)('$strategy wins, with a new column of $by', async ({ strategy, by, rows }) => {
    await using folder = await tempFolder();
    const sides = branched(folder, ...by.flatMap((side) => baseOf(`by_${side}`)));
    const alter = (changing: 'north' | 'south') =>
      by
        .filter((side) => side === changing)
        .map((side) => `ALTER TABLE by_${side} ADD COLUMN c INT NOT NULL DEFAULT 7`);
    await sides.edit(
      [...alter('north'), ...by.flatMap((side) => northIn(`by_${side}`))],
      [...alter('south'), ...by.flatMap((side) => southIn(`by_${side}`))],
    );
    expect((await sides.run(strategy)).run('south').failure).toBeNull();
    const found = await sides.read(...by.map((side) => `SELECT id, c FROM by_${side} ORDER BY id`));
    expect(by.map((side, index) => [side, found[index]])).toEqual(
      by.map((side) => [side, rows.map((id) => ({ id, c: 7 }))]),
    );
  });
});

/** One table for each choice: the choice of all its rows, and the values of `a` and `b` in the rows 1 to 3 afterwards. */
const CHOICES: Readonly<
  Record<
    string,
    {
      readonly choose: (row: UnresolvedRow) => UnresolvedRow;
      readonly rows: readonly (readonly [a: string, b: string] | null)[];
    }
  >
> = {
  takes_ours: { choose: wholly('ours'), rows: [['north', 'south'], ['north', 'b'], null] },
  takes_theirs: { choose: wholly('theirs'), rows: [['south', 'south'], null, ['south', 'b']] },
  takes_base: {
    choose: wholly('base'),
    rows: [
      ['a', 'south'],
      ['a', 'b'],
      ['a', 'b'],
    ],
  },
  takes_none: { choose: wholly('delete'), rows: [null, null, null] },
  takes_a_cell: {
    choose: (row) => (row.kind === 'changed' ? byCell({ a: { value: 'mine' } })(row) : wholly('delete')(row)),
    rows: [['mine', 'south'], null, null],
  },
};

test.each(['ours', 'theirs'] as const)('resolve takes rows and cells, with a new column of %s', async (by) => {
  await using folder = await tempFolder();
  const tables = Object.keys(CHOICES);
  const alter = (side: 'ours' | 'theirs') =>
    by === side ? tables.map((table) => `ALTER TABLE ${table} ADD COLUMN c VARCHAR(9) NOT NULL DEFAULT 'new'`) : [];
  const heads = await twoHeads(folder, {
    base: tables.flatMap(baseOf),
    ours: [...alter('ours'), ...tables.flatMap(northIn)],
    theirs: [
      ...alter('theirs'),
      ...tables.flatMap((table) => [...southIn(table), `UPDATE ${table} SET a = 'south' WHERE id = 1`]),
    ],
  });
  const { read } = await resolveHeads(folder, heads, (row) => CHOICES[row.table]?.choose(row) ?? row);
  const each = tables.map((name) => `SELECT '${name}' AS name, id, a, b, c FROM ${name} MERGED`);
  expect(await read(`${each.join(' UNION ALL ')} ORDER BY name, id`)).toEqual(
    Object.entries(CHOICES)
      .toSorted(([one], [other]) => (one < other ? -1 : 1))
      .flatMap(([name, { rows }]) =>
        rows.flatMap((row, index) => (row === null ? [] : [{ name, id: index + 1, a: row[0], b: row[1], c: 'new' }])),
      ),
  );
});

test('a table with a trigger whose row would be rewritten is refused', async () => {
  await using folder = await tempFolder();
  const sides = branched(
    folder,
    ...made,
    'CREATE TABLE log (id INT AUTO_INCREMENT PRIMARY KEY)',
    'CREATE TRIGGER fired AFTER INSERT ON t FOR EACH ROW INSERT INTO log VALUES ()',
  );
  await sides.edit(['ALTER TABLE t ADD COLUMN c INT', ...NORTH], SOUTH, 'north-first');
  const { failure } = (await sides.run()).run('south');
  expect(failure).toMatchObject({ code: 'constraint-violation', message: expect.stringContaining('triggers') });
  expect(await sides.rows('SELECT id FROM log')).toEqual([]);
});
