import { describe, expect, test } from '@jest/globals';
import { BEADS_RULES } from '../../../src/beads/database-rules.ts';
import { checkout } from '../../../src/dolt/sql/heads.ts';
import { lostRows } from '../../../src/resolve/lost-rows.ts';
import { restoreLost } from '../../../src/resolve/restore-lost.ts';
import { lostVersions, parentsFirst, type Version } from '../../../src/rows/constraints/find-dependants.ts';
import { HASH_ORDERS } from '../../helpers/two-databases.ts';
import { atBranches, twoBranches } from '../../helpers/workshop.ts';

const version = (id: string, over: Partial<Version> = {}): Version => ({
  id,
  isLoser: false,
  opponent: null,
  parents: new Set(),
  ...over,
});
const loser = (id: string, opponent: string | null = null, ...parents: string[]): Version =>
  version(id, { isLoser: true, opponent, parents: new Set(parents) });
const child = (id: string, ...parents: string[]): Version => version(id, { parents: new Set(parents) });

describe('the lost versions of rows', () => {
  test.each<[string, readonly Version[], readonly string[]]>([
    ['include a loser with its dependants', [child('c', 'b'), child('b', 'a'), loser('a')], ['c', 'b', 'a']],
    ['include a dependant of one of several lost parents', [loser('a'), child('c', 'other', 'a')], ['a', 'c']],
    ['include a cycle of dependants', [loser('a'), child('b', 'a', 'c'), child('c', 'b')], ['a', 'b', 'c']],
    ['include a row that depends on itself', [loser('a', null, 'a')], ['a']],
    [
      'exclude a loser whose rival is lost with its parent',
      [loser('p:s', 'p:n'), child('c:s', 'p:s'), loser('c:n', 'c:s'), child('d:n', 'c:n')],
      ['p:s', 'c:s'],
    ],
    [
      'are decided in order for two families that exclude each other',
      [loser('c:n', 'c:s'), child('c:s', 'p:s'), child('p:n', 'c:n'), loser('p:s', 'p:n')],
      ['c:n', 'p:n'],
    ],
    [
      'include both versions if both depend on lost rows',
      [loser('p:s'), loser('q:n'), child('c:s', 'p:s'), loser('c:n', 'c:s', 'q:n')],
      ['p:s', 'q:n', 'c:s', 'c:n'],
    ],
    [
      'exclude a cycle whose parent is kept',
      [loser('p:s'), child('c:s', 'p:s'), loser('c:n', 'c:s'), child('x', 'c:n', 'y'), child('y', 'x')],
      ['p:s', 'c:s'],
    ],
  ])('%s', (_, versions, expected) => {
    expect([...lostVersions(versions)]).toEqual(expected);
  });

  test('parents are sorted first, a family together, and cycles end', () => {
    const ordered = parentsFirst([
      child('a2', 'b1'),
      child('b1', 'r1'),
      child('b2', 'r1', 'r2'),
      child('c1', 'c2'),
      child('c2', 'c1'),
      loser('r1'),
      loser('r2'),
    ]);
    expect(ordered.map(({ id }) => id)).toEqual(['r1', 'b1', 'a2', 'r2', 'b2', 'c1', 'c2']);
  });
});

// The creation time in a row counts only after the date of the common commit.
const PAST = "SET @@dolt_committer_date = '2026-01-01T00:00:00Z'";

const INVOICES = [
  PAST,
  'CREATE TABLE invoice (id INT PRIMARY KEY, who VARCHAR(20), created_at DATETIME)',
  'CREATE TABLE line (invoice INT, n INT, what VARCHAR(20), created_at DATETIME, PRIMARY KEY (invoice, n), FOREIGN KEY (invoice) REFERENCES invoice (id) ON DELETE CASCADE)',
  'CREATE TABLE tax (id VARCHAR(20) PRIMARY KEY, invoice INT, n INT, FOREIGN KEY (invoice, n) REFERENCES line (invoice, n))',
  "INSERT INTO invoice VALUES (1, 'old', '2026-01-01')",
];

describe.each(HASH_ORDERS)('rows with keys of both sides, %s', (order) => {
  test('a child with a key of both sides is lost with its own parent, and its rival gets the key', async () => {
    const databases = await twoBranches(...INVOICES);
    await databases.edit(
      [
        "INSERT INTO invoice VALUES (100, 'north', '2026-02-01')",
        "INSERT INTO line VALUES (100, 1, 'north 1', '2026-02-09'), (100, 2, 'north 2', '2026-02-01')",
        "INSERT INTO tax VALUES ('tax n1', 100, 1)",
      ],
      [
        "INSERT INTO invoice VALUES (100, 'south', '2026-02-02')",
        "INSERT INTO line VALUES (100, 1, 'south 1', '2026-02-02'), (100, 2, 'south 2', '2026-02-02'), (100, 3, 'south 3', '2026-02-02')",
        "INSERT INTO tax VALUES ('tax s1', 100, 1), ('tax s3', 100, 3)",
      ],
      order,
    );
    const inNorth = await databases.run('north');
    const progress = inNorth.run('south');
    expect(progress.failure).toBeNull();
    expect(await databases.north.rows('SELECT who FROM invoice WHERE id = 100')).toEqual([{ who: 'north' }]);
    expect(await databases.north.rows('SELECT what FROM line ORDER BY n')).toEqual([
      { what: 'north 1' },
      { what: 'north 2' },
    ]);
    expect(await databases.north.rows('SELECT id FROM tax')).toEqual([{ id: 'tax n1' }]);
    expect(progress.conflicts.map(({ kind, key, left }) => [kind, ...Object.values(key), left])).toEqual([
      ['id-collision', '100', true],
      ['id-collision', '100', '2', true],
      ['id-collision', '100', '1', true],
      ['dependant', '100', '3', true],
      ['dependant', 'tax s1', true],
      ['dependant', 'tax s3', true],
    ]);
    expect((await databases.run('south')).head).toBe(inNorth.head);
  });
});

test('a row that both sides added equally stays with the winner, and is restored with the row that lost', async () => {
  const databases = await twoBranches(...INVOICES);
  const invoice = (who: string, day: number): string[] => [
    `INSERT INTO invoice VALUES (100, '${who}', '2026-02-0${day}')`,
    "INSERT INTO line VALUES (100, 1, 'both', '2026-02-01')",
    "INSERT INTO tax VALUES ('both', 100, 1)",
    `INSERT INTO tax VALUES ('${who}', 100, 1)`,
  ];
  await databases.edit(invoice('north', 1), invoice('south', 2));
  const inNorth = await databases.run('north');
  const { conflicts, failure } = inNorth.run('south');
  expect(failure).toBeNull();
  expect(await databases.north.rows('SELECT id, invoice FROM tax ORDER BY id')).toEqual([
    { id: 'both', invoice: 100 },
    { id: 'north', invoice: 100 },
    { id: 'south', invoice: 100 },
  ]);
  expect(conflicts.map(({ kind, key, left, with: root }) => [kind, ...Object.values(key), left, root?.table])).toEqual([
    ['id-collision', '100', true, undefined],
    ['dependant', '100', '1', true, 'invoice'],
    ['dependant', 'both', true, 'invoice'],
    // Only one side added it, so the merge has it, with the other invoice.
    ['reference', 'south', true, 'invoice'],
  ]);
  expect((await databases.run('south')).head).toBe(inNorth.head);
  const restored = await atBranches(async (database) => {
    const found = await database.session(async (sql) => {
      await checkout(sql, databases.north.name);
      return await lostRows(sql, 'south', conflicts, BEADS_RULES);
    });
    const lost = found.map((one) => ({ ...one.lost, choose: 'restore' as const }));
    const author = async () => ({ name: 'Sue', email: 'sue@example.org' });
    return await restoreLost(database, inNorth.head, { lost, rules: BEADS_RULES, author });
  });
  const at = `AS OF '${restored.head}'`;
  expect(
    await databases.north.rows(
      `SELECT who, invoice.id, what, tax.id AS tax FROM invoice ${at} JOIN line ${at} ON line.invoice = invoice.id JOIN tax ${at} ON tax.invoice = line.invoice ORDER BY who, tax`,
    ),
  ).toEqual([
    { who: 'north', id: 100, what: 'both', tax: 'both' },
    { who: 'north', id: 100, what: 'both', tax: 'north' },
    { who: 'south', id: 101, what: 'both', tax: 'both-2' },
    { who: 'south', id: 101, what: 'both', tax: 'south' },
  ]);
}, 60_000);

const RINGS = [
  PAST,
  'CREATE TABLE a (id INT PRIMARY KEY, who VARCHAR(9), b INT, created_at DATETIME)',
  'CREATE TABLE b (id INT PRIMARY KEY, a INT, up INT, code VARCHAR(9) UNIQUE, FOREIGN KEY (a) REFERENCES a (id) ON DELETE CASCADE, FOREIGN KEY (up) REFERENCES b (id) ON DELETE CASCADE)',
  'CREATE TABLE by_code (id INT PRIMARY KEY, code VARCHAR(9), FOREIGN KEY (code) REFERENCES b (code))',
  'CREATE TABLE log (a INT, line VARCHAR(9), FOREIGN KEY (a) REFERENCES a (id))',
  'ALTER TABLE a ADD FOREIGN KEY (b) REFERENCES b (id)',
  "INSERT INTO a VALUES (1, 'old', NULL, '2026-01-01')",
];
const NORTH = ["INSERT INTO a VALUES (7, 'north', NULL, '2026-02-01')"];
const SOUTH = [
  'SET foreign_key_checks = 0',
  "INSERT INTO a VALUES (7, 'south', 70, '2026-02-02'), (8, 'south', 71, '2026-02-02')",
  "INSERT INTO b VALUES (70, 7, 72, 'x'), (71, NULL, 70, NULL), (72, NULL, 72, NULL), (73, NULL, 71, NULL), (74, NULL, NULL, 'y')",
  "INSERT INTO by_code VALUES (1, 'x'), (2, 'y')",
  "INSERT INTO log VALUES (7, 'of 7'), (1, 'of 1')",
  'UPDATE a SET b = 72 WHERE id = 1',
  'SET foreign_key_checks = 1',
];

test.each(HASH_ORDERS)(
  'cycles, rows of their own table and unique values are followed, %s',
  async (order) => {
    const databases = await twoBranches(...RINGS);
    await databases.edit(NORTH, SOUTH, order);
    const inNorth = await databases.run('north');
    const progress = inNorth.run('south');
    expect(progress.failure).toBeNull();
    expect(await databases.north.rows('SELECT id, who FROM a ORDER BY id')).toEqual([
      { id: 1, who: 'old' },
      { id: 7, who: 'north' },
    ]);
    // 72 and 74 refer to no row that lost its key.
    expect(await databases.north.rows('SELECT id FROM b ORDER BY id')).toEqual([{ id: 72 }, { id: 74 }]);
    expect(await databases.north.rows('SELECT id FROM by_code')).toEqual([{ id: 2 }]);
    expect(await databases.north.rows('SELECT line FROM log ORDER BY line')).toEqual([
      { line: 'of 1' },
      { line: 'of 7' },
    ]);
    expect(progress.conflicts.map(({ kind, table, key }) => [kind, table, ...Object.values(key)])).toEqual([
      ['id-collision', 'a', '7'],
      ['dependant', 'b', '70'],
      ['dependant', 'b', '71'],
      ['dependant', 'by_code', '1'],
      ['dependant', 'a', '8'],
      ['dependant', 'b', '73'],
      // Rows of a table without a primary key cannot be distinguished: they stay, and are listed.
      ['reference', 'log'],
    ]);
    expect((await databases.run('south')).head).toBe(inNorth.head);
  },
  60_000,
);

test('a dependant in a table with triggers is not removed, and the merge is refused', async () => {
  const databases = await twoBranches(
    ...INVOICES,
    'CREATE TABLE seen (n INT PRIMARY KEY)',
    'CREATE TRIGGER watch BEFORE DELETE ON tax FOR EACH ROW INSERT INTO seen VALUES (1)',
  );
  const invoice = (who: string, day: number) => [
    `INSERT INTO invoice VALUES (100, '${who}', '2026-02-0${day}')`,
    `INSERT INTO line VALUES (100, ${day}, '${who}', NULL)`,
    `INSERT INTO tax VALUES ('${who}', 100, ${day})`,
  ];
  await databases.edit(invoice('north', 1), invoice('south', 2));
  const before = await databases.north.head();
  const progress = (await databases.run('north')).run('south');
  expect(progress.failure).toMatchObject({ code: 'constraint-violation' });
  expect(progress.failure?.message).toContain('would fire its triggers');
  expect(await databases.north.head()).toBe(before);
}, 60_000);

test.each(['ours', 'theirs'] as const)(
  'the family is lost too under %s, and no row remains',
  async (strategy) => {
    const databases = await twoBranches(...INVOICES);
    await databases.edit(
      ["INSERT INTO invoice VALUES (100, 'north', NULL)", "INSERT INTO line VALUES (100, 1, 'north', NULL)"],
      ["INSERT INTO invoice VALUES (100, 'south', NULL)", "INSERT INTO line VALUES (100, 2, 'south', NULL)"],
    );
    const progress = (await databases.run('north', { strategy })).run('south');
    expect(progress.conflicts.map(({ kind, left }) => [kind, left])).toEqual([
      ['id-collision', false],
      ['dependant', false],
    ]);
    const what = strategy === 'ours' ? 'north' : 'south';
    expect(await databases.north.rows('SELECT who, what FROM invoice i JOIN line l ON l.invoice = i.id')).toEqual([
      { who: what, what },
    ]);
  },
  60_000,
);

test('rows that refer through generated columns are listed by the columns behind them, or get these back', async () => {
  const databases = await twoBranches(
    PAST,
    'CREATE TABLE p (id INT PRIMARY KEY, who VARCHAR(9), created_at DATETIME)',
    'CREATE TABLE q (id INT PRIMARY KEY, p INT, FOREIGN KEY (p) REFERENCES p (id))',
    "CREATE TABLE doc (id INT PRIMARY KEY, d JSON, p INT AS (JSON_EXTRACT(d, '$.p')) STORED, FOREIGN KEY (p) REFERENCES p (id))",
    'CREATE TABLE chain (id INT PRIMARY KEY, u INT UNIQUE, x INT, y INT AS (x + 1) STORED, q INT AS (y - 1) STORED, FOREIGN KEY (q) REFERENCES q (id))',
    "INSERT INTO p VALUES (1, 'old', '2026-01-01')",
    'INSERT INTO q VALUES (1, 1)',
    `INSERT INTO doc (id, d) VALUES (1, '{"p": 1, "a": 1}'), (2, '{"p": 1}')`,
    'INSERT INTO chain (id, u, x) VALUES (1, 1, 1), (2, 2, 1)',
  );
  await databases.edit(
    ["INSERT INTO p VALUES (7, 'north', '2026-02-01')", `UPDATE doc SET d = '{"p": 1, "a": 2}' WHERE id = 1`],
    [
      "INSERT INTO p VALUES (7, 'south', '2026-02-02')",
      'INSERT INTO q VALUES (70, 7)',
      `UPDATE doc SET d = JSON_SET(d, '$.p', 7)`,
      'UPDATE chain SET x = 70 WHERE id = 2',
    ],
  );
  const progress = (await databases.run('north')).run('south');
  expect(progress.failure).toBeNull();
  expect(progress.conflicts.map(({ kind, table, key, columns }) => [kind, table, key['id'], ...columns])).toEqual([
    ['id-collision', 'p', '7', 'who', 'created_at'],
    ['dependant', 'q', '70', 'id', 'p'],
    ['reference', 'chain', '2', 'x'],
    ['reference', 'doc', '1', 'd'],
    ['reference', 'doc', '2', 'd'],
  ]);
  expect(await databases.north.rows('SELECT id, p FROM doc ORDER BY id')).toEqual([
    { id: 1, p: 7 },
    { id: 2, p: 7 },
  ]);
  expect(await databases.north.rows('SELECT id, x, q FROM chain ORDER BY id')).toEqual([
    { id: 1, x: 1, q: 1 },
    { id: 2, x: 1, q: 1 },
  ]);
}, 60_000);
