import { describe, expect, test } from '@jest/globals';
import { command } from '../helpers/commanding.ts';
import { ANN, HEADS, headsIn, openTestDatabase, publishing, runNew, type TestDatabase } from '../helpers/database.ts';
import { mergedApart } from '../helpers/merged-apart.ts';
import { committing } from '../helpers/scenario.ts';
import { type TempFolder, tempFolder } from '../helpers/temp-folder.ts';

const CONFIG = [
  'CREATE TABLE config (`key` VARCHAR(40) PRIMARY KEY, value TEXT)',
  "INSERT INTO config VALUES ('prefix', 'bd'), ('color', 'red'), ('size', 'big')",
];

interface Scene {
  readonly local: TestDatabase;
  /** The head of our branch. */
  readonly head: string;
  /** The heads of the peers, by name. */
  readonly theirs: ReadonlyMap<string, string>;
  /** The addresses of the peers, as YAML. */
  readonly peers: string;
}

/**
 * A database with uncommitted changes, and peers that have one more commit; all began with the same tables.
 * @param dirty statements after the last commit; the name of the database is `made`
 */
async function prepare(
  folder: TempFolder,
  {
    base = CONFIG,
    theirs,
    dirty = [],
  }: {
    readonly base?: readonly string[];
    readonly theirs: readonly string[] | Readonly<Record<string, readonly string[]>>;
    readonly dirty?: readonly string[];
  },
): Promise<Scene> {
  const local = openTestDatabase(folder.file('local'));
  const boxes = Object.entries<readonly string[]>(isList(theirs) ? { box: theirs } : theirs);
  const url = (name: string) => `file://${folder.file(name)}`;
  const printed = await runNew(local.path, ANN, [
    ...committing('base', base),
    ...boxes.flatMap(([name, statements]) => [
      `CALL DOLT_CHECKOUT('-b', '${name}', 'main')`,
      ...committing('theirs', statements),
      ...publishing(url(name), `${name}:main`),
    ]),
    HEADS,
    "CALL DOLT_CHECKOUT('main')",
    ...boxes.map(([name]) => `CALL DOLT_BRANCH('-D', '${name}')`),
    ...dirty,
  ]);
  const heads = headsIn(printed);
  const peers = boxes.map(([name]) => `${name}: ${url(name)}`).join('\n');
  return { local, head: heads.get('main') ?? '', theirs: heads, peers };
}

const isList = (theirs: readonly string[] | object): theirs is readonly string[] => Array.isArray(theirs);

describe('a table with uncommitted rows', () => {
  test('takes other rows of a peer, and keeps its own added, changed and removed rows uncommitted', async () => {
    await using folder = await tempFolder();
    const { local, theirs, peers } = await prepare(folder, {
      base: [...CONFIG, 'CREATE TABLE parent (id INT PRIMARY KEY)', "INSERT INTO dolt_ignore VALUES ('ig%', 1)"],
      theirs: ["INSERT INTO config VALUES ('theirs', '1')", "UPDATE config SET value = 'BD' WHERE `key` = 'prefix'"],
      dirty: [
        'CREATE TABLE child (id INT PRIMARY KEY, p INT, FOREIGN KEY (p) REFERENCES parent (id))',
        'CREATE TABLE `-A` (id INT PRIMARY KEY)',
        'CREATE TABLE ignored (id INT PRIMARY KEY)',
        "CALL DOLT_ADD('-f', '--', 'child', '-A', 'ignored')",
        'CREATE TABLE unstaged (id INT PRIMARY KEY)',
        "INSERT INTO config VALUES ('mine', NULL)",
        "UPDATE config SET value = 'blue' WHERE `key` = 'color'",
        "DELETE FROM config WHERE `key` = 'size'",
      ],
    });
    const status = 'SELECT * FROM dolt_status';
    const before = await local.rows(status);
    const { result } = await command(folder, peers);
    const head = theirs.get('box');
    expect(result).toMatchObject({ status: 'success', head, peers: [{ error: null, pulledCommits: 1 }] });
    const [rows, kinds, after, child, heads] = await local.read(
      'SELECT * FROM config ORDER BY `key`',
      "SELECT diff_type FROM dolt_diff('HEAD', 'WORKING', 'config') ORDER BY diff_type",
      status,
      "SHOW CREATE TABLE child AS OF 'STAGED'",
      'SELECT name, hash FROM dolt_branches',
    );
    expect(rows).toEqual([
      { key: 'color', value: 'blue' },
      { key: 'mine' },
      { key: 'prefix', value: 'BD' },
      { key: 'theirs', value: '1' },
    ]);
    expect(kinds?.map((row) => row['diff_type'])).toEqual(['added', 'modified', 'removed']);
    expect(after).toEqual(before);
    expect(child?.[0]?.['Create Table']).toContain('REFERENCES `parent`');
    expect(heads).toEqual([{ name: 'main', hash: head }]);
  });

  test('keeps more rows than can be read at once, values outside the rows, and words of a FULLTEXT index', async () => {
    await using folder = await tempFolder();
    const { local, theirs, peers } = await prepare(folder, {
      base: [
        'CREATE TABLE config (`key` VARCHAR(40) PRIMARY KEY, value LONGTEXT)',
        'CREATE TABLE notes (id INT PRIMARY KEY, note TEXT, FULLTEXT KEY ft (note))',
        'CREATE TABLE files (id INT PRIMARY KEY, data LONGBLOB)',
        "INSERT INTO files VALUES (1, UNHEX(REPEAT('00ff', 5000))), (2, UNHEX(REPEAT('00ff', 5000)))",
      ],
      theirs: [
        "INSERT INTO config VALUES ('theirs', '1')",
        "INSERT INTO notes VALUES (1, 'theirs')",
        "INSERT INTO files VALUES (3, REPEAT('c', 9000))",
      ],
      dirty: [
        "INSERT INTO config SELECT n, REPEAT('x', 30000000) FROM (VALUES ROW(1), ROW(2), ROW(3), ROW(4), ROW(5)) AS v (n)",
        "INSERT INTO notes VALUES (2, 'ours')",
        "UPDATE files SET data = CONCAT(data, 'a') WHERE id = 1",
        "INSERT INTO files VALUES (4, REPEAT('d', 9000))",
      ],
    });
    const { result } = await command(folder, peers);
    expect(result.peers).toMatchObject([{ status: 'pulled', error: null }]);
    expect(result.head).toBe(theirs.get('box'));
    expect(result.problems.filter(({ severity }) => severity !== 'notice')).toEqual([]);
    const [found, sizes, branches, files] = await local.read(
      "SELECT COUNT(*) AS n FROM notes WHERE MATCH (note) AGAINST ('ours theirs')",
      'SELECT SUM(LENGTH(value)) AS bytes FROM config',
      'SELECT name FROM dolt_branches',
      "SELECT GROUP_CONCAT(CONCAT(LENGTH(data), ' ', RIGHT(HEX(data), 2)) ORDER BY id SEPARATOR ', ') AS files FROM files",
    );
    expect([found, sizes, branches]).toEqual([[{ n: 2 }], [{ bytes: 150_000_001 }], [{ name: 'main' }]]);
    expect(files).toEqual([{ files: '10001 61, 10000 FF, 9000 63, 9000 64' }]);
  });

  test('keeps its rows if our own commits are merged with those of the peer', async () => {
    await using folder = await tempFolder();
    const { local, peers } = await prepare(folder, {
      theirs: ["INSERT INTO config VALUES ('theirs', '1')"],
      dirty: [
        ...committing('ours', ["INSERT INTO config VALUES ('ours', '1')"]),
        "UPDATE config SET value = 'blue' WHERE `key` = 'color'",
      ],
    });
    const { result } = await command(folder, peers);
    expect(result.peers[0]).toMatchObject({ status: 'synced', verified: true });
    expect(
      await local.read(
        "SELECT to_key AS k, to_value AS v FROM dolt_diff('HEAD', 'WORKING', 'config')",
        'SELECT COUNT(*) AS n FROM config',
      ),
    ).toEqual([[{ k: 'color', v: 'blue' }], [{ n: 5 }]]);
  });

  test('is compared with each of several merge bases, of which one lacks the table', async () => {
    await using folder = await tempFolder();
    const table = (name: string) => [
      `CREATE TABLE ${name} (id INT PRIMARY KEY, v INT)`,
      `INSERT INTO ${name} VALUES (1, 0), (2, 0)`,
    ];
    const set = (name: string, id: number, v: number) => `UPDATE ${name} SET v = ${v} WHERE id = ${id}`;
    const sides = await mergedApart(folder, {
      base: [...table('a'), ...table('b')],
      north: [...table('c'), set('a', 1, 1)],
      south: [...table('d'), set('b', 1, 1)],
    });
    // Dolt takes one of the bases: seen from it, either a or b has no change, and either c or d is new.
    const undone = [set('a', 1, 0), set('b', 1, 0)];
    await sides.edit([set('a', 2, 2)], [...undone, set('c', 1, 7), set('d', 1, 7)]);
    const { north } = sides;
    const head = await north.headAfter(...['a', 'b', 'c', 'd'].map((name) => set(name, name < 'c' ? 1 : 2, 5)));
    const peers = `south: {endpoint: "file://${folder.file('south.box')}", role: upstream}`;
    const run = async () => (await command(folder, peers, { database: north.path })).result.peers;
    const why = 'the same rows are changed there';
    expect(await run()).toMatchObject([
      {
        error: {
          code: 'uncommitted-changes',
          message: expect.stringContaining(`changes a (${why}), b (${why}), which`),
        },
      },
    ]);
    expect(await north.head()).toBe(head);

    await north.sql("CALL DOLT_CHECKOUT('a', 'b')");
    expect(await run()).toMatchObject([{ error: null, status: 'pulled' }]);
    const rows = ['a', 'b', 'c', 'd'].map((name) => `SELECT id, v FROM ${name}`).join(' UNION ALL ');
    expect((await north.rows(rows)).map(({ id, v }) => `${id}: ${v}`)).toEqual([
      ...['1: 0', '2: 2', '1: 0', '2: 0'],
      ...['1: 7', '2: 5', '1: 7', '2: 5'],
    ]);
  });

  const ITEMS = [
    'CREATE TABLE box (id INT PRIMARY KEY, slug VARCHAR(20) UNIQUE)',
    'CREATE TABLE item (id INT PRIMARY KEY, box INT, FOREIGN KEY (box) REFERENCES box (id) ON DELETE CASCADE)',
    "INSERT INTO box VALUES (1, 'a'), (2, 'b')",
    'INSERT INTO item VALUES (1, 1)',
  ];
  const NAMES = [
    'CREATE TABLE names (k VARCHAR(20) COLLATE utf8mb4_0900_ai_ci PRIMARY KEY, n INT)',
    "INSERT INTO names VALUES ('one', 1), ('two', 2)",
  ];
  /** Tables whose uncommitted rows block the peer of their name before anything is merged; absent: a row on both sides. */
  const BLOCKED: Readonly<
    Record<
      string,
      { readonly why: string; readonly type?: string } & Partial<Record<'base' | 'theirs' | 'dirty', string[]>>
    >
  > = {
    same_row: {
      theirs: ["UPDATE same_row SET n = 2 WHERE k = 'a'"],
      dirty: ["UPDATE same_row SET n = 3 WHERE k = 'a'"],
      why: 'same_row (the same rows are changed there)',
    },
    row_removed_here: {
      theirs: ["UPDATE row_removed_here SET n = 2 WHERE k = 'a'"],
      dirty: ["DELETE FROM row_removed_here WHERE k = 'a'"],
      why: 'row_removed_here (the same rows are changed there)',
    },
    key_in_other_case: {
      type: 'VARCHAR(40) COLLATE utf8mb4_0900_ai_ci',
      dirty: ["INSERT INTO key_in_other_case VALUES ('THEIRS', 77)"],
      why: 'key_in_other_case (the same rows are changed there)',
    },
    char_with_other_accent: {
      type: 'CHAR(9) COLLATE utf8mb4_general_ci',
      dirty: ["INSERT INTO char_with_other_accent VALUES ('thëirs', 77)"],
      why: 'char_with_other_accent (the same rows are changed there)',
    },
    definition_there: {
      theirs: ['ALTER TABLE definition_there ADD COLUMN note TEXT'],
      why: 'definition_there (its definition is changed there)',
    },
    definition_here: {
      dirty: ['ALTER TABLE definition_here ADD COLUMN note TEXT'],
      why: 'definition_here (its definition changed)',
    },
    staged: {
      dirty: ["INSERT INTO staged VALUES ('mine', 1)", "CALL DOLT_ADD('staged')"],
      why: 'staged (its changes are staged)',
    },
    keyless: { base: ['CREATE TABLE keyless (k TEXT, n INT)'], why: 'keyless (it has no primary key)' },
    triggered: {
      base: [
        'CREATE TABLE triggered (k VARCHAR(9) PRIMARY KEY, n INT)',
        'CREATE TRIGGER t BEFORE INSERT ON triggered FOR EACH ROW SET NEW.k = LOWER(NEW.k)',
      ],
      why: 'triggered (it has triggers)',
    },
    // The row that an uncommitted row refers to.
    parents: {
      base: ITEMS,
      theirs: ['DELETE FROM box WHERE id = 2', 'INSERT INTO item VALUES (2, 1)'],
      dirty: ['INSERT INTO item VALUES (9, 2)'],
      why: 'item (',
    },
  };

  const STATE = "SELECT *, DOLT_HASHOF_DB('STAGED') AS staged, DOLT_HASHOF_DB('WORKING') AS working FROM dolt_status";
  const BRANCHES = 'SELECT name, hash FROM dolt_branches';
  test('blocks each peer that changes its rows or definition, and nothing is merged or lost', async () => {
    await using folder = await tempFolder();
    const all = Object.entries(BLOCKED);
    const { local, head, peers } = await prepare(folder, {
      base: all.flatMap(
        ([name, { base, type = 'VARCHAR(9)' }]) =>
          base ?? [
            `CREATE TABLE ${name} (k ${type} PRIMARY KEY, n INT)`,
            `INSERT INTO ${name} VALUES ('a', 1), ('b', 1)`,
          ],
      ),
      theirs: Object.fromEntries(
        all.map(([name, { theirs }]) => [name, theirs ?? [`INSERT INTO ${name} VALUES ('theirs', 1)`]]),
      ),
      dirty: all.flatMap(([name, { dirty }]) => dirty ?? [`INSERT INTO ${name} VALUES ('mine', 1)`]),
    });
    const before = await local.read(STATE, BRANCHES);
    expect(before[1]).toEqual([{ name: 'main', hash: head }]);
    const { result } = await command(folder, `${peers}\nsafe: file://${folder.file('safe')}`);
    for (const [name, { why }] of all) {
      const error = result.peers.find((peer) => peer.name === name)?.error;
      const message = expect.stringContaining(`this peer changes ${why}`);
      expect([name, error?.code, error?.message]).toEqual([name, 'uncommitted-changes', message]);
      expect(error?.message).toMatch(/waits since \d{4}-\d\d-\d\d/);
    }
    expect(result.peers.find(({ name }) => name === 'safe')).toMatchObject({ verified: true, remoteHead: head });
    expect(await local.read(STATE, BRANCHES)).toEqual(before);
  });

  test.each<[what: string, theirs: readonly string[], dirty: readonly string[], why: string, base?: readonly string[]]>(
    [
      [
        'a unique value that an uncommitted row uses',
        ["INSERT INTO box VALUES (3, 'c')"],
        ["INSERT INTO box VALUES (4, 'c')"],
        'box',
        ITEMS,
      ],
      [
        'any table beside tables that were dropped or renamed on our side',
        ["INSERT INTO config VALUES ('theirs', '1')"],
        ['DROP TABLE spare', 'RENAME TABLE extra TO other'],
        'extra -> other (dropped or renamed here, and Dolt cannot move the branch), spare (dropped',
        [...CONFIG, 'CREATE TABLE spare (id INT PRIMARY KEY)', 'CREATE TABLE extra (id INT PRIMARY KEY)'],
      ],
      [
        'any table beside one that was changed after it was staged',
        ["INSERT INTO config VALUES ('theirs', '1')"],
        ['INSERT INTO spare VALUES (7)', "CALL DOLT_ADD('spare')", 'DELETE FROM spare'],
        'main cannot move beside the uncommitted changes of spare (changed after it was staged',
        [...CONFIG, 'CREATE TABLE spare (id INT PRIMARY KEY)'],
      ],
      [
        'any table beside another collation of the database',
        ["INSERT INTO config VALUES ('theirs', '1')"],
        ['ALTER DATABASE `made` COLLATE utf8mb4_general_ci'],
        'the collation of the database, which Dolt cannot keep',
      ],
      [
        'a table of which only the spelling of a key changed, which no diff of Dolt shows',
        ["INSERT INTO names VALUES ('theirs', 1)"],
        ["DELETE FROM names WHERE k = 'one'", "INSERT INTO names VALUES ('ONE', 1)"],
        'this peer changes names, which has uncommitted changes here',
        NAMES,
      ],
      [
        'a table of which also the spelling of a key changed',
        ["INSERT INTO names VALUES ('theirs', 1)"],
        ["DELETE FROM names WHERE k = 'one'", "INSERT INTO names VALUES ('ONE', 1), ('mine', 1)"],
        'this peer changes names, which has uncommitted changes here',
        NAMES,
      ],
    ],
  )('blocks a peer that changes %s, and nothing is merged or lost', async (_, theirs, dirty, why, base = CONFIG) => {
    await using folder = await tempFolder();
    const { local, head, peers } = await prepare(folder, { base, theirs, dirty });
    const before = await local.read(STATE, BRANCHES);
    expect(before[1]).toEqual([{ name: 'main', hash: head }]);
    const { result } = await command(folder, `${peers}\nsafe: file://${folder.file('safe')}`);
    expect(result.peers).toMatchObject([
      { name: 'box', error: { code: 'uncommitted-changes', message: expect.stringContaining(why) } },
      { name: 'safe', verified: true, remoteHead: head },
    ]);
    expect(result.peers[0]?.error?.message).toMatch(/waits since \d{4}-\d\d-\d\d/);
    expect(await local.read(STATE, BRANCHES)).toEqual(before);
  });
});
