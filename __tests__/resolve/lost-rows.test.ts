import { describe, expect, test } from '@jest/globals';
import { BEADS_RULES } from '../../src/beads/database-rules.ts';
import type { Conflict } from '../../src/contract/result.ts';
import { checkout } from '../../src/dolt/sql/heads.ts';
import { lostRows } from '../../src/resolve/lost-rows.ts';
import { conflict } from '../helpers/results.ts';
import { atBranches, branchHeads } from '../helpers/workshop.ts';

/**
 * Rows of one branch that the other lacks, and the rows that their statements restore.
 * @param lost conflicts as a merge of both would report them
 */
async function restored(
  work: Parameters<typeof branchHeads>[0],
  lost: readonly Partial<Conflict>[],
  query: string,
): Promise<{
  readonly statements: readonly (string | undefined)[];
  /** The rows without a statement. */
  readonly without: readonly string[];
  readonly rows: unknown;
}> {
  const heads = await branchHeads(work);
  const { ours, theirs } = heads;
  const conflicts = lost.map((one) =>
    conflict({
      heads: { ours, theirs },
      lost: { commit: theirs, sql: null },
      ours: null,
      theirs: {},
      columns: [],
      ...one,
    }),
  );
  const found = await atBranches((database) =>
    database.session(async (sql) => {
      await checkout(sql, heads.local.name);
      return await lostRows(sql, 'partner', conflicts, BEADS_RULES);
    }),
  );
  const statements = found.map((one) => one.lost.sql);
  await heads.local.sql(...statements.flatMap((sql) => sql ?? []));
  const without = found.flatMap(({ lost: { kind, table, key, sql } }) =>
    sql === undefined ? [`${kind} ${table} ${Object.values(key ?? {})}`] : [],
  );
  return { statements, without, rows: await heads.local.rows(query) };
}

describe('a lost row is restored', () => {
  test.each<[string, string, string, string, string]>([
    ['a whole number', 'INT', '7', '7', '8'],
    ['a big number', 'BIGINT UNSIGNED', '18446744073709551600', '18446744073709551600', '18446744073709551601'],
    ['a text', 'VARCHAR(20)', "'a''b\\\\c'", "a'b\\c", "a'b\\c-2"],
    ['the longest possible text', 'CHAR(3)', "'abc'", 'abc', 'c-2'],
    ['an invisible text', 'VARCHAR(20)', "'a\\n\\tü'", 'a\n\tü', 'a\n\tü-2'],
  ])(
    'with a new key: %s',
    async (_, type, literal, key, expected) => {
      const { rows } = await restored(
        {
          base: [
            `CREATE TABLE \`od\`\`d table\` (id ${type} PRIMARY KEY, \`from\` VARCHAR(9), d INT AS (1) STORED, KEY k (\`from\`))`,
          ],
          ours: [`INSERT INTO \`od\`\`d table\` (id, \`from\`) VALUES (${literal}, 'ours')`],
          theirs: [`INSERT INTO \`od\`\`d table\` (id, \`from\`) VALUES (${literal}, 'theirs')`],
        },
        [{ kind: 'id-collision', table: 'od`d table', key: { id: key } }],
        "SELECT CAST(id AS CHAR) AS id, d FROM `od``d table` WHERE `from` = 'theirs'",
      );
      expect(rows).toEqual([{ id: expected, d: 1 }]);
    },
    60_000,
  );

  test('with a value that fits its column, or not at all if none is free', async () => {
    const full = Array.from({ length: 255 }, (_, index) => `(${index - 127})`).join(', ');
    const columns: readonly (readonly [type: string, present: string, lost: string, free: string | null])[] = [
      ['TINYINT', '5, 6, 127', '5', '7'],
      ['TINYINT', '6, 7, 127', '7', '8'],
      ['TINYINT AUTO_INCREMENT', '-1, 1, 126, 127', '126', '2'],
      ['INT', '2147483647', '2147483647', '2147483646'],
      ['BIGINT UNSIGNED', '5, 18446744073709551615', '5', '6'],
      ['YEAR', '2155, 2020', '2155', '2021'],
      ['DECIMAL(3,2)', '9.99, 1.5', '1.50', '1.51'],
      ['DECIMAL(3,2)', '1.5', '1.50', '2.00'],
      ["ENUM('a', 'b')", "'a'", 'a', null],
      ['CHAR(1)', "'a', '2', '3', '4', '5', '6', '7', '8', '9', '0', '1'", 'a', null],
      ['VARCHAR(9) COLLATE utf8mb4_general_ci', "'a', 'A-2'", 'a', 'a-3'],
    ];
    const { statements, rows } = await restored(
      {
        base: [
          ...columns.map(([type], index) => `CREATE TABLE n${index} (id ${type} PRIMARY KEY, side VARCHAR(9))`),
          'CREATE TABLE f (id TINYINT PRIMARY KEY)',
          'CREATE TABLE pre (id INT PRIMARY KEY, t VARCHAR(50), UNIQUE KEY (t(3)))',
          'CREATE TABLE wide (id INT PRIMARY KEY, t VARCHAR(50), UNIQUE KEY (t(4)))',
          'CREATE TABLE fits (id INT PRIMARY KEY, t VARCHAR(50), UNIQUE KEY (t(6)))',
        ],
        ours: [
          ...columns.map(
            ([, present], index) => `INSERT INTO n${index} (id) VALUES (${present.split(', ').join('), (')})`,
          ),
          `INSERT INTO f VALUES ${full}`,
          "INSERT INTO pre VALUES (1, 'abcd')",
          "INSERT INTO wide VALUES (1, 'ééa')",
          "INSERT INTO fits VALUES (1, 'éé')",
        ],
        theirs: [
          ...columns.map(([, , lost], index) => `INSERT INTO n${index} VALUES ('${lost}', 'theirs')`),
          'INSERT INTO f VALUES (1), (2)',
          "INSERT INTO pre VALUES (2, 'abcx')",
          "INSERT INTO wide VALUES (2, 'ééb')",
          "INSERT INTO fits VALUES (2, 'éé')",
        ],
      },
      [
        ...columns.map(([, , lost], index) => ({
          ...{ kind: 'id-collision' as const, table: `n${index}`, key: { id: lost } },
        })),
        { kind: 'id-collision', table: 'f', key: { id: '1' } },
        { kind: 'id-collision', table: 'f', key: { id: '2' } },
        ...['pre', 'wide', 'fits'].map((table) => ({
          ...{ kind: 'duplicate' as const, table, key: { id: '2' }, theirs: { id: '2' } },
        })),
      ],
      [
        ...columns.map(
          (_, index) => `SELECT '${index}' AS n, CAST(id AS CHAR) AS id FROM n${index} WHERE side = 'theirs'`,
        ),
        "SELECT 'f', CAST(MIN(id) AS CHAR) FROM f",
        "SELECT 'fits', t FROM fits WHERE id = 2",
      ].join(' UNION ALL '),
    );
    expect(rows).toEqual([
      ...columns.flatMap(([, , , id], index) => (id === null ? [] : [{ n: String(index), id }])),
      { n: 'f', id: '-128' },
      { n: 'fits', id: 'éé-2' },
    ]);
    expect(statements.filter((statement) => statement === undefined)).toHaveLength(5);
  }, 60_000);

  test('with its own key and another unique value each', async () => {
    const { rows } = await restored(
      {
        base: [
          'CREATE TABLE p (id INT PRIMARY KEY, slug VARCHAR(4) UNIQUE, pos INT UNIQUE)',
          "INSERT INTO p VALUES (1, 'abcd', 5)",
        ],
        ours: ["INSERT INTO p VALUES (2, 'x', 6), (3, 'y', 7)"],
        theirs: ['DELETE FROM p WHERE id = 1', "INSERT INTO p VALUES (2, 'abcd', 8), (3, 'y', 9), (4, 'x', 6)"],
      },
      [
        { kind: 'id-collision', table: 'p', key: { id: '2' } },
        { kind: 'id-collision', table: 'p', key: { id: '3' } },
        { kind: 'duplicate', table: 'p', key: { id: '4' }, theirs: { id: '4' }, ours: { id: '2' } },
      ],
      'SELECT id, slug, pos FROM p WHERE id > 3 ORDER BY id',
    );
    expect(rows).toEqual([
      { id: 4, slug: 'x-2', pos: 10 },
      { id: 5, slug: 'cd-2', pos: 8 },
      { id: 6, slug: 'y-2', pos: 9 },
    ]);
  }, 60_000);

  test('with another unique value if a row has its former one', async () => {
    const { statements, rows } = await restored(
      {
        base: [
          'CREATE TABLE p (id INT PRIMARY KEY, slug VARCHAR(20) UNIQUE)',
          "INSERT INTO p VALUES (1, 'a'), (2, 'b')",
        ],
        ours: ["UPDATE p SET slug = 'x' WHERE id = 1"],
        theirs: ["UPDATE p SET slug = 'x' WHERE id = 2"],
      },
      [{ kind: 'unique-conflict', table: 'p', key: { id: '2' }, columns: ['slug'], theirs: { slug: 'x' } }],
      'SELECT id, slug FROM p ORDER BY id',
    );
    expect(statements[0]).not.toContain("'x'");
    expect(rows).toEqual([
      { id: 1, slug: 'x' },
      { id: 2, slug: 'x-2' },
    ]);
  }, 60_000);

  test('without a statement if no key can be suggested', async () => {
    const { statements, rows } = await restored(
      {
        base: [
          'CREATE TABLE e (id INT PRIMARY KEY, p INT, FOREIGN KEY (p) REFERENCES e (id))',
          'INSERT INTO e VALUES (1, NULL)',
        ],
        ours: ['INSERT INTO e VALUES (2, NULL)'],
        theirs: ['UPDATE e SET p = 1'],
      },
      [
        { kind: 'reference', table: 'e', key: { id: '1' }, columns: ['p'] },
        { kind: 'dependant', table: 'gone', key: { id: '1' } },
      ],
      'SELECT id FROM e ORDER BY id',
    );
    expect(statements).toEqual([undefined]);
    expect(rows).toEqual([{ id: 1 }, { id: 2 }]);
  }, 60_000);

  test('without a statement if a key, a reference or a unique value is computed, or a value would refer to another row', async () => {
    const lost = (kind: Conflict['kind'], table: string, id: string, columns: string[] = []): Partial<Conflict> => ({
      ...{ kind, table, key: { id }, columns, theirs: { id } },
    });
    const { without, rows } = await restored(
      {
        base: [
          'CREATE TABLE p (id INT PRIMARY KEY, who VARCHAR(9), g INT AS (id * 10) STORED UNIQUE)',
          'CREATE TABLE one (id INT PRIMARY KEY, x INT, p INT AS (x) STORED, FOREIGN KEY (p) REFERENCES p (id))',
          'CREATE TABLE two (id INT PRIMARY KEY, x INT, y INT AS (x - 1) STORED, p INT AS (y + 1) STORED, FOREIGN KEY (p) REFERENCES p (id))',
          'CREATE TABLE ten (id INT PRIMARY KEY, p INT, FOREIGN KEY (p) REFERENCES p (g))',
          'CREATE TABLE below (id INT PRIMARY KEY, ten INT, FOREIGN KEY (ten) REFERENCES ten (id))',
          'CREATE TABLE own (id INT PRIMARY KEY, p INT AS (id) STORED, FOREIGN KEY (p) REFERENCES p (id))',
          'CREATE TABLE paired (id INT PRIMARY KEY, FOREIGN KEY (id) REFERENCES p (id))',
          'CREATE TABLE self (id INT PRIMARY KEY, who VARCHAR(9), up INT, FOREIGN KEY (up) REFERENCES self (id))',
          'CREATE TABLE twice (id INT PRIMARY KEY, u INT, g INT AS (u * 2) STORED UNIQUE)',
          'CREATE TABLE lowered (id INT PRIMARY KEY, u VARCHAR(9))',
          'CREATE UNIQUE INDEX low ON lowered ((LOWER(u)))',
          "INSERT INTO p (id, who) VALUES (1, 'base'), (2, 'base')",
          'INSERT INTO one (id, x) VALUES (1, 1)',
          'INSERT INTO twice (id, u) VALUES (1, 1), (2, 2)',
        ],
        ours: [
          "INSERT INTO p (id, who) VALUES (9, 'ours')",
          'INSERT INTO own (id) VALUES (1)',
          'INSERT INTO paired VALUES (1)',
          "INSERT INTO self VALUES (9, 'ours', 9)",
          'UPDATE twice SET u = 7 WHERE id = 1',
          'INSERT INTO twice (id, u) VALUES (3, 8)',
          "INSERT INTO lowered VALUES (9, 'Abc')",
        ],
        theirs: [
          "INSERT INTO p (id, who) VALUES (9, 'theirs')",
          'UPDATE one SET x = 9',
          'INSERT INTO one (id, x) VALUES (2, 9), (3, 2)',
          'INSERT INTO two (id, x) VALUES (1, 9)',
          'INSERT INTO ten VALUES (1, 90)',
          'INSERT INTO below VALUES (1, 1)',
          'INSERT INTO own (id) VALUES (1)',
          'INSERT INTO paired VALUES (1)',
          "INSERT INTO self VALUES (9, 'theirs', 9)",
          'UPDATE twice SET u = 7 WHERE id = 2',
          'INSERT INTO twice (id, u) VALUES (4, 8)',
          "INSERT INTO lowered VALUES (9, 'aBC')",
        ],
      },
      [
        lost('id-collision', 'p', '9'),
        lost('reference', 'one', '1', ['x']),
        lost('dependant', 'one', '2'),
        lost('dependant', 'one', '3'),
        lost('dependant', 'two', '1'),
        lost('dependant', 'ten', '1'),
        lost('dependant', 'below', '1'),
        lost('id-collision', 'own', '1'),
        lost('id-collision', 'paired', '1'),
        lost('id-collision', 'self', '9'),
        lost('unique-conflict', 'twice', '2', ['u']),
        lost('duplicate', 'twice', '4'),
        lost('id-collision', 'lowered', '9'),
      ],
      "SELECT 'p' AS name, id, g AS value FROM p WHERE who = 'theirs' UNION ALL SELECT 'one', id, p FROM one WHERE id > 1 UNION ALL SELECT 'self', id, up FROM self WHERE who = 'theirs' UNION ALL SELECT 'lowered', id, LENGTH(u) FROM lowered WHERE id > 9",
    );
    expect([...without].sort()).toEqual([
      'dependant below 1',
      'dependant one 2',
      'dependant ten 1',
      'dependant two 1',
      'duplicate twice 4',
      'id-collision lowered 9',
      'id-collision own 1',
      'id-collision paired 1',
      'reference one 1',
      'unique-conflict twice 2',
    ]);
    expect(rows).toEqual([
      { name: 'p', id: 10, value: 100 },
      { name: 'one', id: 3, value: 2 },
      { name: 'self', id: 10, value: 10 },
    ]);
  }, 60_000);
});
