import { expect, test } from '@jest/globals';
import { command } from '../helpers/commanding.ts';
import { cloneDatabase, makeEmptyDatabase } from '../helpers/database.ts';
import { tempFolder } from '../helpers/temp-folder.ts';
import { HASH_ORDERS, twoDatabases } from '../helpers/two-databases.ts';

const BIGGEST = '18446744073709551615';
const COUNTED = (type: string, table = 'counted') => [
  `CREATE TABLE ${table} (id ${type} AUTO_INCREMENT PRIMARY KEY, v INT)`,
  `INSERT INTO ${table} VALUES (1, 0)`,
];
const byNumber = (one: string, other: string): number => (BigInt(one) < BigInt(other) ? -1 : 1);
const IDS = 'SELECT CAST(id AS CHAR) AS id FROM counted ORDER BY counted.id';

/** The ways of a peer to move the counter of a table to the limit of its type, and the keys after the merge. */
const COUNTERS: readonly {
  readonly table: string;
  readonly type: string;
  readonly incoming: string;
  readonly ids: readonly string[];
}[] = [
  { table: 'tiny_row', type: 'TINYINT', incoming: 'INSERT INTO tiny_row VALUES (127, 1)', ids: ['1', '2', '127'] },
  {
    table: 'big_row',
    type: 'BIGINT UNSIGNED',
    incoming: `INSERT INTO big_row VALUES (${BIGGEST}, 1)`,
    ids: ['1', '2', BIGGEST],
  },
  {
    table: 'big_counter',
    type: 'BIGINT UNSIGNED',
    incoming: `ALTER TABLE big_counter AUTO_INCREMENT = ${BIGGEST}`,
    ids: ['1', '2'],
  },
  {
    table: 'int_counter',
    type: 'INT',
    incoming: 'ALTER TABLE int_counter AUTO_INCREMENT = 2147483647',
    ids: ['1', '2'],
  },
];

test.each(HASH_ORDERS)(
  'with AUTO_INCREMENT counters at their limits the merge keeps every row, and the database is intact, %s',
  async (order) => {
    await using folder = await tempFolder();
    const databases = await twoDatabases(folder, ...COUNTERS.flatMap(({ table, type }) => COUNTED(type, table)));
    const ours = COUNTERS.map(({ table }) => `INSERT INTO ${table} (v) VALUES (5)`);
    await databases.edit(
      ours,
      COUNTERS.map(({ incoming }) => incoming),
      order,
    );
    expect((await databases.run('north')).run('south')).toMatchObject({ failure: null, verified: true });
    const found = await databases.north.rows(
      COUNTERS.map(({ table }) => `SELECT '${table}' AS name, CAST(id AS CHAR) AS id FROM ${table}`).join(
        ' UNION ALL ',
      ),
    );
    const idsOf = (table: string) => found.filter(({ name }) => name === table).map(({ id }) => String(id));
    expect(COUNTERS.map(({ table }) => [table, idsOf(table).toSorted(byNumber)])).toEqual(
      COUNTERS.map(({ table, ids }) => [table, ids]),
    );
    await databases.north.dolt('fsck');
  },
);

test('a row without a key is refused at the limit until both databases lower the counter, and no value is used twice', async () => {
  await using folder = await tempFolder();
  const databases = await twoDatabases(folder, ...COUNTED('TINYINT'));
  await databases.edit(['INSERT INTO counted (v) VALUES (5)'], ['INSERT INTO counted VALUES (127, 1)']);
  await databases.run('north');
  const add = 'INSERT INTO counted (v) VALUES (6)';
  await expect(databases.north.sql(add)).rejects.toThrow('duplicate primary key');
  await databases.edit(['DELETE FROM counted WHERE id = 127', 'ALTER TABLE counted AUTO_INCREMENT = 3'], []);
  expect((await databases.run('north')).run('south')).toMatchObject({ failure: null, verified: true });
  expect(await databases.north.rows(IDS)).toEqual(['1', '2'].map((id) => ({ id })));
  // Dolt takes the greatest counter of all branches and tracking refs (2.3.0).
  await databases.run('south');
  await databases.edit([], []);
  await databases.run('north');
  await databases.north.sql(add);
  expect(await databases.north.rows(IDS)).toEqual(['1', '2', '3'].map((id) => ({ id })));
});

test.each(HASH_ORDERS)('a counter of beads gets the greatest value, which is reported, %s', async (order) => {
  await using folder = await tempFolder();
  const databases = await twoDatabases(
    folder,
    ...['issues', 'dependencies', 'labels'].map((name) => `CREATE TABLE ${name} (id VARCHAR(9) PRIMARY KEY)`),
    'CREATE TABLE issue_counter (prefix VARCHAR(9) PRIMARY KEY, last_id INT NOT NULL)',
    "INSERT INTO issue_counter VALUES ('bd', 1)",
  );
  const set = (value: string) => [`UPDATE issue_counter SET last_id = ${value}`];
  await databases.edit(set('2'), set('2147483647'), order);
  const done = (await databases.run('north')).run('south');
  expect(done).toMatchObject({ failure: null, verified: true });
  expect(done.conflicts).toMatchObject([
    { table: 'issue_counter', resolution: 'theirs (counter, greater value)', left: false },
  ]);
  expect(await databases.north.rows('SELECT last_id FROM issue_counter')).toEqual([{ last_id: 2147483647 }]);
});

test('a counter that a peer raised does not hold back uncommitted changes of other rows', async () => {
  await using folder = await tempFolder();
  const local = await makeEmptyDatabase(folder.file('local'));
  await local.commit('base', ...COUNTED('INT'));
  const box = `file://${folder.file('box')}`;
  await local.publish(box);
  const other = await cloneDatabase(box, folder.file('other'));
  await other.commit('theirs', 'INSERT INTO counted (v) VALUES (5), (6)');
  await other.dolt('push', 'origin', 'main');
  await local.sql('UPDATE counted SET v = 10 WHERE id = 1');
  // The engine of the next run finds the greater counter in the tracking ref.
  await local.sql(`CALL DOLT_REMOTE('add', 'box', '${box}')`);
  await command(folder, `box: ${box}`, { command: 'status' });
  const { result } = await command(folder, `box: ${box}`);
  expect(result).toMatchObject({ status: 'success', peers: [{ error: null, pulledCommits: 1 }] });
  expect(await local.rows('SELECT v FROM counted ORDER BY id')).toEqual([{ v: 10 }, { v: 5 }, { v: 6 }]);
  expect(await local.rows('SELECT table_name FROM dolt_status')).toEqual([{ table_name: 'counted' }]);
});
