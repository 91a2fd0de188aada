import { describe, expect, test } from '@jest/globals';
import type { Accept } from '../../src/contract/vocabulary.ts';
import { filePeer } from '../helpers/federating.ts';
import { mailbox } from '../helpers/mailbox.ts';
import { tempFolder } from '../helpers/temp-folder.ts';

interface Attack {
  readonly name: string;
  readonly seed?: readonly string[];
  /** What an earlier run takes from the peer without a finding. */
  readonly before?: readonly string[];
  readonly sends: readonly string[];
  readonly code: string;
  readonly says: string;
  /** What lets it pass; absent: nothing does. */
  readonly lifts?: readonly Accept[];
  /** Whether Dolt can merge it at all; absent: it can. */
  readonly isMergeable?: false;
}

const TAG = 4711;
const TAGGED = [`CALL DOLT_UPDATE_COLUMN_TAG('items', 'id', ${TAG})`];
const CATALOG = "INSERT INTO dolt_query_catalog VALUES ('a', 1, 'n', 'SELECT 1', 'd')";
const KEYED = [
  'CREATE TABLE notes (id VARCHAR(36) PRIMARY KEY, text VARCHAR(40))',
  `INSERT INTO notes VALUES ${Array.from({ length: 30 }, (_, id) => `('k${id}', 't')`).join()}`,
  `CALL DOLT_UPDATE_COLUMN_TAG('notes', 'id', ${TAG})`,
];
const SMALL = ['CREATE TABLE small (id INT PRIMARY KEY)', 'INSERT INTO small VALUES (1), (2)'];
const NONLOCAL =
  "INSERT INTO dolt_nonlocal_tables (table_name, target_ref, options) VALUES ('shared', 'main', 'immediate')";
const CONFIG = [
  'CREATE TABLE issues (id VARCHAR(20) PRIMARY KEY)',
  'CREATE TABLE dependencies (id VARCHAR(20) PRIMARY KEY)',
  'CREATE TABLE labels (id VARCHAR(20) PRIMARY KEY)',
  'CREATE TABLE child_counters (parent_id VARCHAR(20) PRIMARY KEY, last_child INT)',
  'CREATE TABLE config (`key` VARCHAR(255) PRIMARY KEY, value TEXT NOT NULL)',
  "INSERT INTO config VALUES ('issue_prefix', 'kb')",
];

/** A table is renamed away and back, so that Dolt lets a view take its name meanwhile. */
const hide = (table: string, view: string, meanwhile: readonly string[] = []): string[] => [
  `RENAME TABLE ${table} TO away`,
  `CREATE VIEW ${table} AS ${view}`,
  ...meanwhile,
  `RENAME TABLE away TO ${table}`,
];

const ATTACKS: readonly Attack[] = [
  {
    name: 'a table dropped behind a table of Dolt with its tags',
    seed: KEYED,
    sends: [CATALOG, `CALL DOLT_UPDATE_COLUMN_TAG('dolt_query_catalog', 'id', ${TAG})`, 'DROP TABLE notes'],
    code: 'mass-deletion',
    says: 'partner drops 1 table (notes)',
    lifts: ['deletion'],
  },
  {
    name: 'a table that is new behind a table of Dolt that goes',
    seed: [CATALOG, `CALL DOLT_UPDATE_COLUMN_TAG('dolt_query_catalog', 'id', ${TAG})`],
    sends: [
      'CREATE TABLE evil (id VARCHAR(36) PRIMARY KEY, n INT DEFAULT (SLEEP(0)))',
      `CALL DOLT_UPDATE_COLUMN_TAG('evil', 'id', ${TAG})`,
      'DROP TABLE dolt_query_catalog',
    ],
    code: 'peer-brings-code',
    says: 'partner sends expressions of evil that call 1 function (SLEEP',
    lifts: ['expressions'],
  },
  {
    name: 'a view with the name of a table',
    sends: hide('items', "SELECT 1 AS id, 'x' AS title, 'y' AS owner"),
    code: 'peer-brings-code',
    says: '1 view (items) would have the name of a table',
  },
  {
    name: 'rows deleted behind such a view',
    sends: hide('items', "SELECT 1 AS id, 'x' AS title, 'y' AS owner", ['DELETE FROM away']),
    code: 'peer-brings-code',
    says: '1 view (items) would have the name of a table',
  },
  {
    name: 'a view with a name that Dolt takes for that of a table',
    sends: hide('items', 'SELECT 1 AS id').map((line) => line.replace('VIEW items', 'VIEW `item\u017f`')),
    code: 'peer-brings-code',
    says: 'would have the name of a table',
  },
  {
    name: 'a view with the name of a table of Dolt',
    sends: ['CREATE VIEW dolt_ignore AS SELECT 1 AS pattern, 0 AS ignored'],
    code: 'peer-brings-code',
    says: '1 view (dolt_ignore) would have the name of a table',
  },
  {
    name: 'addresses behind such a view',
    seed: CONFIG,
    sends: hide('config', "SELECT 'sync.remote' AS `key`, 'https://evil.example/' AS value"),
    code: 'peer-brings-code',
    says: '1 view (config) would have the name of a table',
  },
  {
    name: 'a check that SHOW CREATE TABLE leaves out beside a generated column',
    sends: [
      'ALTER TABLE items ADD COLUMN g INT GENERATED ALWAYS AS (LENGTH(title))',
      'ALTER TABLE items ADD CONSTRAINT slow CHECK (id < 100000 OR SLEEP(0) = 0)',
    ],
    code: 'peer-brings-code',
    says: 'partner sends expressions of items that call 1 function (SLEEP',
    lifts: ['expressions'],
  },
  {
    name: 'dolt_nonlocal_tables under another tag',
    seed: [NONLOCAL],
    sends: [
      "INSERT INTO dolt_nonlocal_tables (table_name, target_ref, options) VALUES ('secret*', 'main', 'immediate')",
      "CALL DOLT_UPDATE_COLUMN_TAG('dolt_nonlocal_tables', 'table_name', 4242)",
    ],
    code: 'peer-changes-local-tables',
    says: 'partner changes 1 row of dolt_nonlocal_tables',
    lifts: ['ignore'],
  },
  {
    name: 'a small table that is emptied under another name',
    seed: SMALL,
    sends: ['RENAME TABLE small TO small2', 'DELETE FROM small2'],
    code: 'mass-deletion',
    says: 'partner deletes 2 of the 2 rows of small',
    lifts: ['deletion'],
  },
  {
    name: 'settings that an earlier run took under another column',
    seed: [...CONFIG, "INSERT INTO config VALUES ('sync.remote', 'https://ours.example')"],
    before: ['ALTER TABLE config ADD COLUMN note TEXT', "UPDATE config SET note = 'https://theirs.example'"],
    sends: ['ALTER TABLE config RENAME COLUMN value TO old', 'ALTER TABLE config RENAME COLUMN note TO value'],
    code: 'peer-steers',
    says: 'partner changes 2 rows of config',
    lifts: ['peers'],
  },
  {
    name: 'routes that an earlier run took as another table',
    seed: CONFIG,
    before: [
      'CREATE TABLE plans (prefix VARCHAR(32) PRIMARY KEY, path VARCHAR(512) NOT NULL)',
      "INSERT INTO plans VALUES ('kb-', '../theirs')",
    ],
    sends: ['RENAME TABLE plans TO routes'],
    code: 'peer-steers',
    says: 'partner changes 1 row of routes',
    lifts: ['peers'],
  },
  {
    name: 'an address whose column goes',
    seed: [
      ...CONFIG,
      'CREATE TABLE federation_peers (name VARCHAR(64) PRIMARY KEY, remote_url TEXT)',
      "INSERT INTO federation_peers VALUES ('a', 'https://ours.example')",
    ],
    sends: ['ALTER TABLE federation_peers DROP COLUMN remote_url'],
    code: 'peer-steers',
    says: 'partner changes 1 row of federation_peers',
    lifts: ['peers'],
  },
  {
    name: 'a setting that is removed',
    seed: [...CONFIG, "INSERT INTO config VALUES ('sync.remote', 'https://ours.example')"],
    sends: ["DELETE FROM config WHERE `key` = 'sync.remote'"],
    code: 'peer-steers',
    says: 'partner changes 1 row of config',
    lifts: ['peers'],
  },
  {
    name: 'a table of beads that loses its name, so that the database is not taken for one',
    seed: CONFIG,
    sends: ['RENAME TABLE labels TO tags'],
    code: 'mass-deletion',
    says: 'partner drops 1 table (labels)',
    lifts: ['deletion'],
  },
  {
    name: 'dates ahead that an earlier run took under another column',
    seed: ['CREATE TABLE log (id INT PRIMARY KEY, updated_at DATETIME)', "INSERT INTO log VALUES (1, '2020-01-01')"],
    before: ['ALTER TABLE log ADD COLUMN due DATETIME', "UPDATE log SET due = '9999-01-01'"],
    sends: ['ALTER TABLE log RENAME COLUMN updated_at TO old', 'ALTER TABLE log RENAME COLUMN due TO updated_at'],
    code: 'future-date',
    says: 'partner sends 1 row of log whose updated_at is more than a day in the future',
    lifts: ['future'],
  },
  {
    name: 'dates ahead that an earlier run took under another column, with a definition of the same text',
    seed: [
      'CREATE TABLE log (id INT PRIMARY KEY, updated_at DATETIME, due DATETIME)',
      "INSERT INTO log VALUES (1, '2020-01-01', '9999-01-01')",
    ],
    sends: [
      'ALTER TABLE log RENAME COLUMN updated_at TO old',
      'ALTER TABLE log RENAME COLUMN due TO updated_at',
      'ALTER TABLE log RENAME COLUMN old TO due',
      'ALTER TABLE log MODIFY COLUMN updated_at DATETIME AFTER id',
    ],
    code: 'future-date',
    says: 'partner sends 1 row of log whose updated_at is more than a day in the future',
    lifts: ['future'],
  },
  {
    name: 'dates ahead that an earlier run took as another table',
    before: ['CREATE TABLE plans (id INT PRIMARY KEY, due TEXT)', "INSERT INTO plans VALUES (1, '9999-01-01')"],
    sends: ['ALTER TABLE plans RENAME COLUMN due TO Modified_At', 'RENAME TABLE plans TO log'],
    code: 'future-date',
    says: 'partner sends 1 row of log whose Modified_At is more than a day in the future',
    lifts: ['future'],
  },
  {
    name: 'a smaller table that an earlier run took and that takes the name of ours',
    before: ['CREATE TABLE few LIKE items', "INSERT INTO few VALUES (1, 'one', 'sue')"],
    sends: ['RENAME TABLE items TO many', 'RENAME TABLE few TO items'],
    code: 'mass-deletion',
    says: 'of the 40 rows of items',
    lifts: ['deletion'],
  },
  {
    name: 'a table without a common key that takes the name of ours',
    before: ['CREATE TABLE few (title TEXT)'],
    sends: ['RENAME TABLE items TO many', 'RENAME TABLE few TO items'],
    code: 'mass-deletion',
    says: 'partner deletes 40 of the 40 rows of items',
    lifts: ['deletion'],
    isMergeable: false,
  },
  {
    name: 'a table that Dolt takes for our private one, by a letter that only Go folds',
    seed: ["INSERT INTO dolt_ignore VALUES ('wisp%', true)"],
    sends: ['CREATE TABLE `w\u0130sps` (id VARCHAR(36) PRIMARY KEY, title TEXT)'],
    code: 'peer-changes-local-tables',
    says: 'that `dolt_ignore` excludes from commits here',
    lifts: ['ignored-tables'],
  },
  {
    name: 'addresses in a table that Dolt takes for one of beads',
    seed: CONFIG,
    sends: [
      'CREATE TABLE `federat\u0130on_peers` (name VARCHAR(64) PRIMARY KEY, remote_url TEXT)',
      "INSERT INTO `federat\u0130on_peers` VALUES ('a', 'https://theirs.example')",
    ],
    code: 'peer-steers',
    says: 'partner changes 1 row of federat',
    lifts: ['peers'],
  },
  {
    name: 'the repository of a tracker',
    seed: [...CONFIG, "INSERT INTO config VALUES ('github.repo', 'ours')"],
    sends: ["UPDATE config SET value = 'theirs' WHERE `key` = 'github.repo'"],
    code: 'peer-steers',
    says: 'partner changes 1 row of config',
    lifts: ['peers'],
  },
  {
    name: 'a table in another case with keys that SQL takes for equal',
    seed: [
      'CREATE TABLE tasks (id VARCHAR(20) PRIMARY KEY, title TEXT)',
      `INSERT INTO tasks VALUES ${Array.from({ length: 40 }, (_, id) => `('bd-${id}', 't')`).join()}`,
    ],
    sends: [
      'RENAME TABLE tasks TO old_stuff',
      'CREATE TABLE Tasks (id INT PRIMARY KEY, title TEXT)',
      "INSERT INTO Tasks VALUES (0, 'theirs')",
    ],
    code: 'mass-deletion',
    says: 'partner deletes 40 of the 40 rows of tasks',
    lifts: ['deletion'],
    isMergeable: false,
  },
  {
    name: 'dates ahead in a VIRTUAL column',
    seed: [
      'CREATE TABLE log (id INT PRIMARY KEY, due DATETIME, updated_at DATETIME AS (due) VIRTUAL)',
      "INSERT INTO log (id, due) VALUES (1, '2020-01-01')",
    ],
    sends: ["INSERT INTO log (id, due) VALUES (2, '9999-01-01')"],
    code: 'future-date',
    says: 'partner sends 1 row of log whose updated_at is more than a day in the future',
    lifts: ['future'],
  },
  {
    name: 'dates ahead as bytes',
    sends: [
      'CREATE TABLE log (id INT PRIMARY KEY, updated_at VARBINARY(30))',
      "INSERT INTO log VALUES (1, '9999-01-01 00:00:00')",
    ],
    code: 'future-date',
    says: 'partner sends 1 row of log whose updated_at is more than a day in the future',
    lifts: ['future'],
  },
  {
    name: 'an expression that fills the memory with a type',
    sends: [
      'CREATE TABLE wide (id INT PRIMARY KEY, title TEXT, CHECK (id < 5000 OR LENGTH(CAST(title AS BINARY(2000000000))) > 0))',
    ],
    code: 'peer-brings-code',
    says: 'call 1 function (BINARY(2000000000)',
    lifts: ['expressions'],
  },
];

describe('what no diff shows waits', () => {
  const forms = ATTACKS.flatMap((attack) => [
    { ...attack, form: 'as a fast-forward', own: [] },
    ...(attack.isMergeable === false
      ? []
      : [{ ...attack, form: 'as a merge', own: ["INSERT INTO items VALUES (5, 'five', 'sue')"] }]),
  ]);
  test.each(forms)('$name, $form: $code', async ({ seed = [], before = [], sends, own, code, says, lifts }) => {
    await using folder = await tempFolder();
    const box = await mailbox(folder, ...seed);
    if (before.length > 0) {
      await box.send(...before);
      expect((await box.receive()).run('partner')).toMatchObject({ failure: null, pulledCommits: 1 });
    }
    if (own.length > 0) await box.keep(...own);
    await box.send(...sends);
    const every: readonly Accept[] = ['triggers', 'events', 'procedures', 'ignore', 'deletion', 'future', 'recreated'];
    const held = await box.receiveUnchanged();
    expect(held.run('partner').failure).toMatchObject({ code, message: expect.stringContaining(says) });
    const accepted = await box.receive({ accept: lifts ?? [...every, 'expressions', 'ignored-tables', 'peers'] });
    if (lifts === undefined) expect(accepted.run('partner').failure).toMatchObject({ code });
    else expect(accepted.run('partner').failure).toBeNull();
  });
});

test('a view with the name of a private table of ours waits, in any case', async () => {
  await using folder = await tempFolder();
  const box = await mailbox(folder, "INSERT INTO dolt_ignore VALUES ('private%', true)");
  await box.south.sql('CREATE TABLE private_notes (id INT PRIMARY KEY)', 'INSERT INTO private_notes VALUES (7)');
  await box.send('CREATE VIEW Private_Notes AS SELECT 1 AS id');
  expect((await box.receive()).run('partner').failure).toMatchObject({ code: 'peer-brings-code' });
  expect(await box.south.rows('SELECT id FROM private_notes')).toEqual([{ id: 7 }]);
});

test('a view of ours that answers in place of `dolt_schemas` hides nothing', async () => {
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

test('Dolt compares names of tables and columns in lower case, and of views without case', async () => {
  await using folder = await tempFolder();
  const { south } = await mailbox(folder);
  await south.sql('CREATE TABLE `item\u017f` (id INT PRIMARY KEY, `\u017fize` INT, size INT, oK INT)');
  expect(await south.rows('SELECT COUNT(*) AS n FROM `item\u017f`')).toEqual([{ n: 0 }]);
  expect(await south.rows('SELECT COUNT(*) AS n FROM `ITEM\u017f`')).toEqual([{ n: 0 }]);
  expect(await south.rows('SELECT COUNT(*) AS n FROM ITEMS')).toEqual([{ n: 40 }]);
  await south.sql('CREATE VIEW `view\u017f` AS SELECT 1 AS id');
  expect(await south.rows('SELECT id FROM VIEWS')).toEqual([{ id: 1 }]);
});

test('a table is not lost between two peers, of which one brings an equal table and the other renames it away', async () => {
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

test('rows with credentials that cannot be read in time stop no push', async () => {
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
