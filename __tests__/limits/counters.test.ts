import { describe, expect, test } from '@jest/globals';
import { command } from '../helpers/commanding.ts';
import { cloneDatabase, makeEmptyDatabase } from '../helpers/database.ts';
import { tempFolder } from '../helpers/temp-folder.ts';
import { HASH_ORDERS, twoDatabases } from '../helpers/two-databases.ts';

const BIGGEST = '18446744073709551615';
const COUNTED = (type: string) => [
  `CREATE TABLE counted (id ${type} AUTO_INCREMENT PRIMARY KEY, v INT)`,
  'INSERT INTO counted VALUES (1, 0)',
];
const IDS = 'SELECT CAST(id AS CHAR) AS id FROM counted ORDER BY counted.id';

/** The ways of a peer to move a counter to the limit of its type, and the keys after the merge. */
const COUNTERS: readonly (readonly [
  what: string,
  type: string,
  incoming: readonly string[],
  ids: readonly string[],
])[] = [
  ['TINYINT, by a row', 'TINYINT', ['INSERT INTO counted VALUES (127, 1)'], ['1', '2', '127']],
  ['BIGINT UNSIGNED, by a row', 'BIGINT UNSIGNED', [`INSERT INTO counted VALUES (${BIGGEST}, 1)`], ['1', '2', BIGGEST]],
  [
    'BIGINT UNSIGNED, by the counter only',
    'BIGINT UNSIGNED',
    [`ALTER TABLE counted AUTO_INCREMENT = ${BIGGEST}`],
    ['1', '2'],
  ],
  ['INT, by the counter only', 'INT', ['ALTER TABLE counted AUTO_INCREMENT = 2147483647'], ['1', '2']],
];

describe.each(HASH_ORDERS)('an AUTO_INCREMENT counter at its limit, %s', (order) => {
  test.each(COUNTERS)('%s: the merge keeps every row, and the database is intact', async (_, type, incoming, ids) => {
    await using folder = await tempFolder();
    const databases = await twoDatabases(folder, ...COUNTED(type));
    await databases.edit(['INSERT INTO counted (v) VALUES (5)'], incoming, order);
    expect((await databases.run('north')).run('south')).toMatchObject({ failure: null, verified: true });
    expect(await databases.north.rows(IDS)).toEqual(ids.map((id) => ({ id })));
    await databases.north.dolt('fsck');
  });
});

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
