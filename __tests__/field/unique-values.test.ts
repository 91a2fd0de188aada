import { describe, expect, test } from '@jest/globals';
import type { Conflict } from '../../src/contract/result.ts';
import { type Branched, branched } from '../helpers/branched.ts';
import { tempFolder } from '../helpers/temp-folder.ts';
import { HASH_ORDERS } from '../helpers/two-databases.ts';

const brief = ({ kind, table, key, left }: Conflict) => `${kind} ${table} ${Object.values(key).join(' ')} ${left}`;

/** Times in rows can then be between the last common commit and the commits that add the rows. */
const OLD_BASE = "SET @@dolt_author_date = '2020-01-01T00:00:00Z', @@dolt_committer_date = '2020-01-01T00:00:00Z'";
const EARLY = "'2020-02-01'";
const LATE = "'2020-03-01'";

/** Both sides merge the other one's head, and make the same commit. @returns what north reports */
async function mergeBoth(sides: Branched): Promise<readonly Conflict[]> {
  const inNorth = await sides.merge();
  expect(inNorth.merge).toMatchObject({ protocol: 2, deterministic: true });
  return inNorth.run('south').conflicts;
}

describe.each(HASH_ORDERS)('rows that claim one unique value, %s', (order) => {
  test('keep those of the base; the later claim is undone, and so are claims of its old value', async () => {
    await using folder = await tempFolder();
    const sides = branched(
      folder,
      OLD_BASE,
      'CREATE TABLE p (id INT PRIMARY KEY, name VARCHAR(10), slug VARCHAR(10) UNIQUE, updated_at DATETIME)',
      "INSERT INTO p VALUES (1, 'ann', 'a', NULL), (2, 'bob', 'b', NULL)",
      'CREATE TABLE q (id INT PRIMARY KEY, pos INT NOT NULL UNIQUE)',
      'CREATE TABLE c (id INT PRIMARY KEY, q INT, FOREIGN KEY (q) REFERENCES q (id) ON DELETE CASCADE)',
      'INSERT INTO q VALUES (1, 1), (2, 2), (3, 3), (4, 4), (5, 5)',
      'INSERT INTO c VALUES (1, 1), (2, 2), (3, 3), (4, 4), (5, 5)',
      'CREATE TABLE s (id INT PRIMARY KEY, pos INT UNIQUE)',
      'INSERT INTO s VALUES (1, 1), (2, 2), (3, 3), (4, 4)',
      'CREATE TABLE chain (id INT PRIMARY KEY, slug VARCHAR(9) UNIQUE, updated_at DATETIME)',
      "INSERT INTO chain VALUES (1, 'a', NULL), (2, 'b', NULL), (3, 'c', NULL)",
      'CREATE TABLE two (id INT PRIMARY KEY, a INT, b INT, c INT, updated_at DATETIME, UNIQUE KEY ab (a, b), UNIQUE KEY bc (b, c))',
      'INSERT INTO two VALUES (1, 1, 1, 1, NULL), (2, 2, 2, 2, NULL)',
    );
    const rotate = (by: number) => ['UPDATE q SET pos = pos + 100', `UPDATE q SET pos = (pos - 101 + ${by}) % 5 + 1`];
    await sides.edit(
      [
        `UPDATE p SET slug = 'x', updated_at = ${EARLY} WHERE id = 1`,
        ...rotate(1),
        'UPDATE s SET pos = 9 WHERE id = 1',
        'UPDATE s SET pos = 1 WHERE id = 2',
        'UPDATE s SET pos = 2 WHERE id = 1',
        `UPDATE chain SET slug = 'x', updated_at = ${EARLY} WHERE id = 1`,
        `UPDATE two SET a = 7, b = 7, updated_at = ${EARLY} WHERE id = 1`,
      ],
      [
        `UPDATE p SET slug = 'x', name = 'rob', updated_at = ${LATE} WHERE id = 2`,
        ...rotate(2),
        'UPDATE s SET pos = 9 WHERE id = 3',
        'UPDATE s SET pos = 3 WHERE id = 4',
        `UPDATE chain SET slug = 'x', updated_at = ${LATE} WHERE id = 2`,
        `UPDATE chain SET slug = 'b', updated_at = ${LATE} WHERE id = 3`,
        `INSERT INTO chain VALUES (4, 'c', ${LATE})`,
        `UPDATE two SET a = 7, b = 7, c = 9, updated_at = ${LATE} WHERE id = 2`,
      ],
      order,
    );
    const conflicts = await mergeBoth(sides);
    expect(conflicts.filter(({ table, kind }) => table !== 'q' || kind !== 'changed').map(brief)).toEqual(
      expect.arrayContaining([
        'unique-conflict chain 2 true',
        'unique-conflict chain 3 true',
        'duplicate chain 4 true',
        'unique-conflict p 2 true',
        'unique-conflict two 2 true',
      ]),
    );
    expect(conflicts.find(({ table }) => table === 'p')).toMatchObject({
      columns: ['slug'],
      base: { slug: 'b' },
      ours: { slug: 'b' },
      theirs: { slug: 'x' },
      resolution: 'base (another row has the value)',
    });
    const [p, claimed, q, c, positions, chain, two] = await sides.read(
      'SELECT id, name, slug FROM p ORDER BY id',
      "SELECT id FROM p WHERE slug = 'x'",
      'SELECT id, pos FROM q ORDER BY id',
      'SELECT id FROM c',
      'SELECT pos FROM s ORDER BY id',
      'SELECT id, slug FROM chain ORDER BY id',
      'SELECT id, a, b, c FROM two ORDER BY id',
    );
    expect(p).toEqual([
      { id: 1, name: 'ann', slug: 'x' },
      { id: 2, name: 'rob', slug: 'b' },
    ]);
    expect(claimed).toEqual([{ id: 1 }]);
    // Positions that were shuffled on both sides: every row stays with its children, and every position exists once.
    expect(q?.map(({ id }) => id)).toEqual([1, 2, 3, 4, 5]);
    expect(q?.map(({ pos }) => pos).sort()).toEqual([1, 2, 3, 4, 5]);
    expect(c).toHaveLength(5);
    expect(positions?.map(({ pos }) => pos)).toEqual([2, 1, 9, 3]);
    expect(chain).toEqual([
      { id: 1, slug: 'x' },
      { id: 2, slug: 'b' },
      { id: 3, slug: 'c' },
    ]);
    expect(two).toEqual([
      { id: 1, a: 7, b: 7, c: 1 },
      { id: 2, a: 2, b: 2, c: 9 },
    ]);
  });

  test('keep base rows and earlier added rows; later added rows are lost with their references', async () => {
    await using folder = await tempFolder();
    const sides = branched(
      folder,
      OLD_BASE,
      'CREATE TABLE t (id INT PRIMARY KEY, a VARCHAR(5) UNIQUE, b VARCHAR(5) UNIQUE, created_at DATETIME)',
      'CREATE TABLE par (id INT PRIMARY KEY, a VARCHAR(9) UNIQUE, created_at DATETIME)',
      'CREATE TABLE c (id INT PRIMARY KEY, par INT, FOREIGN KEY (par) REFERENCES par (id))',
      'CREATE TABLE d (id INT PRIMARY KEY, c INT, FOREIGN KEY (c) REFERENCES c (id))',
      'CREATE TABLE edges (id CHAR(36) PRIMARY KEY, a INT, b INT, created_at DATETIME, Created_By VARCHAR(9), UNIQUE KEY ab (a, b))',
      'CREATE TABLE counted (id INT PRIMARY KEY AUTO_INCREMENT, a INT UNIQUE, n INT, created_at DATETIME)',
      'CREATE TABLE old (id INT PRIMARY KEY, a VARCHAR(9) UNIQUE, created_at DATETIME)',
      "INSERT INTO old VALUES (5, 'a', NULL), (6, 'b', NULL)",
    );
    await sides.edit(
      [
        `INSERT INTO t VALUES (1, 'x', 'y', ${EARLY})`,
        `INSERT INTO par VALUES (3, 'same', ${EARLY})`,
        'INSERT INTO c VALUES (2, 3)',
        `INSERT INTO edges VALUES ('bbbb', 1, 2, ${EARLY}, 'ann')`,
        `INSERT INTO counted VALUES (8, 1, 1, ${EARLY}), (9, 2, 1, ${EARLY})`,
        "UPDATE old SET a = 'z' WHERE id = 5",
        `INSERT INTO old VALUES (7, 'a', ${LATE})`,
      ],
      [
        `INSERT INTO t VALUES (2, 'x', 'z', ${LATE}), (3, 'w', 'y', ${LATE})`,
        `INSERT INTO par VALUES (4, 'same', ${LATE})`,
        'INSERT INTO c VALUES (1, 4)',
        'INSERT INTO d VALUES (7, 1)',
        `INSERT INTO edges VALUES ('aaaa', 1, 2, ${LATE}, 'bob')`,
        `INSERT INTO counted VALUES (4, 1, 1, ${LATE}), (5, 2, 2, ${LATE})`,
        'DELETE FROM old WHERE id = 6',
        `INSERT INTO old VALUES (0, 'z', ${EARLY})`,
      ],
      order,
    );
    const conflicts = await mergeBoth(sides);
    expect(conflicts.map(brief).sort()).toEqual(
      [
        'duplicate counted 4 false',
        'duplicate counted 5 true',
        'duplicate edges aaaa false',
        'duplicate old 0 true',
        'duplicate par 4 true',
        'dependant c 1 true',
        'dependant d 7 true',
        'duplicate t 2 true',
        'duplicate t 3 true',
      ].sort(),
    );
    const left = { t: [1], par: [3], c: [2], d: [], edges: ['bbbb'], counted: [8, 9], old: [5, 7] };
    const found = await sides.read(...Object.keys(left).map((table) => `SELECT id FROM ${table} ORDER BY id`));
    const ids = Object.keys(left).map((table, index) => [table, found[index]?.map(({ id }) => id)]);
    expect(Object.fromEntries(ids)).toEqual(left);
  });

  test('count as equal if the index treats them as equal: collation, prefix, composite, generated, below a generated key', async () => {
    await using folder = await tempFolder();
    const sides = branched(
      folder,
      OLD_BASE,
      'CREATE TABLE ci (id INT PRIMARY KEY, a VARCHAR(20) COLLATE utf8mb4_0900_ai_ci UNIQUE, updated_at DATETIME)',
      'CREATE TABLE pre (id INT PRIMARY KEY, a TEXT, updated_at DATETIME, UNIQUE KEY k (a(3)))',
      'CREATE TABLE com (id INT PRIMARY KEY, a INT, b INT, UNIQUE KEY k (a, b))',
      'CREATE TABLE gen (id INT PRIMARY KEY, a INT, g INT GENERATED ALWAYS AS (a % 10) STORED, updated_at DATETIME, UNIQUE KEY k (g), KEY i (a))',
      'CREATE TABLE kinds (id VARBINARY(4) PRIMARY KEY, e ENUM("p", "q", "r"), f DOUBLE, y YEAR, bin VARBINARY(4), updated_at DATETIME, UNIQUE KEY k (e, f, y, bin))',
      "CREATE TABLE gk (i INT, k VARCHAR(20) GENERATED ALWAYS AS (CONCAT('k', i)) STORED, a INT, b INT, u INT UNIQUE, updated_at DATETIME, PRIMARY KEY (k))",
      'INSERT INTO gk (i, u) VALUES (1, 1), (2, 2), (3, 3)',
      "INSERT INTO ci VALUES (1, 'a', NULL), (2, 'b', NULL), (3, NULL, NULL)",
      "INSERT INTO pre VALUES (1, 'aaa1', NULL), (2, 'bbb1', NULL), (3, NULL, NULL)",
      'INSERT INTO com VALUES (1, 1, 1), (2, 2, 2), (3, 1, NULL), (4, 1, NULL)',
      'INSERT INTO gen (id, a) VALUES (1, 1), (2, 2)',
      "INSERT INTO kinds VALUES (X'00ff', 'p', 0.1, 2001, X'01', NULL), (X'01ff', 'q', 0.2, 2002, X'02', NULL)",
    );
    await sides.edit(
      [
        `UPDATE ci SET a = 'Étage', updated_at = ${EARLY} WHERE id = 1`,
        `UPDATE pre SET a = 'xyzNORTH', updated_at = ${EARLY} WHERE id = 1`,
        'UPDATE com SET a = 5 WHERE id = 1',
        `UPDATE gen SET a = 15, updated_at = ${EARLY} WHERE id = 1`,
        `UPDATE gk SET u = 30, updated_at = ${EARLY} WHERE i = 1`,
        'UPDATE gk SET a = 7 WHERE i = 3',
        'INSERT INTO gk (i, u) VALUES (9, 90)',
        `UPDATE kinds SET e = 'r', f = 0.3, y = 2003, bin = X'03', updated_at = ${EARLY} WHERE id = X'00ff'`,
      ],
      [
        `UPDATE ci SET a = 'etage', updated_at = ${LATE} WHERE id = 2`,
        `UPDATE pre SET a = 'xyzSOUTH', updated_at = ${LATE} WHERE id = 2`,
        'UPDATE com SET b = 9 WHERE id = 1',
        'INSERT INTO com VALUES (5, 5, 9)',
        `UPDATE gen SET a = 25, updated_at = ${LATE} WHERE id = 2`,
        `UPDATE gk SET u = 30, updated_at = ${LATE} WHERE i = 2`,
        'UPDATE gk SET b = 8 WHERE i = 3',
        `UPDATE kinds SET e = 'r', f = 0.3, y = 2003, bin = X'03', updated_at = ${LATE} WHERE id = X'01ff'`,
      ],
      order,
    );
    const conflicts = await mergeBoth(sides);
    expect(conflicts.map(brief)).toEqual([
      'unique-conflict ci 2 true',
      'duplicate com 5 true',
      'unique-conflict gen 2 true',
      'unique-conflict gk k2 true',
      'unique-conflict kinds 0x01ff true',
      'unique-conflict pre 2 true',
    ]);
    const [ci, pre, com, gen, gk, kinds] = await sides.read(
      ...['ci', 'pre', 'com'].map((table) => `SELECT a FROM ${table} ORDER BY id`),
      'SELECT a, g FROM gen ORDER BY id',
      'SELECT k, a, b, u FROM gk ORDER BY k',
      'SELECT e, f, y, HEX(bin) AS bin FROM kinds ORDER BY id',
    );
    expect(ci?.map(({ a }) => a ?? null)).toEqual(['Étage', 'b', null]);
    expect(pre?.map(({ a }) => a ?? null)).toEqual(['xyzNORTH', 'bbb1', null]);
    expect(com?.map(({ a }) => a ?? null)).toEqual([5, 2, 1, 1]);
    expect(gen).toEqual([
      { a: 15, g: 5 },
      { a: 2, g: 2 },
    ]);
    expect(gk).toEqual([
      { k: 'k1', u: 30 },
      { k: 'k2', u: 2 },
      { k: 'k3', a: 7, b: 8, u: 3 },
      { k: 'k9', u: 90 },
    ]);
    expect(kinds).toEqual([
      { e: 'r', f: 0.3, y: 2003, bin: '03' },
      { e: 'q', f: 0.2, y: 2002, bin: '02' },
    ]);
  });
});

const claimsOf = (table: string): string[] => [
  `CREATE TABLE ${table} (id INT PRIMARY KEY, slug VARCHAR(10) UNIQUE, updated_at DATETIME)`,
  `INSERT INTO ${table} VALUES (1, 'a', NULL), (2, 'b', NULL)`,
];
const northClaim = (table: string) => `UPDATE ${table} SET slug = 'x', updated_at = ${EARLY} WHERE id = 1`;
const southClaim = (table: string) => `UPDATE ${table} SET slug = 'x', updated_at = ${LATE} WHERE id = 2`;

test.each(['ours', 'theirs'] as const)('rows that claim one value follow the same rule under %s', async (strategy) => {
  await using folder = await tempFolder();
  const sides = branched(folder, OLD_BASE, ...claimsOf('p'));
  await sides.edit([southClaim('p')], [northClaim('p')]);
  const progress = (await sides.run(strategy)).run('south');
  expect(progress.failure).toBeNull();
  expect(progress.conflicts.map(brief)).toEqual(['unique-conflict p 2 true']);
  expect((await sides.rows('SELECT slug FROM p ORDER BY id')).map(({ slug }) => slug)).toEqual(['x', 'b']);
});

test('rows that claim one value are left unresolved under manual', async () => {
  await using folder = await tempFolder();
  const sides = branched(folder, OLD_BASE, ...claimsOf('p'));
  const before = await sides.edit([northClaim('p')], [southClaim('p')]);
  const run = await sides.run('manual');
  const message = expect.stringContaining('unique index');
  expect(run.run('south').failure).toMatchObject({ code: 'constraint-violation', message });
  expect(run.now).toBe(before);
});

/** Peers whose rows break a key of the table of their name together with ours. */
const BREAKING: Readonly<
  Record<
    string,
    Readonly<Record<'base' | 'north' | 'south', readonly string[]>> & {
      readonly code: string;
      readonly says: string;
      readonly hint?: string;
    }
  >
> = {
  key_of_one_side: {
    base: ['CREATE TABLE key_of_one_side (id INT PRIMARY KEY, a INT)', 'INSERT INTO key_of_one_side VALUES (1, 1)'],
    north: ['ALTER TABLE key_of_one_side ADD UNIQUE KEY u (a)', 'INSERT INTO key_of_one_side VALUES (3, 3)'],
    south: ['INSERT INTO key_of_one_side VALUES (2, 3)'],
    code: 'constraint-violation',
    says: 'rows of key_of_one_side share a value of the unique key u, which one side added',
    hint: 'on the side that lacks the key',
  },
  key_of_both_sides: {
    base: ['CREATE TABLE key_of_both_sides (id INT PRIMARY KEY, a INT)', 'INSERT INTO key_of_both_sides VALUES (1, 1)'],
    north: ['ALTER TABLE key_of_both_sides ADD UNIQUE KEY u (a)', 'INSERT INTO key_of_both_sides VALUES (3, 3)'],
    south: ['ALTER TABLE key_of_both_sides ADD UNIQUE KEY u (a)', 'INSERT INTO key_of_both_sides VALUES (2, 3)'],
    code: 'constraint-violation',
    says: 'rows of key_of_both_sides share a value of the unique key u, which both sides added',
    hint: 'different values on one side',
  },
  renamed_key: {
    base: ['CREATE TABLE renamed_key (id INT PRIMARY KEY, a INT UNIQUE)', 'INSERT INTO renamed_key VALUES (1, 1)'],
    north: ['INSERT INTO renamed_key VALUES (3, 3)'],
    south: ['ALTER TABLE renamed_key RENAME COLUMN id TO number', 'INSERT INTO renamed_key VALUES (2, 3)'],
    code: 'constraint-violation',
    says: 'one side renamed a column of the primary key',
    hint: 'different values on one side',
  },
  // Dolt cannot remove the duplicates.
  over_an_expression: {
    base: [
      'CREATE TABLE over_an_expression (id INT PRIMARY KEY, a VARCHAR(20))',
      'CREATE UNIQUE INDEX k ON over_an_expression ((LOWER(a)))',
      "INSERT INTO over_an_expression VALUES (1, 'a'), (2, 'b')",
    ],
    north: ["UPDATE over_an_expression SET a = 'Same' WHERE id = 1"],
    south: ["UPDATE over_an_expression SET a = 'SAME' WHERE id = 2"],
    code: 'dolt-defect',
    says: 'over_an_expression',
  },
  // A table with triggers is not written, and no trigger fires.
  with_a_trigger: {
    base: [
      ...claimsOf('with_a_trigger'),
      'CREATE TABLE fired (n INT PRIMARY KEY AUTO_INCREMENT)',
      'CREATE TRIGGER tr BEFORE DELETE ON with_a_trigger FOR EACH ROW INSERT INTO fired VALUES (NULL)',
    ],
    north: [northClaim('with_a_trigger')],
    south: [southClaim('with_a_trigger')],
    code: 'constraint-violation',
    says: 'rows of with_a_trigger would fire its triggers',
  },
};

test.each(HASH_ORDERS)('rows that break a key together are refused if no rule removes one, %s', async (order) => {
  await using folder = await tempFolder();
  const all = Object.entries(BREAKING);
  const sides = branched(folder, OLD_BASE, ...all.flatMap(([, { base }]) => base));
  const before = await sides.edit(
    all.flatMap(([, { north }]) => north),
    Object.fromEntries(all.map(([peer, { south }]) => [peer, south])),
    order,
  );
  const run = await sides.run();
  for (const [peer, { code, says, hint = '' }] of all) {
    const { failure } = run.run(peer);
    expect([peer, failure?.code, failure?.message, failure?.hint]).toEqual([
      ...[peer, code, expect.stringContaining(says), expect.stringContaining(hint)],
    ]);
  }
  expect(run.now).toBe(before);
  expect(await sides.rows('SELECT * FROM fired')).toEqual([]);
});
