import { expect, test } from '@jest/globals';
import { type Attack, BEADS_TABLES, STEERING_TABLES, testAttacks } from '../helpers/attacks.ts';
import { mailboxes, type Sending } from '../helpers/mailboxes.ts';
import { tempFolder } from '../helpers/temp-folder.ts';

const REPLACE = ['CREATE TABLE v LIKE items', 'DROP TABLE items', 'RENAME TABLE v TO items'];
const TIMES = [
  'CREATE TABLE times (id INT PRIMARY KEY, updated_at DATETIME, modified_at DATE)',
  "INSERT INTO times VALUES (1, '2020-01-01', '2020-01-01')",
];
const IGNORED = ["INSERT INTO dolt_ignore VALUES ('private%', true), ('private_shared', false)"];
const NOTES = 'CREATE TABLE Private_Notes (id INT PRIMARY KEY, text VARCHAR(40))';
const BEADS = [...BEADS_TABLES, ...STEERING_TABLES];

/** Ten parents, of which each has three children. */
const FAMILY = [
  'CREATE TABLE parents (id INT PRIMARY KEY, n INT)',
  'CREATE TABLE children (id INT PRIMARY KEY, parent INT, FOREIGN KEY (parent) REFERENCES parents (id) ON DELETE CASCADE)',
  `INSERT INTO parents VALUES ${Array.from({ length: 10 }, (_, id) => `(${id + 1}, 0)`).join()}`,
  `INSERT INTO children VALUES ${Array.from({ length: 30 }, (_, id) => `(${id}, ${(id % 10) + 1})`).join()}`,
];

/** The tables of all attacks on one database, and on a database of beads. */
const OTHER = [
  'CREATE TABLE keyless (a INT)',
  'INSERT INTO keyless SELECT id FROM items',
  ...TIMES,
  ...IGNORED,
  'CREATE TABLE moved (id INT PRIMARY KEY, n INT)',
  'INSERT INTO moved VALUES (1, 1)',
  'CREATE PROCEDURE p() SELECT 1',
  'CREATE TABLE owned (id INT PRIMARY KEY, owner VARCHAR(40))',
  "CREATE TRIGGER tr BEFORE INSERT ON owned FOR EACH ROW SET NEW.owner = 'ann'",
  ...FAMILY,
];
const TRACKER = [
  ...BEADS,
  "INSERT INTO config VALUES ('issue_prefix', 'kb')",
  "INSERT INTO custom_statuses VALUES ('review', 'wip')",
];

const ATTACKS: readonly Attack[] = [
  {
    name: 'a table that is replaced by an empty one with the same definition',
    seed: OTHER,
    sends: REPLACE,
    code: 'mass-deletion',
    says: 'partner deletes 40 of the 40 rows of items',
    accepts: ['deletion'],
  },
  {
    name: 'a replaced table without a key',
    seed: OTHER,
    sends: ['CREATE TABLE v LIKE keyless', 'DROP TABLE keyless', 'RENAME TABLE v TO keyless'],
    code: 'mass-deletion',
    says: 'partner deletes 40 of the 40 rows of keyless',
    accepts: ['deletion'],
    isMergeable: false,
  },
  {
    name: 'deletions with another column tag',
    seed: OTHER,
    sends: ["CALL DOLT_UPDATE_COLUMN_TAG('items', 'id', 4711)", 'DELETE FROM items WHERE id > 110'],
    code: 'mass-deletion',
    says: 'partner deletes 29 of the 40 rows of items',
    accepts: ['deletion'],
    isMergeable: false,
  },
  {
    name: 'deletions with another type of the key',
    seed: OTHER,
    sends: ['ALTER TABLE items MODIFY id BIGINT', 'DELETE FROM items WHERE id > 110'],
    code: 'mass-deletion',
    says: 'partner deletes 29 of the 40 rows of items',
    accepts: ['deletion'],
    isMergeable: false,
  },
  {
    name: 'a date in a replaced table with new rows',
    seed: OTHER,
    sends: [
      'CREATE TABLE v LIKE times',
      "INSERT INTO v VALUES (1, '9999-01-01', '2020-01-01')",
      'DROP TABLE times',
      'RENAME TABLE v TO times',
    ],
    code: 'future-date',
    says: 'partner sends 1 row of times whose updated_at is more than a day in the future',
    accepts: ['future'],
    isMergeable: false,
  },
  {
    name: 'a date in the second time column',
    seed: OTHER,
    sends: ["UPDATE times SET updated_at = NULL, modified_at = '9999-01-01'"],
    code: 'future-date',
    says: 'partner sends 1 row of times whose modified_at is more than a day in the future',
    accepts: ['future'],
    isMergeable: false,
  },
  {
    name: 'a replaced table with equal rows',
    seed: OTHER,
    sends: [
      'CREATE TABLE v LIKE items',
      'INSERT INTO v SELECT * FROM items',
      'DROP TABLE items',
      'RENAME TABLE v TO items',
    ],
    code: 'not-comparable',
    says: 'partner sends 1 table (items) whose contents differ, but Dolt shows no difference',
    accepts: ['recreated'],
    isMergeable: false,
  },
  {
    name: 'a table that is private here',
    seed: OTHER,
    sends: [NOTES, "CALL DOLT_ADD('-f', 'Private_Notes')"],
    code: 'peer-changes-local-tables',
    says: 'partner sends 1 table (Private_Notes) that `dolt_ignore` excludes from commits here',
    accepts: ['ignored-tables'],
  },
  {
    name: 'a table that only our working set ignores',
    seed: OTHER,
    local: ["INSERT INTO dolt_ignore VALUES ('cache_?', true)"],
    sends: ['CREATE TABLE CACHE_1 (id INT PRIMARY KEY)'],
    code: 'peer-changes-local-tables',
    says: 'partner sends 1 table (CACHE_1) that `dolt_ignore` excludes from commits here',
    accepts: ['ignored-tables'],
    isMergeable: false,
  },
  {
    name: 'a table that we added to the ignored ones',
    seed: OTHER,
    own: ["INSERT INTO dolt_ignore VALUES ('moved', true)", "CALL DOLT_RM('--cached', 'moved')"],
    sends: ['INSERT INTO moved VALUES (2, 2)'],
    code: 'schema-ahead',
    codeIfAccepted: 'uncommitted-changes',
    isMergeable: false,
    says: 'partner changes 1 table (moved) that `dolt_ignore` excludes from commits here',
  },
  {
    name: 'deletions beside another tag of a column outside the key',
    seed: OTHER,
    sends: ["CALL DOLT_UPDATE_COLUMN_TAG('items', 'title', 4711)", 'DELETE FROM items WHERE id > 110'],
    code: 'mass-deletion',
    says: 'partner deletes 29 of the 40 rows of items',
    accepts: ['deletion'],
    isMergeable: false,
  },
  {
    name: 'deletions beside a column that is dropped and added again',
    seed: OTHER,
    sends: [
      'ALTER TABLE items DROP COLUMN title',
      'ALTER TABLE items ADD COLUMN title VARCHAR(100)',
      'DELETE FROM items WHERE id > 110',
    ],
    code: 'mass-deletion',
    says: 'partner deletes 29 of the 40 rows of items',
    accepts: ['deletion'],
    isMergeable: false,
  },
  {
    name: 'a call in a column that is dropped and added again',
    seed: OTHER,
    sends: [
      'ALTER TABLE items DROP COLUMN title',
      'ALTER TABLE items ADD COLUMN title VARCHAR(100) DEFAULT (SLEEP(0))',
    ],
    code: 'peer-brings-code',
    says: 'partner sends expressions of items that call 1 function (SLEEP in the column title)',
    accepts: ['expressions'],
    isMergeable: false,
  },
  {
    name: 'a date in a column that is dropped and added again',
    seed: OTHER,
    sends: [
      'ALTER TABLE times DROP COLUMN updated_at',
      "ALTER TABLE times ADD COLUMN updated_at DATETIME DEFAULT '9999-01-01'",
    ],
    code: 'future-date',
    says: 'partner sends 1 row of times whose updated_at is more than a day in the future',
    accepts: ['future'],
    isMergeable: false,
  },
  {
    name: 'a procedure in a table of procedures that was dropped and created again',
    seed: OTHER,
    sends: ['DROP TABLE dolt_procedures', 'CREATE PROCEDURE p() SELECT 2'],
    code: 'peer-brings-code',
    says: 'partner sends 1 procedure (p, changed)',
    accepts: ['procedures'],
  },
  {
    name: 'a trigger in a table of definitions that was emptied and filled again',
    seed: OTHER,
    sends: ['DROP TRIGGER tr', "CREATE TRIGGER tr BEFORE INSERT ON owned FOR EACH ROW SET NEW.owner = 'eve'"],
    code: 'peer-brings-code',
    says: 'partner sends 1 trigger (tr, changed)',
    accepts: ['triggers'],
  },
  {
    name: 'children that are deleted with the parents of a small table',
    seed: OTHER,
    sends: ['DELETE FROM parents WHERE id > 2'],
    code: 'mass-deletion',
    says: 'partner deletes 24 of the 30 rows of children',
    accepts: ['deletion'],
    isMergeable: false,
  },
  {
    name: 'an address of another database',
    seed: TRACKER,
    sends: ["UPDATE federation_peers SET remote_url = 'https://evil.example/db', last_sync = UTC_TIMESTAMP()"],
    code: 'peer-steers',
    says: 'partner changes 1 row of federation_peers that may control the servers',
    accepts: ['peers'],
    isMergeable: false,
  },
  {
    name: 'a route',
    seed: TRACKER,
    sends: ["INSERT INTO routes VALUES ('kb-', '/tmp/evil', NULL)"],
    code: 'peer-steers',
    says: 'partner changes 1 row of routes that may control the servers',
    accepts: ['peers'],
    isMergeable: false,
  },
  {
    name: 'addresses and tokens among the settings',
    seed: TRACKER,
    sends: [
      "INSERT INTO config VALUES ('allowed_prefixes', 'kb'), ('jira.API_Token', 'x'), ('note', 'git+ssh://evil.example')",
    ],
    code: 'peer-steers',
    says: 'partner changes 2 rows of config that may control the servers',
    accepts: ['peers'],
    isMergeable: false,
  },
  {
    name: 'settings that hide issues, or stop new ones',
    seed: TRACKER,
    sends: [
      "INSERT INTO config VALUES ('types.infra', 'task,bug'), ('status.custom', 'review:done'), ('compact_tier1_days', '1')",
      "DELETE FROM config WHERE `key` = 'issue_prefix'",
    ],
    code: 'peer-steers',
    says: 'partner changes 4 rows of config that may control the servers',
    accepts: ['peers'],
    isMergeable: false,
  },
  {
    name: 'statuses that hide issues',
    seed: TRACKER,
    sends: ["UPDATE custom_statuses SET category = 'done'", "INSERT INTO custom_statuses VALUES ('open', 'frozen')"],
    code: 'peer-steers',
    says: 'partner changes 2 rows of custom_statuses that may control the servers',
    accepts: ['peers'],
    isMergeable: false,
  },
  {
    name: 'a default that sleeps',
    seed: OTHER,
    sends: ['ALTER TABLE items ADD COLUMN slow INT DEFAULT (SLEEP(0))'],
    code: 'peer-brings-code',
    says: 'partner sends expressions of items that call 1 function (SLEEP in the column slow)',
    accepts: ['expressions'],
    isMergeable: false,
  },
  {
    name: 'a check that fills the memory',
    seed: OTHER,
    sends: ["ALTER TABLE items ADD CONSTRAINT big CHECK (title <> REPEAT('x', 4))"],
    code: 'peer-brings-code',
    says: 'partner sends expressions of items that call 1 function (REPEAT in the check big)',
    accepts: ['expressions'],
  },
  {
    name: 'a functional index and a generated column of a new table',
    seed: OTHER,
    sends: [
      'CREATE TABLE more (id INT PRIMARY KEY, a VARCHAR(20), g INT GENERATED ALWAYS AS (RAND()) STORED)',
      'CREATE INDEX f ON more ((RPAD(a, 3, a)))',
    ],
    code: 'peer-brings-code',
    says: 'call 2 functions (RAND in the column g, RPAD in the index f)',
    accepts: ['expressions'],
    isMergeable: false,
  },
];

testAttacks('a change of a peer is blocked until `accept` allows it', ATTACKS);

/** Changes that no setting has to allow, by the database that gets them. */
const HARMLESS: readonly (readonly [kind: string, seed: readonly string[], Readonly<Record<string, Sending>>])[] = [
  [
    'any database',
    [
      ...IGNORED,
      'CREATE TABLE counted (id INT AUTO_INCREMENT PRIMARY KEY, n INT)',
      'CREATE TABLE routes (prefix VARCHAR(32) PRIMARY KEY, path VARCHAR(512))',
      'CREATE TABLE slow (id INT PRIMARY KEY, n INT DEFAULT (SLEEP(0)))',
    ],
    {
      'increased-counter': { sends: ['INSERT INTO counted (n) VALUES (1)', 'DELETE FROM counted'] },
      'table-that-is-not-ignored': { sends: ['CREATE TABLE private_shared (id INT PRIMARY KEY)'] },
      'routes-of-another-program': { sends: ["INSERT INTO routes VALUES ('12', 'Main Street')"] },
      'expression-of-known-functions': {
        sends: [
          "ALTER TABLE items ADD COLUMN made DATETIME DEFAULT (DATE_ADD(NOW(), INTERVAL 1 DAY)), ADD CONSTRAINT short CHECK (LENGTH(title) < 90 AND title NOT IN ('sleep(1)'))",
        ],
      },
      'expression-of-ours': {
        sends: ["ALTER TABLE slow MODIFY n INT DEFAULT (SLEEP(0)) COMMENT 'slow'", 'INSERT INTO slow VALUES (1, 1)'],
      },
    },
  ],
  [
    'a database of beads',
    BEADS,
    {
      'times-of-bd': { sends: ['UPDATE federation_peers SET last_sync = UTC_TIMESTAMP()'] },
      'settings-without-an-address': {
        sends: [
          "INSERT INTO config VALUES ('allowed_prefixes', 'kb'), ('types.custom', 'convoy'), ('status.custom', 'later:wip')",
          "INSERT INTO custom_statuses VALUES ('later', 'wip')",
        ],
      },
    },
  ],
];

test.each(HARMLESS)('harmless changes of %s are accepted', async (_, seed, sendings) => {
  await using folder = await tempFolder();
  await using scene = await mailboxes(folder, seed, sendings);
  const names = Object.keys(sendings);
  const { allProgress } = await scene.receive(names);
  expect(
    allProgress.map(({ peer, failure, verified, pulledCommits }) => [peer.name, { failure, verified, pulledCommits }]),
  ).toEqual(names.map((name) => [name, { failure: null, verified: true, pulledCommits: 1 }]));
});
