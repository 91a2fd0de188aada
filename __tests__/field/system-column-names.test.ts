import { beforeAll, expect, test } from '@jest/globals';
import { BEADS_RULES } from '../../src/beads/database-rules.ts';
import { readIncoming } from '../../src/sync/incoming/read-incoming.ts';
import { branched } from '../helpers/branched.ts';
import { makeEmptyDatabase } from '../helpers/database.ts';
import { withDatabase } from '../helpers/federating.ts';
import { type TempFolder, tempFolder } from '../helpers/temp-folder.ts';
import { HASH_ORDERS } from '../helpers/two-databases.ts';

const SYSTEM_TABLES = [
  'dolt_conflicts_',
  'dolt_diff_',
  'dolt_commit_diff_',
  'dolt_constraint_violations_',
  'dolt_history_',
] as const;
const PREFIXES = ['to_', 'from_', 'base_', 'our_', 'their_'] as const;

/** Asks the engine for the columns of its own system tables, and derives names from them that could collide. */
async function clashingNames(folder: TempFolder): Promise<{ readonly all: string[]; readonly bare: string[] }> {
  const local = await makeEmptyDatabase(folder.file('plain'));
  await local.commit(
    'tables',
    'CREATE TABLE keyed (id INT PRIMARY KEY, a INT)',
    'CREATE TABLE keyless (id INT, a INT)',
  );
  const columns = await local.read(
    ...SYSTEM_TABLES.flatMap((system) => ['keyed', 'keyless'].map((table) => `SHOW COLUMNS FROM ${system}${table}`)),
  );
  const names = new Set(columns.flat().map((row) => String(row['Field'])));
  const stripped = [...names].flatMap((name) =>
    PREFIXES.flatMap((prefix) => (name.startsWith(prefix) ? [name.slice(prefix.length)] : [])),
  );
  const isOfUser = (name: string) => name === 'id' || name === 'a' || name.endsWith('_id');
  const bare = [...new Set(stripped)].filter((name) => !isOfUser(name));
  const capitals = bare.map((name) => name.replaceAll(/(?:^|_)[a-z]/g, (start) => start.toUpperCase()));
  const all = [...new Set([...names, ...bare, ...capitals])].filter((name) => !isOfUser(name));
  return { all: [...all, 'dolt_conflict_id'].sort(), bare: [...bare, ...capitals] };
}

let clashing: Awaited<ReturnType<typeof clashingNames>>;
beforeAll(async () => {
  await using folder = await tempFolder();
  clashing = await clashingNames(folder);
});

const quoted = (name: string) => `\`${name}\``;
const at = (day: number) => `'2026-02-0${day}'`;

/** A merge within the history of one side, so that a clock cannot follow a line. */
const MERGED_HISTORY = [
  "CALL DOLT_CHECKOUT('-b', 'side')",
  'INSERT INTO other VALUES (1)',
  "CALL DOLT_COMMIT('-A', '-m', 'side')",
  "CALL DOLT_CHECKOUT('main')",
  'INSERT INTO other VALUES (2)',
  "CALL DOLT_COMMIT('-A', '-m', 'main')",
  "CALL DOLT_MERGE('--no-ff', '-m', 'met', 'side')",
  "CALL DOLT_BRANCH('-D', 'side')",
];

test.each(HASH_ORDERS)('columns with names of system tables keep their correct cells (%s)', async (order) => {
  await using folder = await tempFolder();
  const { all: names, bare } = clashing;
  expect(bare).toEqual(expect.arrayContaining(['diff_type', 'Diff_Type', 'commit', 'commit_date', 'cardinality']));
  expect(names).toEqual(expect.arrayContaining(['to_commit', 'violation_type', 'commit_hash', 'our_a']));
  const tables = names.flatMap((name, index) => {
    const plain = `id VARCHAR(9) PRIMARY KEY, a VARCHAR(9), ${quoted(name)} VARCHAR(64)`;
    const keyed = `${quoted(name)} VARCHAR(64) PRIMARY KEY, a VARCHAR(9), x VARCHAR(64)`;
    return [
      { table: `c${index}`, name, columns: plain, key: 'id' },
      ...(bare.includes(name) ? [{ table: `k${index}`, name, columns: keyed, key: name }] : []),
    ];
  });
  const each = (make: (one: { table: string; key: string; x: string }) => string[]): string[] =>
    tables.flatMap(({ table, key, name }) => make({ table, key: quoted(key), x: quoted(key === name ? 'x' : name) }));
  const sides = branched(
    folder,
    'CREATE TABLE other (id INT PRIMARY KEY)',
    ...tables.map(({ table, columns }) => `CREATE TABLE ${table} (${columns}, updated_at DATETIME(6))`),
    ...each(({ table, key, x }) => [
      `INSERT INTO ${table} (${key}, a, ${x}, updated_at) VALUES ${[1, 2, 3, 4].map((n) => `('r${n}', 'a', 'x', ${at(1)})`).join(', ')}`,
    ]),
  );
  await sides.edit(
    [
      ...MERGED_HISTORY,
      ...each(({ table, key, x }) => [
        `UPDATE ${table} SET ${x} = 'north', updated_at = ${at(3)} WHERE ${key} = 'r1'`,
        `UPDATE ${table} SET ${x} = 'north', updated_at = ${at(5)} WHERE ${key} = 'r2'`,
        `UPDATE ${table} SET a = 'north', updated_at = ${at(3)} WHERE ${key} = 'r3'`,
        `DELETE FROM ${table} WHERE ${key} = 'r4'`,
      ]),
    ],
    [
      ...each(({ table, key, x }) => [
        `UPDATE ${table} SET ${x} = 'south', a = 'south', updated_at = ${at(4)} WHERE ${key} IN ('r1', 'r2', 'r3')`,
        `UPDATE ${table} SET ${x} = 'south', updated_at = ${at(4)} WHERE ${key} = 'r4'`,
      ]),
    ],
    order,
  );
  const progress = (await sides.merge()).run('south');
  const all = each(({ table, key, x }) => [`SELECT '${table}' AS t, ${key} AS k, a, ${x} AS x FROM ${table}`]);
  const rows = await sides.rows(`${all.join(' UNION ALL ')} ORDER BY t, k`);
  expect(rows).toEqual(
    tables
      .map(({ table }) => table)
      .sort()
      .flatMap((t) => [
        { t, k: 'r1', a: 'south', x: 'south' },
        { t, k: 'r2', a: 'south', x: 'north' },
        { t, k: 'r3', a: 'south', x: 'south' },
        { t, k: 'r4', a: 'a', x: 'south' },
      ]),
  );
  const reported = progress.conflicts.filter(({ table }) => table === `c${names.indexOf('diff_type')}`);
  expect(reported.map(({ key, columns }) => [key, columns])).toEqual([
    [{ id: 'r1' }, ['diff_type', 'updated_at']],
    [{ id: 'r2' }, ['diff_type', 'updated_at']],
    [{ id: 'r3' }, ['a', 'updated_at']],
    [{ id: 'r4' }, ['diff_type', 'updated_at']],
  ]);
});

test('a key with the name of a Dolt column does not hide incoming changes from the checks', async () => {
  await using folder = await tempFolder();
  const local = await makeEmptyDatabase(folder.file('local'));
  const rows = Array.from({ length: 20 }, (_, n) => `('r${n}', 'x', 'x', '2026-02-01')`).join(', ');
  const from = await local.commit(
    'base',
    'CREATE TABLE runs (`commit` VARCHAR(9) PRIMARY KEY, diff_type VARCHAR(9), commit_date VARCHAR(9), updated_at DATETIME)',
    'CREATE TABLE kinds (id VARCHAR(9) PRIMARY KEY, diff_type VARCHAR(9), `commit` VARCHAR(9), updated_at DATETIME)',
    `INSERT INTO runs VALUES ${rows}`,
    `INSERT INTO kinds VALUES ${rows}`,
    "CREATE TABLE shifted (id VARCHAR(9) PRIMARY KEY, v VARCHAR(9) AS (CONCAT(id, '!')) VIRTUAL, diff_type VARCHAR(9), updated_at DATETIME)",
    'INSERT INTO shifted (id, updated_at) SELECT id, updated_at FROM kinds',
  );
  const edits = ['runs', 'kinds', 'shifted'].flatMap((table) => {
    const key = table === 'runs' ? '`commit`' : 'id';
    return [
      `DELETE FROM ${table} WHERE ${key} <> 'r1'`,
      `UPDATE ${table} SET updated_at = '2099-01-01', diff_type = 'removed'`,
    ];
  });
  const to = await local.commit('edits', ...edits);
  const incoming = await withDatabase(local.path, folder.file('tmp'), (database) =>
    readIncoming(
      database,
      { ours: from, theirs: to, branch: 'main', rules: BEADS_RULES, shared: [], maxDelete: 50 },
      '2026-12-31 00:00:00',
    ),
  );
  const shown = { column: null, value: null };
  expect(incoming?.deletions).toEqual([
    {
      table: 'kinds',
      before: 20,
      deleted: 19,
      added: 0,
      moved: 0,
      whole: false,
      rows: ['r0', 'r10', 'r11', 'r12', 'r13'].map((id) => ({ ...shown, table: 'kinds', key: { id } })),
    },
    // The keys cannot be read with a condition, but they can be counted.
    { table: 'runs', before: 20, deleted: 19, added: 0, moved: 0, rows: [], whole: false },
    // `dolt_diff_stat` would end the engine here.
    {
      table: 'shifted',
      before: 20,
      deleted: 19,
      added: 0,
      moved: 0,
      whole: false,
      rows: ['r0', 'r10', 'r11', 'r12', 'r13'].map((id) => ({ ...shown, table: 'shifted', key: { id } })),
    },
  ]);
  const late = { key: { id: 'r1' }, column: 'updated_at', value: expect.stringMatching(/^2099-01-01/) };
  expect(incoming?.futureRows).toEqual([
    { table: 'kinds', column: 'updated_at', count: 1, rows: [{ ...late, table: 'kinds' }] },
    { table: 'runs', column: 'updated_at', count: 1, rows: [] },
    { table: 'shifted', column: 'updated_at', count: 1, rows: [{ ...late, table: 'shifted' }] },
  ]);
});

test.each(HASH_ORDERS)(
  'a broken constraint beside columns with names of the violations is reported (%s)',
  async (order) => {
    await using folder = await tempFolder();
    const names = 'violation_type, violation_info, from_root_ish, dolt_row_hash';
    const sides = branched(
      folder,
      `CREATE TABLE u (id INT PRIMARY KEY, k VARCHAR(9) UNIQUE, created_at DATETIME, ${names.replaceAll(/(\w+)(?:, )?/g, '$1 VARCHAR(9), ')}a INT)`,
    );
    await sides.edit(
      [`INSERT INTO u (id, k, created_at, ${names}) VALUES (1, 'same', '2026-02-01', 'n1', 'n2', 'n3', 'n4')`],
      [`INSERT INTO u (id, k, created_at, ${names}) VALUES (2, 'same', '2026-02-02', 's1', 's2', 's3', 's4')`],
      order,
    );
    await sides.merge();
    // Either row may be the one that was created first; it is never mixed with the other one.
    const rows = await sides.rows(`SELECT id, ${names} FROM u`);
    expect(rows).toHaveLength(1);
    expect([
      { id: 1, violation_type: 'n1', violation_info: 'n2', from_root_ish: 'n3', dolt_row_hash: 'n4' },
      { id: 2, violation_type: 's1', violation_info: 's2', from_root_ish: 's3', dolt_row_hash: 's4' },
    ]).toContainEqual(rows[0]);
  },
);

test('a name that the client reserves, and two columns of one name without a primary key, are refused before a row is resolved', async () => {
  await using folder = await tempFolder();
  const sides = branched(
    folder,
    'CREATE TABLE reserved (id INT PRIMARY KEY, `__proto__` INT)',
    'INSERT INTO reserved VALUES (1, 1)',
    'CREATE TABLE keyless (a INT, cardinality INT)',
    'INSERT INTO keyless VALUES (1, 1)',
  );
  const set = (n: number) => ({
    reserved: [`UPDATE reserved SET \`__proto__\` = ${n}`],
    keyless: [`UPDATE keyless SET cardinality = ${n}`],
  });
  await sides.edit(Object.values(set(2)).flat(), set(3));
  for (const run of await sides.runs('newest', 'manual')) {
    const refused = (says: string) => ({ code: 'dolt-defect', message: expect.stringContaining(says) });
    expect(run.run('reserved').failure).toMatchObject(refused('__proto__'));
    expect(run.run('keyless').failure).toMatchObject(refused('the column cardinality'));
  }
});

test.each(HASH_ORDERS)('conflicts of tables with unusual names are read from both places (%s)', async (order) => {
  await using folder = await tempFolder();
  const names = ['a`b', 'a.b c', "it's", 'Mixed_Case', 'diff', 'commit', 'ü"x', 'summary', 'stat'];
  const tables = names.flatMap((name) => [
    { table: quoted(name.replaceAll('`', '``')), index: [] },
    { table: quoted(`${name}2`.replaceAll('`', '``')), index: ['CREATE INDEX f ON'] },
  ]);
  const sides = branched(
    folder,
    ...tables.flatMap(({ table, index }) => [
      `CREATE TABLE ${table} (id INT PRIMARY KEY, a VARCHAR(9), \`commit\` VARCHAR(9), updated_at DATETIME)`,
      ...index.map((create) => `${create} ${table} (id, (UPPER(a)))`),
      `INSERT INTO ${table} VALUES (1, 'a', 'a', '2026-02-01'), (2, 'a', 'a', '2026-02-01')`,
    ]),
  );
  const set = (side: string, days: readonly [number, number]) =>
    tables.flatMap(({ table }) =>
      days.map(
        (day, index) =>
          `UPDATE ${table} SET a = '${side}', \`commit\` = '${side}', updated_at = '2026-02-0${day}' WHERE id = ${index + 1}`,
      ),
    );
  await sides.edit(set('north', [2, 5]), set('south', [3, 4]), order);
  await sides.merge();
  const each = tables.map(({ table }, index) => `SELECT ${index} AS n, id, a, \`commit\` AS c FROM ${table}`);
  expect(await sides.rows(`${each.join(' UNION ALL ')} ORDER BY n, id`)).toEqual(
    tables.flatMap((_, n) => [
      { n, id: 1, a: 'south', c: 'south' },
      { n, id: 2, a: 'north', c: 'north' },
    ]),
  );
});
