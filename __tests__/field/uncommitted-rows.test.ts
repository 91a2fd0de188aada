import { describe, expect, test } from '@jest/globals';
import { tableShape } from '../../src/dolt/schema/table-shape.ts';
import { finishAdvances } from '../../src/sync/advance.ts';
import { readUncommitted } from '../../src/sync/merge/kept-changes.ts';
import { recordMove } from '../../src/sync/merge/own-moves.ts';
import { setAside } from '../../src/sync/merge/set-aside.ts';
import { command } from '../helpers/commanding.ts';
import { cloneDatabase, makeEmptyDatabase, type TestDatabase } from '../helpers/database.ts';
import { withDatabase } from '../helpers/federating.ts';
import { mergedApart } from '../helpers/merged-apart.ts';
import { type TempFolder, tempFolder } from '../helpers/temp-folder.ts';
import { failureOf } from '../helpers/thrown.ts';

interface Dirty {
  readonly local: TestDatabase;
  readonly other: TestDatabase;
  readonly peers: string;
}

const CONFIG = [
  'CREATE TABLE config (`key` VARCHAR(40) PRIMARY KEY, value TEXT)',
  "INSERT INTO config VALUES ('prefix', 'bd'), ('color', 'red'), ('size', 'big')",
];

/** A database and a peer that has one more commit; both began with the same tables. */
async function prepare(
  folder: TempFolder,
  { base = CONFIG, theirs }: { readonly base?: readonly string[]; readonly theirs: readonly string[] },
): Promise<Dirty> {
  const local = await makeEmptyDatabase(folder.file('local'));
  await local.commit('base', ...base);
  const url = `file://${folder.file('box')}`;
  await local.publish(url);
  const other = await cloneDatabase(url, folder.file('other'));
  await other.commit('theirs', ...theirs);
  await other.dolt('push', 'origin', 'main');
  return { local, other, peers: `box: ${url}` };
}

const branches = async (local: TestDatabase) =>
  (await local.rows('SELECT name FROM dolt_branches')).map(({ name }) => name);

describe('a table with uncommitted rows', () => {
  test('takes other rows of a peer, and keeps its own added, changed and removed rows uncommitted', async () => {
    await using folder = await tempFolder();
    const { local, other, peers } = await prepare(folder, {
      base: [...CONFIG, 'CREATE TABLE parent (id INT PRIMARY KEY)', "INSERT INTO dolt_ignore VALUES ('ig%', 1)"],
      theirs: ["INSERT INTO config VALUES ('theirs', '1')", "UPDATE config SET value = 'BD' WHERE `key` = 'prefix'"],
    });
    await local.sql(
      'CREATE TABLE child (id INT PRIMARY KEY, p INT, FOREIGN KEY (p) REFERENCES parent (id))',
      'CREATE TABLE `-A` (id INT PRIMARY KEY)',
      'CREATE TABLE ignored (id INT PRIMARY KEY)',
      "CALL DOLT_ADD('-f', '--', 'child', '-A', 'ignored')",
      'CREATE TABLE unstaged (id INT PRIMARY KEY)',
    );
    const edits = [
      "INSERT INTO config VALUES ('mine', NULL)",
      "UPDATE config SET value = 'blue' WHERE `key` = 'color'",
    ];
    await local.sql(...edits, "DELETE FROM config WHERE `key` = 'size'");
    const status = () => local.rows('SELECT * FROM dolt_status');
    const before = await status();
    const { result } = await command(folder, peers);
    expect(result).toMatchObject({
      status: 'success',
      head: await other.head(),
      peers: [{ error: null, pulledCommits: 1 }],
    });
    expect(await local.head()).toBe(await other.head());
    expect(await local.rows('SELECT * FROM config ORDER BY `key`')).toEqual([
      { key: 'color', value: 'blue' },
      { key: 'mine' },
      { key: 'prefix', value: 'BD' },
      { key: 'theirs', value: '1' },
    ]);
    const uncommitted = "SELECT diff_type FROM dolt_diff('HEAD', 'WORKING', 'config') ORDER BY diff_type";
    expect((await local.rows(uncommitted)).map((row) => row['diff_type'])).toEqual(['added', 'modified', 'removed']);
    expect(await status()).toEqual(before);
    const keys = await local.rows("SHOW CREATE TABLE child AS OF 'STAGED'");
    expect(keys[0]?.['Create Table']).toContain('REFERENCES `parent`');
    expect(await branches(local)).toEqual(['main']);
  });

  test.each([
    ['in another case', 'VARCHAR(40) COLLATE utf8mb4_0900_ai_ci', 'new', 'NEW'],
    ['with another accent in a CHAR column', 'CHAR(9) COLLATE utf8mb4_general_ci', 'e', 'é'],
  ])('blocks a peer that adds its key %s', async (_, type, ours, theirs) => {
    await using folder = await tempFolder();
    const { local, peers } = await prepare(folder, {
      base: [`CREATE TABLE config (k ${type} PRIMARY KEY, n INT)`, "INSERT INTO config VALUES ('a', 1)"],
      theirs: [`INSERT INTO config VALUES ('${theirs}', 1)`],
    });
    const before = await local.head();
    await local.sql(`INSERT INTO config VALUES ('${ours}', 77)`);
    const { result } = await command(folder, peers);
    expect(result.peers[0]).toMatchObject({ error: { code: 'uncommitted-changes' } });
    expect(await local.head()).toBe(before);
    expect(await local.rows('SELECT k, n FROM config ORDER BY n')).toEqual([
      { k: 'a', n: 1 },
      { k: ours, n: 77 },
    ]);
  });

  test('keeps its rows if our own commits are merged with those of the peer', async () => {
    await using folder = await tempFolder();
    const { local, peers } = await prepare(folder, { theirs: ["INSERT INTO config VALUES ('theirs', '1')"] });
    await local.commit('ours', "INSERT INTO config VALUES ('ours', '1')");
    await local.sql("UPDATE config SET value = 'blue' WHERE `key` = 'color'");
    const { result } = await command(folder, peers);
    expect(result.peers[0]).toMatchObject({ status: 'synced', verified: true });
    expect(await local.rows("SELECT to_key AS k, to_value AS v FROM dolt_diff('HEAD', 'WORKING', 'config')")).toEqual([
      { k: 'color', v: 'blue' },
    ]);
    expect(await local.rows('SELECT COUNT(*) AS n FROM config')).toEqual([{ n: 5 }]);
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
    await north.sql(...['a', 'b', 'c', 'd'].map((name) => set(name, name < 'c' ? 1 : 2, 5)));
    const head = await north.head();
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

  test.each<[what: string, theirs: readonly string[], dirty: readonly string[], why: string, base?: readonly string[]]>(
    [
      [
        'the same row',
        ["UPDATE config SET value = 'x' WHERE `key` = 'color'"],
        ["UPDATE config SET value = 'y' WHERE `key` = 'color'"],
        'the same rows are changed there',
      ],
      [
        'a row that is removed on our side',
        ["UPDATE config SET value = 'x' WHERE `key` = 'color'"],
        ["DELETE FROM config WHERE `key` = 'color'"],
        'the same rows are changed there',
      ],
      [
        'the definition of the table',
        ['ALTER TABLE config ADD COLUMN note TEXT'],
        ["INSERT INTO config VALUES ('mine', '1')"],
        'its definition is changed there',
      ],
      [
        'a table whose definition changed on our side',
        ["INSERT INTO config VALUES ('theirs', '1')"],
        ['ALTER TABLE config ADD COLUMN note TEXT'],
        'its definition changed',
      ],
      [
        'a table with staged changes',
        ["INSERT INTO config VALUES ('theirs', '1')"],
        ["INSERT INTO config VALUES ('mine', '1')", "CALL DOLT_ADD('config')"],
        'its changes are staged',
      ],
      [
        'a table without a primary key',
        ["INSERT INTO log VALUES ('theirs')"],
        ["INSERT INTO log VALUES ('mine')"],
        'it has no primary key',
        ['CREATE TABLE log (line TEXT)', "INSERT INTO log VALUES ('one')"],
      ],
      [
        'a table with a trigger',
        ["INSERT INTO box VALUES (3, 'c')"],
        ["INSERT INTO box VALUES (4, 'd')"],
        'it has triggers',
        [...ITEMS, 'CREATE TRIGGER t BEFORE INSERT ON box FOR EACH ROW SET NEW.slug = LOWER(NEW.slug)'],
      ],
      [
        'a unique value that an uncommitted row uses',
        ["INSERT INTO box VALUES (3, 'c')"],
        ["INSERT INTO box VALUES (4, 'c')"],
        'box',
        ITEMS,
      ],
      [
        'the row that an uncommitted row refers to',
        ['DELETE FROM box WHERE id = 2', 'INSERT INTO item VALUES (2, 1)'],
        ['INSERT INTO item VALUES (9, 2)'],
        'item',
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
        ['ALTER DATABASE `local` COLLATE utf8mb4_general_ci'],
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
    const { local, peers } = await prepare(folder, { base, theirs });
    await local.sql(...dirty);
    const state = () =>
      local.rows("SELECT *, DOLT_HASHOF_DB('STAGED') AS staged, DOLT_HASHOF_DB('WORKING') AS working FROM dolt_status");
    const [head, before] = [await local.head(), await state()];
    const { result } = await command(folder, `${peers}\nsafe: file://${folder.file('safe')}`);
    expect(result.peers).toMatchObject([
      { name: 'box', error: { code: 'uncommitted-changes', message: expect.stringContaining(why) } },
      { name: 'safe', verified: true, remoteHead: head },
    ]);
    expect(result.peers[0]?.error?.message).toMatch(/waits since \d{4}-\d\d-\d\d/);
    expect(await local.head()).toBe(head);
    expect(await state()).toEqual(before);
    expect(await branches(local)).toEqual(['main']);
  });
});

describe('a run that died while rows were in a scratch branch', () => {
  /** The state after a kill between the move of rows to a scratch branch and their restoration. */
  async function interrupted(folder: TempFolder): Promise<{ readonly local: TestDatabase; readonly head: string }> {
    const local = await makeEmptyDatabase(folder.file('local'));
    const head = await local.commit('base', ...CONFIG);
    await local.sql(
      "UPDATE config SET value = 'blue' WHERE `key` = 'color'",
      "INSERT INTO config VALUES ('mine', '1')",
    );
    await withDatabase(local.path, folder.file('tmp'), async (database) => {
      const rows = await database.session((sql) => readUncommitted(sql, 'config'));
      if (typeof rows === 'string') throw new Error(rows);
      await setAside(database, [rows], { branch: 'main', head });
    });
    expect(await local.rows('SELECT * FROM dolt_status')).toEqual([]);
    return { local, head };
  }

  const finish = (folder: TempFolder) => withDatabase(folder.file('local'), folder.file('tmp'), finishAdvances);

  test('leaves a branch from which the next run restores them', async () => {
    await using folder = await tempFolder();
    const { local } = await interrupted(folder);
    expect(await finish(folder)).toEqual([]);
    expect(await local.rows("SELECT `key`, value FROM config WHERE `key` IN ('color', 'mine')")).toEqual([
      { key: 'color', value: 'blue' },
      { key: 'mine', value: '1' },
    ]);
    expect(await branches(local)).toEqual(['main']);
  });

  test('does not overwrite newer rows: the older version stays on a branch, and a warning names it', async () => {
    await using folder = await tempFolder();
    const { local } = await interrupted(folder);
    await local.sql("UPDATE config SET value = 'green' WHERE `key` = 'color'");
    const [notice] = await finish(folder);
    const name = (await branches(local)).find((one) => one !== 'main');
    expect(name).toMatch(/^dolt-federation\/unrestored\//);
    expect(notice).toMatchObject({ code: 'uncommitted-changes', message: expect.stringContaining(String(name)) });
    expect(await local.rows("SELECT `key`, value FROM config WHERE `key` IN ('color', 'mine')")).toEqual([
      { key: 'color', value: 'green' },
      { key: 'mine', value: '1' },
    ]);
    expect(await local.rows(`SELECT value FROM config AS OF '${name}' WHERE \`key\` = 'color'`)).toEqual([
      { value: 'blue' },
    ]);
  });

  test('before it committed the rows changed nothing, and its branch is removed', async () => {
    await using folder = await tempFolder();
    const local = await makeEmptyDatabase(folder.file('local'));
    const from = await local.commit('base', ...CONFIG);
    const kept = 'dolt-federation/kept/20260101T000000000Z/main';
    await recordMove(local.path, kept, { kind: 'kept', branch: 'main', from, away: null });
    await local.sql(`CALL DOLT_BRANCH('${kept}')`, 'DELETE FROM config');
    // Without any row, none is committed.
    await withDatabase(local.path, folder.file('tmp'), async (database) => {
      const shape = await database.session((sql) => tableShape(sql, 'config'));
      const none = () => setAside(database, [{ shape, written: [], removed: [] }], { branch: 'main', head: from });
      expect(await failureOf(none)).toMatchObject({ code: 'uncommitted-changes' });
    });
    expect(await finish(folder)).toEqual([]);
    expect(await branches(local)).toEqual(['main']);
    expect(await local.rows('SELECT COUNT(*) AS n FROM config')).toEqual([{ n: 0 }]);
  });
});
