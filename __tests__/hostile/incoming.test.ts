import { describe, expect, test } from '@jest/globals';
import type { Accept } from '../../src/contract/vocabulary.ts';
import type { PeerProgress } from '../../src/sync/peer-progress.ts';
import { BEADS_TABLES } from '../helpers/attacks.ts';
import { mailbox } from '../helpers/mailbox.ts';
import { tempFolder } from '../helpers/temp-folder.ts';

interface Attack {
  readonly name: string;
  /** The commits of both before. */
  readonly seed?: readonly string[];
  /** The uncommitted changes of south. */
  readonly local?: readonly string[];
  readonly sends: readonly string[];
  readonly code: string;
  readonly says: string;
  readonly accepts: Accept;
  /** Tried as a merge, too. */
  readonly merges?: true;
  /** The commits of south before; with them, there is a merge. */
  readonly own?: readonly string[];
  /** An upgrade of the peer helps, and no `accept`. */
  readonly isNeverAccepted?: true;
}

const REPLACE = ['CREATE TABLE v LIKE items', 'DROP TABLE items', 'RENAME TABLE v TO items'];
const TIMES = [
  'CREATE TABLE times (id INT PRIMARY KEY, updated_at DATETIME, modified_at DATE)',
  "INSERT INTO times VALUES (1, '2020-01-01', '2020-01-01')",
];
const IGNORED = ["INSERT INTO dolt_ignore VALUES ('private%', true), ('private_shared', false)"];
const NOTES = 'CREATE TABLE Private_Notes (id INT PRIMARY KEY, text VARCHAR(40))';
const BEADS = [
  ...BEADS_TABLES,
  'CREATE TABLE routes (prefix VARCHAR(32) PRIMARY KEY, path VARCHAR(512), updated_at DATETIME)',
  'CREATE TABLE federation_peers (name VARCHAR(255) PRIMARY KEY, remote_url VARCHAR(1024), password_encrypted BLOB, last_sync DATETIME)',
  "INSERT INTO federation_peers VALUES ('east', 'https://east.example/db', NULL, NULL)",
];
const STATUSES = 'CREATE TABLE custom_statuses (name VARCHAR(64) PRIMARY KEY, category VARCHAR(32))';

/** Ten parents, of which each has three children. */
const FAMILY = (onDelete: string): readonly string[] => [
  'CREATE TABLE parents (id INT PRIMARY KEY, n INT)',
  `CREATE TABLE children (id INT PRIMARY KEY, parent INT, FOREIGN KEY (parent) REFERENCES parents (id) ON DELETE ${onDelete})`,
  `INSERT INTO parents VALUES ${Array.from({ length: 10 }, (_, id) => `(${id + 1}, 0)`).join()}`,
  `INSERT INTO children VALUES ${Array.from({ length: 30 }, (_, id) => `(${id}, ${(id % 10) + 1})`).join()}`,
];

const ATTACKS: readonly Attack[] = [
  {
    name: 'a table that is replaced by an empty one with the same definition',
    merges: true,
    sends: REPLACE,
    code: 'mass-deletion',
    says: 'partner deletes 40 of the 40 rows of items',
    accepts: 'deletion',
  },
  {
    name: 'a replaced table without a key',
    seed: ['CREATE TABLE keyless (a INT)', 'INSERT INTO keyless SELECT id FROM items'],
    sends: ['CREATE TABLE v LIKE keyless', 'DROP TABLE keyless', 'RENAME TABLE v TO keyless'],
    code: 'mass-deletion',
    says: 'partner deletes 40 of the 40 rows of keyless',
    accepts: 'deletion',
  },
  {
    name: 'deletions with another column tag',
    sends: ["CALL DOLT_UPDATE_COLUMN_TAG('items', 'id', 4711)", 'DELETE FROM items WHERE id > 110'],
    code: 'mass-deletion',
    says: 'partner deletes 29 of the 40 rows of items',
    accepts: 'deletion',
  },
  {
    name: 'deletions with another type of the key',
    sends: ['ALTER TABLE items MODIFY id BIGINT', 'DELETE FROM items WHERE id > 110'],
    code: 'mass-deletion',
    says: 'partner deletes 29 of the 40 rows of items',
    accepts: 'deletion',
  },
  {
    name: 'a date in a replaced table with new rows',
    seed: TIMES,
    sends: [
      'CREATE TABLE v LIKE times',
      "INSERT INTO v VALUES (1, '9999-01-01', '2020-01-01')",
      'DROP TABLE times',
      'RENAME TABLE v TO times',
    ],
    code: 'future-date',
    says: 'partner sends 1 row of times whose updated_at is more than a day in the future',
    accepts: 'future',
  },
  {
    name: 'a date in the second time column',
    seed: TIMES,
    sends: ["UPDATE times SET updated_at = NULL, modified_at = '9999-01-01'"],
    code: 'future-date',
    says: 'partner sends 1 row of times whose modified_at is more than a day in the future',
    accepts: 'future',
  },
  {
    name: 'a replaced table with equal rows',
    sends: [
      'CREATE TABLE v LIKE items',
      'INSERT INTO v SELECT * FROM items',
      'DROP TABLE items',
      'RENAME TABLE v TO items',
    ],
    code: 'not-comparable',
    says: 'partner sends 1 table (items) whose contents differ, but Dolt shows no difference',
    accepts: 'recreated',
  },
  {
    name: 'a table that is private here',
    merges: true,
    seed: IGNORED,
    sends: [NOTES, "CALL DOLT_ADD('-f', 'Private_Notes')"],
    code: 'peer-changes-local-tables',
    says: 'partner sends 1 table (Private_Notes) that `dolt_ignore` excludes from commits here',
    accepts: 'ignored-tables',
  },
  {
    name: 'a table that only our working set ignores',
    local: ["INSERT INTO dolt_ignore VALUES ('cache_?', true)"],
    sends: ['CREATE TABLE CACHE_1 (id INT PRIMARY KEY)'],
    code: 'peer-changes-local-tables',
    says: 'partner sends 1 table (CACHE_1) that `dolt_ignore` excludes from commits here',
    accepts: 'ignored-tables',
  },
  {
    name: 'a table that we added to the ignored ones',
    seed: ['CREATE TABLE moved (id INT PRIMARY KEY, n INT)', 'INSERT INTO moved VALUES (1, 1)'],
    own: ["INSERT INTO dolt_ignore VALUES ('moved', true)", "CALL DOLT_RM('--cached', 'moved')"],
    sends: ['INSERT INTO moved VALUES (2, 2)'],
    code: 'schema-ahead',
    says: 'partner changes 1 table (moved) that `dolt_ignore` excludes from commits here',
    accepts: 'ignored-tables',
    isNeverAccepted: true,
  },
  {
    name: 'deletions beside another tag of a column outside the key',
    sends: ["CALL DOLT_UPDATE_COLUMN_TAG('items', 'title', 4711)", 'DELETE FROM items WHERE id > 110'],
    code: 'mass-deletion',
    says: 'partner deletes 29 of the 40 rows of items',
    accepts: 'deletion',
  },
  {
    name: 'deletions beside a column that is dropped and added again',
    sends: [
      'ALTER TABLE items DROP COLUMN title',
      'ALTER TABLE items ADD COLUMN title VARCHAR(100)',
      'DELETE FROM items WHERE id > 110',
    ],
    code: 'mass-deletion',
    says: 'partner deletes 29 of the 40 rows of items',
    accepts: 'deletion',
  },
  {
    name: 'a call in a column that is dropped and added again',
    sends: [
      'ALTER TABLE items DROP COLUMN title',
      'ALTER TABLE items ADD COLUMN title VARCHAR(100) DEFAULT (SLEEP(0))',
    ],
    code: 'peer-brings-code',
    says: 'partner sends expressions of items that call 1 function (SLEEP in the column title)',
    accepts: 'expressions',
  },
  {
    name: 'a date in a column that is dropped and added again',
    seed: TIMES,
    sends: [
      'ALTER TABLE times DROP COLUMN updated_at',
      "ALTER TABLE times ADD COLUMN updated_at DATETIME DEFAULT '9999-01-01'",
    ],
    code: 'future-date',
    says: 'partner sends 1 row of times whose updated_at is more than a day in the future',
    accepts: 'future',
  },
  {
    name: 'a procedure in a table of procedures that was dropped and created again',
    merges: true,
    seed: ['CREATE PROCEDURE p() SELECT 1'],
    sends: ['DROP TABLE dolt_procedures', 'CREATE PROCEDURE p() SELECT 2'],
    code: 'peer-brings-code',
    says: 'partner sends 1 procedure (p, changed)',
    accepts: 'procedures',
  },
  {
    name: 'a trigger in a table of definitions that was emptied and filled again',
    merges: true,
    seed: ["CREATE TRIGGER tr BEFORE INSERT ON items FOR EACH ROW SET NEW.owner = 'ann'"],
    sends: ['DROP TRIGGER tr', "CREATE TRIGGER tr BEFORE INSERT ON items FOR EACH ROW SET NEW.owner = 'eve'"],
    code: 'peer-brings-code',
    says: 'partner sends 1 trigger (tr, changed)',
    accepts: 'triggers',
  },
  {
    name: 'children that are deleted with the parents of a small table',
    seed: FAMILY('CASCADE'),
    sends: ['DELETE FROM parents WHERE id > 2'],
    code: 'mass-deletion',
    says: 'partner deletes 24 of the 30 rows of children',
    accepts: 'deletion',
  },
  {
    name: 'an address of another database',
    seed: BEADS,
    sends: ["UPDATE federation_peers SET remote_url = 'https://evil.example/db', last_sync = UTC_TIMESTAMP()"],
    code: 'peer-steers',
    says: 'partner changes 1 row of federation_peers that may control the servers',
    accepts: 'peers',
  },
  {
    name: 'a route',
    seed: BEADS,
    sends: ["INSERT INTO routes VALUES ('kb-', '/tmp/evil', NULL)"],
    code: 'peer-steers',
    says: 'partner changes 1 row of routes that may control the servers',
    accepts: 'peers',
  },
  {
    name: 'addresses and tokens among the settings',
    seed: BEADS,
    sends: [
      "INSERT INTO config VALUES ('allowed_prefixes', 'kb'), ('jira.API_Token', 'x'), ('note', 'git+ssh://evil.example')",
    ],
    code: 'peer-steers',
    says: 'partner changes 2 rows of config that may control the servers',
    accepts: 'peers',
  },
  {
    name: 'settings that hide issues, or stop new ones',
    seed: [...BEADS, "INSERT INTO config VALUES ('issue_prefix', 'kb')"],
    sends: [
      "INSERT INTO config VALUES ('types.infra', 'task,bug'), ('status.custom', 'review:done'), ('compact_tier1_days', '1')",
      "DELETE FROM config WHERE `key` = 'issue_prefix'",
    ],
    code: 'peer-steers',
    says: 'partner changes 4 rows of config that may control the servers',
    accepts: 'peers',
  },
  {
    name: 'statuses that hide issues',
    seed: [...BEADS, STATUSES, "INSERT INTO custom_statuses VALUES ('review', 'wip')"],
    sends: ["UPDATE custom_statuses SET category = 'done'", "INSERT INTO custom_statuses VALUES ('open', 'frozen')"],
    code: 'peer-steers',
    says: 'partner changes 2 rows of custom_statuses that may control the servers',
    accepts: 'peers',
  },
  {
    name: 'a default that sleeps',
    sends: ['ALTER TABLE items ADD COLUMN slow INT DEFAULT (SLEEP(0))'],
    code: 'peer-brings-code',
    says: 'partner sends expressions of items that call 1 function (SLEEP in the column slow)',
    accepts: 'expressions',
  },
  {
    name: 'a check that fills the memory',
    merges: true,
    sends: ["ALTER TABLE items ADD CONSTRAINT big CHECK (title <> REPEAT('x', 4))"],
    code: 'peer-brings-code',
    says: 'partner sends expressions of items that call 1 function (REPEAT in the check big)',
    accepts: 'expressions',
  },
  {
    name: 'a functional index and a generated column of a new table',
    sends: [
      'CREATE TABLE more (id INT PRIMARY KEY, a VARCHAR(20), g INT GENERATED ALWAYS AS (RAND()) STORED)',
      'CREATE INDEX f ON more ((RPAD(a, 3, a)))',
    ],
    code: 'peer-brings-code',
    says: 'call 2 functions (RAND in the column g, RPAD in the index f)',
    accepts: 'expressions',
  },
];

async function expectBlocked(attack: Attack, own: readonly string[]): Promise<void> {
  await using folder = await tempFolder();
  const box = await mailbox(folder, ...(attack.seed ?? []));
  if (own.length > 0) await box.keep(...own);
  await box.send(...attack.sends);
  if (attack.local !== undefined) await box.south.sql(...attack.local);
  const expectFailure = ({ failure }: PeerProgress): void =>
    expect(failure).toMatchObject({ code: attack.code, message: expect.stringContaining(attack.says) });
  if (attack.isNeverAccepted === true) {
    expectFailure((await box.receiveUnchanged()).run('partner'));
    return;
  }
  const received = await box.receiveBlocked([attack.accepts]);
  const [blocked, accepted] = [received.blocked.run('partner'), received.accepted.run('partner')];
  expectFailure(blocked);
  expect(blocked.failure?.hint).toContain(`\`${attack.accepts}\``);
  expect(accepted).toMatchObject({ failure: null, verified: true });
  expect(accepted.pulledCommits).toBeGreaterThan(0);
}

describe('a fast-forward is blocked until `accept` allows it', () => {
  test.each(ATTACKS)('$name: $code', (attack) => expectBlocked(attack, attack.own ?? []));
});

describe('a merge is blocked until `accept` allows it', () => {
  test.each(ATTACKS.filter(({ merges }) => merges === true))('$name: $code', (attack) =>
    expectBlocked(attack, ["INSERT INTO items VALUES (5, 'five', 'sue')"]),
  );
});

describe('harmless settings are accepted', () => {
  test.each([
    {
      name: 'an increased counter',
      seed: ['CREATE TABLE counted (id INT AUTO_INCREMENT PRIMARY KEY, n INT)'],
      sends: ['INSERT INTO counted (n) VALUES (1)', 'DELETE FROM counted'],
    },
    {
      name: 'a table that dolt_ignore names and includes',
      seed: IGNORED,
      sends: ['CREATE TABLE private_shared (id INT PRIMARY KEY)'],
    },
    {
      name: 'times of bd and settings without an address',
      seed: [...BEADS, STATUSES],
      sends: [
        'UPDATE federation_peers SET last_sync = UTC_TIMESTAMP()',
        "INSERT INTO config VALUES ('allowed_prefixes', 'kb'), ('types.custom', 'convoy'), ('status.custom', 'later:wip')",
        "INSERT INTO custom_statuses VALUES ('later', 'wip')",
      ],
    },
    {
      name: 'tables with those names in another database',
      seed: ['CREATE TABLE routes (prefix VARCHAR(32) PRIMARY KEY, path VARCHAR(512))'],
      sends: ["INSERT INTO routes VALUES ('12', 'Main Street')"],
    },
    {
      name: 'an expression of known functions',
      sends: [
        "ALTER TABLE items ADD COLUMN made DATETIME DEFAULT (DATE_ADD(NOW(), INTERVAL 1 DAY)), ADD CONSTRAINT short CHECK (LENGTH(title) < 90 AND title NOT IN ('sleep(1)'))",
      ],
    },
    {
      name: 'an expression that our database already has',
      seed: ['CREATE TABLE slow (id INT PRIMARY KEY, n INT DEFAULT (SLEEP(0)))'],
      sends: ["ALTER TABLE slow MODIFY n INT DEFAULT (SLEEP(0)) COMMENT 'slow'", 'INSERT INTO slow VALUES (1, 1)'],
    },
  ])('$name', async ({ seed, sends }) => {
    await using folder = await tempFolder();
    const box = await mailbox(folder, ...(seed ?? []));
    await box.send(...sends);
    expect((await box.receive()).run('partner')).toMatchObject({ failure: null, verified: true, pulledCommits: 1 });
  });
});
