import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { countChild, nextChildId } from '../../src/beads/row-ids.ts';
import { makeEmptyDatabase } from '../helpers/database.ts';
import { withDatabase } from '../helpers/federating.ts';
import { type Mailboxes, mailboxes } from '../helpers/mailboxes.ts';
import { type TempFolder, tempFolder } from '../helpers/temp-folder.ts';

/** The tables of a beads database without foreign keys, so that a peer can change the types of their columns. */
const TABLES = [
  'CREATE TABLE issues (id VARCHAR(40) PRIMARY KEY, title VARCHAR(99), notes LONGTEXT, status VARCHAR(32), updated_at DATETIME, is_blocked TINYINT(1) DEFAULT 0, row_lock BIGINT DEFAULT 0)',
  'CREATE TABLE dependencies (id INT PRIMARY KEY, issue_id VARCHAR(40), type VARCHAR(32), metadata JSON, depends_on_issue_id VARCHAR(40), depends_on_wisp_id VARCHAR(40))',
  'CREATE TABLE labels (issue_id VARCHAR(40), label VARCHAR(80), PRIMARY KEY (issue_id, label))',
  'CREATE TABLE child_counters (parent_id VARCHAR(40) PRIMARY KEY, last_child INT)',
  "INSERT INTO issues (id, title, status, row_lock) VALUES ('a', 'a', 'open', 5), ('b', 'b', 'open', 6), ('c', 'c', 'open', 7)",
];

/** Values that a peer sends, and how the next merge treats the columns of `b` and `c` that it computes. */
const VALUES: readonly (readonly [string, readonly string[], { readonly blocked: string; readonly lock: string }])[] = [
  [
    'metadata that is not JSON',
    [
      'ALTER TABLE dependencies MODIFY metadata LONGTEXT',
      "INSERT INTO dependencies VALUES (1, 'b', 'waits-for', '{', 'a', NULL)",
    ],
    { blocked: '1', lock: 'computed' },
  ],
  [
    'a lock that is text',
    ['ALTER TABLE issues MODIFY row_lock VARCHAR(30)', "UPDATE issues SET row_lock = 'x'"],
    { blocked: '1', lock: 'kept' },
  ],
  [
    'a lock that is not a whole number',
    ['ALTER TABLE issues MODIFY row_lock DECIMAL(20,2)', 'UPDATE issues SET row_lock = 1.5'],
    { blocked: '1', lock: 'kept' },
  ],
  [
    'an id of bytes that are not text',
    ['ALTER TABLE issues MODIFY id VARBINARY(40)', "INSERT INTO issues (id, title) VALUES (UNHEX('FF'), 'bytes')"],
    { blocked: '0', lock: 'kept' },
  ],
  [
    'a dependency without an issue',
    ["INSERT INTO dependencies VALUES (1, NULL, 'blocks', NULL, 'a', NULL)"],
    { blocked: '1', lock: 'computed' },
  ],
];

describe('a value from a peer does not stop a later merge:', () => {
  let folder: TempFolder;
  let scene: Mailboxes;
  beforeAll(async () => {
    folder = await tempFolder();
    // Each side changes another cell of `b`; `c` waits for `a`.
    const sends = [
      "UPDATE issues SET title = 'north' WHERE id = 'b'",
      "INSERT INTO dependencies VALUES (9, 'c', 'blocks', NULL, 'a', NULL)",
    ];
    const sendings = VALUES.map(([, before], index) => [`value-${index}`, { before, sends }] as const);
    scene = await mailboxes(folder, TABLES, Object.fromEntries(sendings));
  });
  afterAll(async () => {
    await scene[Symbol.asyncDispose]();
    await folder[Symbol.asyncDispose]();
  });

  test.each(VALUES.map(([what, , then], index) => [what, `value-${index}`, then] as const))(
    '%s',
    async (_, name, then) => {
      await scene.startAgain();
      expect((await scene.receive([name], { accept: ['deletion'] })).run(name).failure).toBeNull();
      // Both sides have the value now, so the next merge is that of an honest peer.
      const before = await scene.rows("SELECT CAST(row_lock AS CHAR) AS l FROM issues WHERE title = 'b'");
      await scene.send(name);
      await scene.keep("UPDATE issues SET notes = 'south' WHERE id = 'b'");
      expect((await scene.receive([name])).run(name)).toMatchObject({ failure: null, verified: true });
      const [row] = await scene.rows(
        "SELECT b.notes AS notes, CAST(b.row_lock AS CHAR) AS l, CAST(c.is_blocked AS CHAR) AS blocked FROM issues b JOIN issues c ON c.title = 'c' WHERE b.title = 'north'",
      );
      expect(row).toMatchObject({ notes: 'south', blocked: then.blocked });
      expect(row?.['l'] === before[0]?.['l'] ? 'kept' : 'computed').toBe(then.lock);
    },
  );
});

test('a counter of children that is not a number counts as 0 and is not written', async () => {
  await using folder = await tempFolder();
  const local = await makeEmptyDatabase(folder.file('local'));
  const counter = "INSERT INTO child_counters VALUES ('a', 'x')";
  const children = "INSERT INTO issues (id) VALUES ('a.3'), ('a.x'), ('a.3.9')";
  const text = 'ALTER TABLE child_counters MODIFY last_child VARCHAR(9)';
  await local.commit('tables', ...TABLES, text, counter, children);
  const next = await withDatabase(local.path, folder.file('tmp'), async (database) => {
    await countChild(database, 'a.7');
    return await nextChildId(database, 'a.1', { isTaken: () => false, below: null });
  });
  expect(next).toBe('a.4');
  expect(await local.rows('SELECT last_child AS l FROM child_counters')).toEqual([{ l: 'x' }]);
});
