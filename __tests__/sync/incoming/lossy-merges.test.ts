import { expect, test } from '@jest/globals';
import type { Peer } from '../../../src/config/configuration.ts';
import { mergeMessage } from '../../../src/dolt/sql/merge.ts';
import { type ExchangeOptions, federateDatabase, filePeer } from '../../helpers/federating.ts';
import { type Mailbox, mailbox } from '../../helpers/mailbox.ts';
import { committing } from '../../helpers/scenario.ts';
import { type TempFolder, tempFolder } from '../../helpers/temp-folder.ts';
import { twoBranches } from '../../helpers/workshop.ts';

const SEED = [
  'CREATE TABLE comments (id INT PRIMARY KEY, item INT, text VARCHAR(40), FOREIGN KEY (item) REFERENCES items (id) ON DELETE CASCADE)',
];

/** South publishes a title and a comment; north has others, and merges as bd 1.3.0 does in embedded mode. */
async function lossyMerge(box: Mailbox, ...resolution: readonly string[]): Promise<void> {
  await box.south.sql(
    "UPDATE items SET title = 'of south' WHERE id = 100",
    "INSERT INTO comments VALUES (1, 101, 'by bob')",
    "CALL DOLT_COMMIT('-A', '-m', 'south')",
    "CALL DOLT_PUSH('mailbox', 'main')",
  );
  await box.north.sql(
    "UPDATE items SET title = 'of north' WHERE id = 100",
    ...resolution,
    "CALL DOLT_COMMIT('-A', '-m', 'north')",
    "CALL DOLT_FETCH('mailbox')",
    'SET autocommit = 0',
    "CALL DOLT_MERGE('--no-commit', 'mailbox/main')",
    'DELETE FROM dolt_conflicts_items',
    'DELETE FROM dolt_constraint_violations_comments',
    "CALL DOLT_ADD('items')",
    "CALL DOLT_COMMIT('-m', 'auto-resolve merge conflicts: items')",
    'COMMIT',
  );
}

const inNorth = async (
  folder: TempFolder,
  box: Mailbox,
  peer: Partial<Peer> = {},
  options: Partial<ExchangeOptions> = {},
) =>
  await federateDatabase({
    local: box.north.path,
    tempDir: folder.file('north-tmp'),
    peers: [{ ...filePeer('partner', folder.file('mailbox')), ...peer }],
    options,
  });

test('a merge with uncommitted rows is neither taken nor pushed until they are committed', async () => {
  await using folder = await tempFolder();
  const box = await mailbox(folder, ...SEED);
  await lossyMerge(box, "INSERT INTO comments VALUES (2, 102, 'by ann')");

  for (const dryRun of [true, false]) {
    const backup = await inNorth(folder, box, { role: 'backup' }, { dirty: ['comments'], dryRun });
    expect(backup.run('partner').failure?.code).toBe('lossy-merge');
  }
  const own = await inNorth(folder, box, {}, { dirty: ['comments'] });
  expect(own.run('partner').failure).toMatchObject({ code: 'lossy-merge' });
  expect(own.run('partner').failure?.message).toContain('lacks 1 row that');
  expect(own.run('partner').failure?.hint).toContain('uncommitted in the working set');

  await box.north.sql("CALL DOLT_PUSH('mailbox', 'main')");
  const pushed = await inNorth(folder, box);
  expect(pushed.run('partner').failure?.code).toBe('lossy-merge');
  expect(pushed.run('partner').failure?.hint).toContain('dolt reset --hard');
  // As bd does after a pull, if it has to compute `is_blocked`; then it pushes both commits.
  await box.north.sql("CALL DOLT_COMMIT('--allow-empty', '-m', 'recompute')", "CALL DOLT_PUSH('mailbox', 'main')");
  const below = await inNorth(folder, box, {}, { dirty: ['comments'] });
  expect(below.run('partner').failure?.hint).toContain('uncommitted in the working set');
  const refused = (await box.receiveUnchanged()).run('partner');
  expect(refused.failure?.code).toBe('lossy-merge');
  expect(refused.held).toEqual([{ table: 'comments', key: { id: '1' }, column: null, value: null }]);

  await box.north.sql("CALL DOLT_COMMIT('-A', '-m', 'commit pending changes')", "CALL DOLT_PUSH('mailbox', 'main')");
  const received = await box.receive();
  expect(received.run('partner').failure).toBeNull();
  expect(await box.south.rows('SELECT text FROM comments ORDER BY id')).toEqual([
    { text: 'by bob' },
    { text: 'by ann' },
  ]);
  // A later commit may delete a row of this kind.
  await box.send('DELETE FROM comments WHERE id = 1');
  expect((await box.receive()).run('partner').failure).toBeNull();
});

test('a row without its parent is not lost by the merge, and `deletion` accepts a loss', async () => {
  await using folder = await tempFolder();
  const box = await mailbox(folder, ...SEED);
  await lossyMerge(box, 'DELETE FROM items WHERE id = 101');
  await box.north.sql("CALL DOLT_CHECKOUT('comments')", "CALL DOLT_PUSH('mailbox', 'main')");
  expect((await box.receive()).run('partner').failure).toBeNull();

  await using other = await tempFolder();
  const second = await mailbox(other, ...SEED);
  await lossyMerge(second, "INSERT INTO comments VALUES (2, 102, 'by ann')");
  await second.north.sql("CALL DOLT_CHECKOUT('comments')", "CALL DOLT_PUSH('mailbox', 'main')");
  const accepted = (await second.receive({ accept: ['deletion'] })).run('partner');
  expect(accepted.failure).toBeNull();
  expect(accepted.notices.map(({ code }) => code)).toContain('lossy-merge');
});

test('a unique key explains lost rows if both sides had it, but not if the merge or a later commit adds it', async () => {
  await using folder = await tempFolder();
  const tables = ['known', 'added', 'later'];
  const unique = (table: string): string => `ALTER TABLE ${table} ADD UNIQUE KEY of_owner (owner)`;
  const box = await mailbox(
    folder,
    ...tables.map((table) => `CREATE TABLE ${table} (id INT PRIMARY KEY, owner VARCHAR(9), a INT)`),
    ...tables.map((table) => `INSERT INTO ${table} VALUES (1, 'bob', 0), (2, NULL, 0)`),
    unique('known'),
  );
  const inAll = (statement: (table: string) => string): string => tables.map(statement).join('; ');
  // Each side takes the value: the row of one is lost, and the other one has it.
  const moved = "UPDATE known SET owner = NULL WHERE id = 1; INSERT INTO known VALUES (3, 'bob', 0)";
  await box.send(
    ...merging(
      [
        [
          "UPDATE known SET owner = NULL WHERE id = 1; INSERT INTO known VALUES (4, 'bob', 0)",
          "INSERT INTO added VALUES (4, 'bob', 0), (5, 'bob', 0)",
          "INSERT INTO later VALUES (4, 'bob', 0), (5, 'bob', 0)",
        ].join('; '),
        [inAll((table) => `UPDATE ${table} SET a = 1 WHERE id = 2`), moved].join('; '),
      ],
      {
        before: ['SET @@dolt_allow_commit_conflicts = 1', 'SET @@dolt_force_transaction_commit = 1'],
        more: [
          inAll((table) => `DELETE FROM ${table} WHERE id > 3`),
          'DELETE FROM dolt_constraint_violations_known',
          unique('added'),
        ],
      },
    ),
    unique('later'),
  );
  const { failure } = (await box.receiveUnchanged()).run('partner');
  expect(failure?.code).toBe('lossy-merge');
  const found = [...(failure?.message ?? '').matchAll(/lacks 2 rows that \w+ added to (\w+)/g)].map(([, name]) => name);
  expect(found).toEqual(['added', 'later']);
  expect(failure?.message).not.toContain('known');
});

test('a federation merge that lacks the rows of a row that lost is none', async () => {
  await using folder = await tempFolder();
  const box = await mailbox(folder, ...SEED);
  await box.keep(
    "SET @@dolt_committer_date = '2030-01-01T00:00:00Z'",
    "INSERT INTO items VALUES (200, 'of south', 'bob')",
    "INSERT INTO comments VALUES (1, 200, 'by bob')",
  );
  await box.south.sql("CALL DOLT_PUSH('mailbox', 'main')");
  await box.north.sql("INSERT INTO items VALUES (200, 'of north', 'ann')", "CALL DOLT_COMMIT('-A', '-m', 'north')");
  expect((await inNorth(folder, box, { accept: ['future'] })).merge?.commits).toBe(1);
  expect(await box.north.rows('SELECT text FROM comments')).toEqual([]);
  const received = await box.receive({ accept: ['future'] });
  expect(received.run('partner')).toMatchObject({ failure: null, verified: true });
  expect(received.head).toBe(await box.north.head());
});

const MESSAGES = ['Merge branch side', mergeMessage(2, '2.3')] as const;

/** Merges two halves of the present branch; `before` runs before the merge, and `more` before it is committed. */
const merging = (
  [side, main]: readonly [side: string, main: string],
  {
    message = MESSAGES[0],
    before = [],
    more = [],
  }: {
    readonly message?: string | undefined;
    readonly before?: readonly string[];
    readonly more?: readonly string[];
  } = {},
): string[] => [
  "CALL DOLT_CHECKOUT('-b', 'side')",
  side,
  "CALL DOLT_COMMIT('-A', '-m', 'side')",
  "CALL DOLT_CHECKOUT('main')",
  main,
  "CALL DOLT_COMMIT('-A', '-m', 'main')",
  'SET autocommit = 0',
  ...before,
  "CALL DOLT_MERGE('--no-ff', '--no-commit', 'side')",
  ...more,
  `CALL DOLT_COMMIT('-A', '-m', '${message}')`,
  'SET autocommit = 1',
  "CALL DOLT_BRANCH('-D', 'side')",
];

/** Merges in which both sides add rows and one side deletes one. */
const honestMerges = (count: number, first: number): string[] =>
  Array.from({ length: count }, (_, index) =>
    merging(
      [
        `INSERT INTO items VALUES (${first + 2 * index}, 'side', 'ann')`,
        `REPLACE INTO items VALUES (${first + 2 * index + 1}, 'main', 'ann'), (100, 'of ${index}', 'ann')`,
      ],
      {
        message: MESSAGES[index % 2],
      },
    ),
  ).flat();

const numbers = (count: number, cells: string): string =>
  `SELECT ${cells} FROM (WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${count}) SELECT i FROM n) AS n`;

test('every merge is looked at, also below many others, and if it changed the table as well', async () => {
  await using folder = await tempFolder();
  const box = await mailbox(folder, ...SEED);
  await box.send(
    ...merging([`INSERT INTO comments ${numbers(2000, "1000 + i, 102, 'large'")}`, 'DELETE FROM items WHERE id = 103']),
    ...honestMerges(30, 1000),
    "INSERT INTO items VALUES (900, 'new', 'ann')",
  );
  expect((await box.receive()).run('partner').failure).toBeNull();

  const change = "UPDATE items SET owner = 'eve' WHERE id = 105";
  await box.send(
    ...merging(["INSERT INTO items VALUES (2001, 'lost', 'ann'), (2002, 'lost', 'ann')", change], {
      message: MESSAGES[1],
      more: ['DELETE FROM items WHERE id = 2001', "UPDATE items SET owner = 'eve' WHERE id = 106"],
    }),
    ...merging(
      [`INSERT INTO comments ${numbers(700, "4000 + i, 102, 'lost'")}`, "INSERT INTO comments VALUES (1, 104, 'kept')"],
      { more: ['DELETE FROM comments WHERE id > 4000'] },
    ),
    ...merging(
      ['CREATE TABLE notes (id INT PRIMARY KEY) SELECT id FROM items WHERE id < 110', "UPDATE items SET owner = 'eve'"],
      {
        more: ['DROP TABLE notes'],
      },
    ),
    ...honestMerges(21, 3000),
    "INSERT INTO items VALUES (901, 'new', 'ann')",
  );
  const { failure, held } = (await box.receiveUnchanged()).run('partner');
  expect(failure).toMatchObject({ code: 'lossy-merge' });
  expect(failure?.message).toMatch(/lacks 1 row that \w+ added to items/);
  expect(failure?.message).toMatch(/lacks at least 500 rows that \w+ added to comments/);
  expect(failure?.message).toMatch(/lacks 9 rows that \w+ added to notes/);
  expect(held).toContainEqual({ table: 'items', key: { id: '2001' }, column: null, value: null });
});

/** Tables that the merge or a later commit can rename, replace or give another key. */
const KINDS = ['away', 'renamed', 'later', 'replaced', 'keyed'];
const catalog = (id: string) => `INSERT INTO dolt_query_catalog VALUES ('${id}', 1, 'n', 'SELECT 1', '')`;
const ofDolt = (name: string): string[] => [
  `INSERT INTO dolt_docs VALUES ('${name}.md', 'x')`,
  `INSERT INTO dolt_tests VALUES ('${name}', 'g', 'SELECT 1', 'expected_single_value', '==', '1')`,
  catalog(name),
];

test('rows that a merge lacks are missed under every name of their table, and in tables of Dolt', async () => {
  await using folder = await tempFolder();
  const tables = KINDS.map((name) => `CREATE TABLE ${name} (id INT PRIMARY KEY, a INT)`);
  const box = await mailbox(folder, ...tables, ...ofDolt('base'));
  const rows = (id: number) => KINDS.map((name) => `INSERT INTO ${name} VALUES (${id}, 0)`);
  await box.send(
    ...merging([[...rows(1), ...ofDolt('one')].join('; '), catalog('two')], { message: MESSAGES[1] }),
    'ALTER TABLE keyed RENAME COLUMN id TO number',
    'RENAME TABLE later TO renamed_later',
  );
  expect((await box.receive()).run('partner').failure).toBeNull();

  await box.send(
    'RENAME TABLE renamed_later TO later',
    "CALL DOLT_COMMIT('-A', '-m', 'back')",
    ...merging([[...rows(2), ...ofDolt('three')].join('; '), catalog('four')], {
      message: MESSAGES[1],
      more: [
        ...['away', 'renamed', 'later'].map((name) => `DELETE FROM ${name} WHERE id = 2`),
        'DELETE FROM keyed WHERE number = 2',
        'RENAME TABLE away TO gone, renamed TO other',
        'DROP TABLE replaced',
        "DELETE FROM dolt_docs WHERE doc_name = 'three.md'",
        "DELETE FROM dolt_tests WHERE test_name = 'three'",
        "DELETE FROM dolt_query_catalog WHERE id = 'three'",
      ],
    }),
    'RENAME TABLE gone TO away, later TO latest',
    'CREATE TABLE replaced (id INT PRIMARY KEY, a INT)',
    'INSERT INTO replaced VALUES (1, 0)',
    'ALTER TABLE keyed RENAME COLUMN number TO n',
  );
  const { failure } = (await box.receiveUnchanged()).run('partner');
  expect(failure?.code).toBe('lossy-merge');
  const found = [...(failure?.message ?? '').matchAll(/lacks 1 row that \w+ added to (\w+)/g)].map(([, name]) => name);
  expect(found.sort()).toEqual([...KINDS, 'dolt_docs', 'dolt_query_catalog', 'dolt_tests'].sort());
});

test('a table that one side renamed hides no rows that a forged federation merge lacks', async () => {
  await using folder = await tempFolder();
  const box = await mailbox(
    folder,
    'CREATE TABLE t (id INT PRIMARY KEY, a INT)',
    'CREATE TABLE v (id INT PRIMARY KEY)',
  );
  await box.send(
    "CALL DOLT_CHECKOUT('-b', 'side')",
    'INSERT INTO t VALUES (1, 1)',
    'INSERT INTO v VALUES (1)',
    'RENAME TABLE v TO w',
    "CALL DOLT_COMMIT('-A', '-m', 'side')",
    "CALL DOLT_CHECKOUT('main')",
    'RENAME TABLE t TO u',
    "CALL DOLT_COMMIT('-A', '-m', 'main')",
    'SET autocommit = 0',
    'SET @@dolt_allow_commit_conflicts = 1',
    "CALL DOLT_MERGE('--no-ff', '--no-commit', 'side')",
    'DELETE FROM w',
    'RENAME TABLE w TO v',
    // Dolt takes a renamed table for a dropped one, and has a conflict that only this ends.
    `CALL DOLT_COMMIT('-A', '--force', '-m', '${MESSAGES[1]}')`,
    'SET autocommit = 1',
    "CALL DOLT_BRANCH('-D', 'side')",
    "INSERT INTO items VALUES (900, 'new', 'ann')",
  );
  const { failure } = (await box.receiveUnchanged()).run('partner');
  expect(failure).toMatchObject({ code: 'lossy-merge' });
  expect(
    [...(failure?.message ?? '').matchAll(/lacks 1 row that \w+ added to (\w+)/g)].map(([, name]) => name),
  ).toEqual(['t', 'w']);
});

test('a removed parent explains a row that a merge by hand lacks, whatever branch is checked out', async () => {
  const { north, south, edit, run } = await twoBranches(
    'CREATE TABLE p (id INT PRIMARY KEY)',
    'CREATE TABLE c (id INT PRIMARY KEY, p INT, FOREIGN KEY (p) REFERENCES p (id))',
    'INSERT INTO p VALUES (1), (2)',
  );
  await north.sql(
    `CALL DOLT_BRANCH('${north.name}-side')`,
    ...committing('parent', ['DELETE FROM p WHERE id = 2']),
    `CALL DOLT_CHECKOUT('${north.name}-side')`,
    ...committing('child', ['INSERT INTO c VALUES (9, 2)']),
    `CALL DOLT_CHECKOUT('${north.name}')`,
    'SET autocommit = 0',
    'SET dolt_force_transaction_commit = 1',
    `CALL DOLT_MERGE('--no-commit', '${north.name}-side')`,
    ...['DELETE FROM c WHERE id = 9', 'DELETE FROM dolt_constraint_violations_c'],
    "CALL DOLT_COMMIT('-A', '-m', 'by hand')",
  );
  await edit([], ['INSERT INTO p VALUES (3)']);
  expect((await run('south')).run('north').failure).toBeNull();
  expect(await south.rows('SELECT id FROM p ORDER BY id')).toEqual([{ id: 1 }, { id: 3 }]);
});
