import { expect, test } from '@jest/globals';
import { type Attack, CONFIG, testAttacks } from '../helpers/attacks.ts';
import { command } from '../helpers/commanding.ts';
import { filePeer } from '../helpers/federating.ts';
import { mailbox } from '../helpers/mailbox.ts';
import { tempFolder } from '../helpers/temp-folder.ts';

const TAG = 4711;
const TAGGED = [`CALL DOLT_UPDATE_COLUMN_TAG('items', 'id', ${TAG})`];
const CATALOG = "INSERT INTO dolt_query_catalog VALUES ('a', 1, 'n', 'SELECT 1', 'd')";
const TAGGED_CATALOG = [CATALOG, `CALL DOLT_UPDATE_COLUMN_TAG('dolt_query_catalog', 'id', ${TAG})`];
const KEYED = [
  'CREATE TABLE notes (id VARCHAR(36) PRIMARY KEY, text VARCHAR(40))',
  `INSERT INTO notes VALUES ${Array.from({ length: 30 }, (_, id) => `('k${id}', 't')`).join()}`,
  `CALL DOLT_UPDATE_COLUMN_TAG('notes', 'id', ${TAG})`,
];
const SMALL = ['CREATE TABLE small (id INT PRIMARY KEY)', 'INSERT INTO small VALUES (1), (2)'];
const LEND = 'INSERT INTO dolt_nonlocal_tables (table_name, target_ref, options) VALUES';
const LEND_AS = 'INSERT INTO dolt_nonlocal_tables (table_name, target_ref, ref_table, options) VALUES';
const NONLOCAL = `${LEND} ('shared', 'main', 'immediate')`;

/** A table is renamed away and back, so that Dolt lets a view take its name meanwhile. */
const hide = (table: string, view: string, meanwhile: readonly string[] = []): string[] => [
  `RENAME TABLE ${table} TO away`,
  `CREATE VIEW ${table} AS ${view}`,
  ...meanwhile,
  `RENAME TABLE away TO ${table}`,
];

/** Tables and rows for the attacks on one database, and for those on a database of beads. */
const OTHER = [...KEYED, ...SMALL, NONLOCAL];
const BEADS = [...CONFIG, ...TAGGED_CATALOG];

const ATTACKS: readonly Attack[] = [
  {
    name: 'a table that is dropped behind a Dolt table with its tags',
    seed: OTHER,
    sends: [...TAGGED_CATALOG, 'DROP TABLE notes'],
    code: 'mass-deletion',
    says: 'partner drops 1 table (notes)',
    accepts: ['deletion'],
  },
  {
    name: 'a table that is new behind a Dolt table that is removed',
    seed: BEADS,
    sends: [
      'CREATE TABLE evil (id VARCHAR(36) PRIMARY KEY, n INT DEFAULT (SLEEP(0)))',
      `CALL DOLT_UPDATE_COLUMN_TAG('evil', 'id', ${TAG})`,
      'DROP TABLE dolt_query_catalog',
    ],
    code: 'peer-brings-code',
    says: 'partner sends expressions of evil that call 1 function (SLEEP',
    accepts: ['expressions', 'deletion'],
  },
  {
    name: 'a view with the name of a table',
    seed: OTHER,
    sends: hide('items', "SELECT 1 AS id, 'x' AS title, 'y' AS owner"),
    code: 'peer-brings-code',
    says: '1 view (items) would have the name of a table',
  },
  {
    name: 'rows that are deleted behind such a view',
    seed: OTHER,
    sends: hide('items', "SELECT 1 AS id, 'x' AS title, 'y' AS owner", ['DELETE FROM away']),
    code: 'peer-brings-code',
    says: '1 view (items) would have the name of a table',
  },
  {
    name: 'a view with a name that Dolt takes for that of a table',
    seed: OTHER,
    sends: hide('items', 'SELECT 1 AS id').map((line) => line.replace('VIEW items', 'VIEW `item\u017f`')),
    code: 'peer-brings-code',
    says: 'would have the name of a table',
  },
  {
    name: 'a view with the name of a table of Dolt',
    seed: OTHER,
    sends: ['CREATE VIEW dolt_ignore AS SELECT 1 AS pattern, 0 AS ignored'],
    code: 'peer-brings-code',
    says: '1 view (dolt_ignore) would have the name of a table',
  },
  {
    name: 'addresses behind such a view',
    seed: BEADS,
    sends: hide('config', "SELECT 'sync.remote' AS `key`, 'https://evil.example/' AS value"),
    code: 'peer-brings-code',
    says: '1 view (config) would have the name of a table',
  },
  {
    name: 'a view with the name of a table that bd reads and neither side has',
    seed: BEADS,
    sends: ["CREATE VIEW Routes AS SELECT 'ev' AS prefix, 'evil' AS path"],
    code: 'peer-brings-code',
    says: '1 view (routes) would have the name of a table',
  },
  {
    name: 'a check that SHOW CREATE TABLE omits beside a generated column',
    seed: OTHER,
    sends: [
      'ALTER TABLE items ADD COLUMN g INT GENERATED ALWAYS AS (LENGTH(title))',
      'ALTER TABLE items ADD CONSTRAINT slow CHECK (id < 100000 OR SLEEP(0) = 0)',
    ],
    code: 'peer-brings-code',
    says: 'partner sends expressions of items that call 1 function (SLEEP',
    accepts: ['expressions'],
  },
  {
    name: 'dolt_nonlocal_tables under another tag',
    seed: OTHER,
    sends: [
      `${LEND} ('secret*', 'main', 'immediate')`,
      "CALL DOLT_UPDATE_COLUMN_TAG('dolt_nonlocal_tables', 'table_name', 4242)",
    ],
    code: 'peer-changes-local-tables',
    says: 'partner changes 1 row of dolt_nonlocal_tables',
    accepts: ['ignore'],
  },
  {
    name: 'a table from a branch that only the peer has, so that no table can be listed here',
    seed: OTHER,
    sends: ["CALL DOLT_BRANCH('elsewhere')", `${LEND} ('lent', 'elsewhere', 'immediate')`],
    code: 'peer-changes-local-tables',
    says: '1 row (lent) of dolt_nonlocal_tables, and its tables cannot be listed here',
  },
  {
    name: 'a table under another name, which hides one of ours',
    seed: OTHER,
    sends: [`${LEND_AS} ('small', 'main', 'items', 'immediate')`],
    code: 'peer-changes-local-tables',
    says: '1 row (small) of dolt_nonlocal_tables with another name in `ref_table`',
  },
  {
    name: 'a row of dolt_nonlocal_tables that hides all rows of it',
    seed: OTHER,
    sends: [`${LEND} ('dolt_non*', 'main', 'immediate')`],
    code: 'peer-changes-local-tables',
    says: 'partner changes 1 row of dolt_nonlocal_tables',
    accepts: ['ignore'],
  },
  {
    name: 'a small table that is emptied under another name',
    seed: OTHER,
    sends: ['RENAME TABLE small TO small2', 'DELETE FROM small2'],
    code: 'mass-deletion',
    says: 'partner deletes 2 of the 2 rows of small',
    accepts: ['deletion'],
  },
];

testAttacks('a change that no diff shows is blocked', ATTACKS);

test('a view with the name of a private table of ours is blocked, in any case', async () => {
  await using folder = await tempFolder();
  const box = await mailbox(folder, "INSERT INTO dolt_ignore VALUES ('private%', true)");
  await box.south.sql('CREATE TABLE private_notes (id INT PRIMARY KEY)', 'INSERT INTO private_notes VALUES (7)');
  await box.send('CREATE VIEW Private_Notes AS SELECT 1 AS id');
  expect((await box.receive()).run('partner').failure).toMatchObject({ code: 'peer-brings-code' });
  expect(await box.south.rows('SELECT id FROM private_notes')).toEqual([{ id: 7 }]);
});

test('a table that our database takes from another branch is part of no merge, and named if the branch is gone', async () => {
  await using folder = await tempFolder();
  const box = await mailbox(folder);
  await box.south.sql(
    "CALL DOLT_CHECKOUT('-b', 'elsewhere')",
    'CREATE TABLE lent (id INT PRIMARY KEY)',
    'INSERT INTO lent VALUES (7)',
    "CALL DOLT_COMMIT('-A', '-m', 'lent')",
    "CALL DOLT_CHECKOUT('main')",
    `${LEND} ('le%', 'elsewhere', 'immediate')`,
    "UPDATE items SET owner = 'south' WHERE id = 101",
    "CALL DOLT_COMMIT('-A', '-m', 'south')",
  );
  await box.send("UPDATE items SET title = 'theirs' WHERE id = 100");
  const peers = `partner: ${box.url}`;
  const refused: readonly (readonly [string, string])[] = [
    [
      `${LEND_AS} ('x', 'elsewhere', 'lent', 'immediate')`,
      'because of 1 row (x) of dolt_nonlocal_tables with another name',
    ],
    [
      `${LEND_AS} ('x', 'main', 'items', 'immediate')`,
      'because of 1 row (x) of dolt_nonlocal_tables with another name',
    ],
    [`${LEND} ('*', 'elsewhere', 'immediate')`, 'a row of dolt_nonlocal_tables has a pattern that matches'],
  ];
  for (const [row, says] of refused) {
    await box.south.sql(row, "CALL DOLT_COMMIT('-A', '-m', 'row')");
    const failure = { code: 'dolt-defect', message: expect.stringContaining(says) };
    expect((await command(folder, peers, { database: 'south' })).result).toMatchObject({ peers: [{ error: failure }] });
    await box.south.sql("CALL DOLT_REVERT('HEAD')");
  }
  const { result } = await command(folder, peers, { database: 'south' });
  expect(result).toMatchObject({ status: 'success', peers: [{ status: 'synced', verified: true }] });
  const rows = "SELECT title, owner FROM items WHERE id < 102 UNION SELECT 'lent', CAST(id AS CHAR) FROM lent";
  expect(await box.south.rows(rows)).toEqual([
    { title: 'theirs', owner: 'ann' },
    { title: 'row', owner: 'south' },
    { title: 'lent', owner: '7' },
  ]);
  await box.south.sql("CALL DOLT_BRANCH('-D', 'elsewhere')");
  await expect(command(folder, peers, { database: 'south' })).rejects.toMatchObject({
    code: 'dolt-defect',
    message: expect.stringContaining('cannot list the tables of main because of 1 row (le%) of dolt_nonlocal_tables'),
  });
});

test('a view of ours that hides `dolt_schemas` hides no change', async () => {
  await using folder = await tempFolder();
  const box = await mailbox(folder);
  const nothing =
    "SELECT 'view' AS type, 'v' AS name, '' AS fragment, NULL AS extra, NULL AS sql_mode FROM dual WHERE FALSE";
  await box.south.sql(
    `CREATE VIEW dolt_schemas AS ${nothing}`,
    "CALL DOLT_COMMIT('-A', '-m', 'an older version took it')",
  );
  await box.send("CREATE TRIGGER t BEFORE INSERT ON items FOR EACH ROW SET NEW.title = 'theirs'");
  const held = await box.receiveUnchanged({ accept: ['triggers'] });
  expect(held.run('partner').failure).toMatchObject({
    code: 'peer-brings-code',
    message: expect.stringContaining('1 view (dolt_schemas) would have the name of a table'),
  });
});

test('Dolt compares names of tables and columns in lower case, and names of views without case', async () => {
  await using folder = await tempFolder();
  const { south } = await mailbox(folder);
  await south.sql('CREATE TABLE `item\u017f` (id INT PRIMARY KEY, `\u017fize` INT, size INT, oK INT)');
  expect(await south.rows('SELECT COUNT(*) AS n FROM `item\u017f`')).toEqual([{ n: 0 }]);
  expect(await south.rows('SELECT COUNT(*) AS n FROM `ITEM\u017f`')).toEqual([{ n: 0 }]);
  expect(await south.rows('SELECT COUNT(*) AS n FROM ITEMS')).toEqual([{ n: 40 }]);
  await south.sql('CREATE VIEW `view\u017f` AS SELECT 1 AS id');
  expect(await south.rows('SELECT id FROM VIEWS')).toEqual([{ id: 1 }]);
});

test('a table is not lost between a peer with an equal table and a peer that renames it', async () => {
  await using folder = await tempFolder();
  const box = await mailbox(folder, ...TAGGED);
  const other = filePeer('other', folder.file('other-box'));
  await box.north.sql(
    `CALL DOLT_REMOTE('add', 'other', 'file://${folder.file('other-box')}')`,
    "CALL DOLT_BRANCH('old')",
    'CREATE TABLE aa LIKE items',
    `CALL DOLT_UPDATE_COLUMN_TAG('aa', 'id', ${TAG})`,
    "CALL DOLT_COMMIT('-A', '-m', 'an empty twin')",
    "CALL DOLT_PUSH('mailbox', 'main')",
    "CALL DOLT_CHECKOUT('old')",
    'RENAME TABLE items TO aa',
    'DELETE FROM aa',
    "CALL DOLT_COMMIT('-A', '-m', 'renamed')",
    "CALL DOLT_PUSH('other', 'old:main')",
  );
  expect((await box.receive()).run('partner')).toMatchObject({ failure: null, pulledCommits: 1 });
  const done = await box.receive({ others: [other] });
  expect(done.run('other').failure).toMatchObject({ code: 'mass-deletion' });
  expect(await box.south.rows('SELECT COUNT(*) AS n FROM items')).toEqual([{ n: 40 }]);
});

test('rows with credentials that cannot be read in time do not stop a push', async () => {
  await using folder = await tempFolder();
  const box = await mailbox(folder, ...CONFIG);
  const view = 'SELECT CAST(SLEEP(30) AS CHAR) AS `key`, CAST(1 AS CHAR) AS value';
  await box.south.sql(...hide('config', view), "CALL DOLT_COMMIT('-A', '-m', 'slow')");
  const notices: { readonly code: string; readonly message: string }[] = [];
  const empty = filePeer('empty', folder.file('empty-box'));
  const done = await box.receive({
    command: 'push',
    others: [empty],
    options: { mergeTimeoutMs: 1_000, notify: (notice) => void notices.push(notice) },
  });
  expect(done.run('empty')).toMatchObject({ failure: null, verified: true });
  expect(done.run('partner')).toMatchObject({ failure: null, verified: true });
  expect(notices).toContainEqual(
    expect.objectContaining({ code: 'secret-rows', message: expect.stringContaining('could not be read') }),
  );
});
