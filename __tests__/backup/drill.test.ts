import { renameSync } from 'node:fs';
import { cp, open, readdir, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type Contents, readContents } from '../../src/backup/contents.ts';
import { isAlive } from '../../src/core/processes.ts';
import { NO_CREDENTIALS } from '../../src/dolt/engine-credentials.ts';
import { makeDatabase, makeDatabaseOf, openTestDatabase, publishing, type TestDatabase } from '../helpers/database.ts';
import { contentsOf, drill } from '../helpers/drilling.ts';
import { withEngines } from '../helpers/federating.ts';
import { doltWithFsck } from '../helpers/replaced-fsck.ts';
import { publishSwapped } from '../helpers/swapped-contents.ts';
import { type TempFolder, tempFolder } from '../helpers/temp-folder.ts';
import { failureOf } from '../helpers/thrown.ts';

/** Rows that do not compress, so that a table file consists almost only of them. */
const ROWS = `INSERT INTO notes WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < 200),
  u(m) AS (SELECT 0 UNION ALL SELECT m + 1 FROM u WHERE m < 19)
  SELECT n + m * 200, CONCAT(SHA2(CONCAT('a', n, m), 512), SHA2(CONCAT('b', n, m), 512)) FROM s, u`;
const EVERY_ROW = 4000;

const largeLine = (last: number) => `ST_GEOMFROMTEXT(CONCAT('LINESTRING(', REPEAT('0 0,', 700), '1 ${last})'))`;
const largeVector = (last: number) => `STRING_TO_VECTOR(CONCAT('[', REPEAT('1,', 998), '${last}]'))`;

/** A column of each type that Dolt has, one value of each, and another one that differs little. */
const TYPES: readonly (readonly [type: string, value: string, other: string])[] = [
  ['TINYINT', '-1', '1'],
  ['SMALLINT', '1', '2'],
  ['MEDIUMINT', '1', '2'],
  ['INT UNSIGNED', '1', '4294967295'],
  ['BIGINT UNSIGNED', '18446744073709551615', '18446744073709551614'],
  ['BOOLEAN', 'TRUE', 'FALSE'],
  ['BIT(3)', "b'101'", "b'100'"],
  ['FLOAT', '1.5', '1.5000001'],
  ['DOUBLE', '-2.5e300', '-2.5000000000000004e300'],
  ['DECIMAL(20,3)', '3.125', '3.126'],
  ['YEAR', '2026', '2027'],
  ['DATE', "'2026-01-02'", "'2026-01-03'"],
  ['DATETIME(6)', "'2026-01-02 03:04:05.123456'", "'2026-01-02 03:04:05.123457'"],
  ['TIMESTAMP NULL', "'2026-01-02 03:04:05'", "'2026-01-02 03:04:06'"],
  ['TIME', "'10:00:00'", "'-10:00:00'"],
  ['TIME(6)', "'-838:59:59.000000'", "'-838:59:58.999999'"],
  ['CHAR(3)', "'c'", "'C'"],
  ['VARCHAR(9) CHARACTER SET latin1', "'é'", "'éé'"],
  ['VARCHAR(9) CHARACTER SET utf16', "'é'", "'éé'"],
  ['BINARY(3)', "X'00ff01'", "X'00ff02'"],
  ['VARBINARY(9)', "X'ff00'", "X'ff'"],
  ['TINYTEXT', "'t'", "''"],
  ['MEDIUMTEXT', "'m'", "'m '"],
  ['LONGTEXT', "'l'", "'L'"],
  ['TINYBLOB', "X'ff'", "X'fe'"],
  ['BLOB', "X'fe'", "X'ff'"],
  ['LONGBLOB', "X'fd'", "X''"],
  ["ENUM('a','b')", "'b'", "'a'"],
  ["SET('a','b')", "'a,b'", "'a'"],
  ['JSON', `'{"a": [1, null]}'`, `'{"a": [1, "null"]}'`],
  ['POINT', 'POINT(1, 2)', 'POINT(2, 1)'],
  ['LINESTRING', "ST_GEOMFROMTEXT('LINESTRING(0 0,1 1)')", "ST_GEOMFROMTEXT('LINESTRING(0 0,1 2)')"],
  ['POLYGON', "ST_GEOMFROMTEXT('POLYGON((0 0,1 1,1 0,0 0))')", "ST_GEOMFROMTEXT('POLYGON((0 0,1 1,2 0,0 0))')"],
  [
    'GEOMETRYCOLLECTION',
    "ST_GEOMFROMTEXT('GEOMETRYCOLLECTION(POINT(0 0))')",
    "ST_GEOMFROMTEXT('GEOMETRYCOLLECTION(POINT(0 1))')",
  ],
  ['VECTOR(2)', "STRING_TO_VECTOR('[1,2]')", "STRING_TO_VECTOR('[1,3]')"],
  // Dolt stores large values outside the row.
  ['MEDIUMTEXT', "REPEAT('x', 9000)", "CONCAT(REPEAT('x', 8999), 'X')"],
  ['MEDIUMBLOB', "UNHEX(REPEAT('00ff', 5000))", "UNHEX(CONCAT(REPEAT('00ff', 4999), '00fe'))"],
  ['JSON', "JSON_OBJECT('a', REPEAT('x', 9000))", "JSON_OBJECT('a', REPEAT('y', 9000))"],
  ['GEOMETRY', largeLine(1), largeLine(2)],
  ['VECTOR(999)', largeVector(1), largeVector(2)],
];
const EVERY_TYPE = [
  `CREATE TABLE types (${TYPES.map(([type], at) => `c${at} ${type}`).join(', ')}, computed TIME AS (c14) STORED)`,
  `INSERT INTO types (${TYPES.map((_, at) => `c${at}`).join(', ')}) VALUES
    (${TYPES.map(([, value]) => value).join(', ')}), (${TYPES.map(() => 'NULL').join(', ')})`,
];

interface Backup {
  readonly local: TestDatabase;
  readonly head: string;
  /** The path of the `file://` remote. */
  readonly far: string;
  readonly expected: Contents;
}

/** A database whose head has the tag `v1`, and a backup of both. Its first commit is the empty one. */
async function backedUp(folder: TempFolder, ...statements: readonly string[]): Promise<Backup> {
  const far = folder.file('far');
  const local = await makeDatabaseOf(
    folder.file('local'),
    'CREATE TABLE notes (id INT PRIMARY KEY, body TEXT)',
    'CREATE TABLE `odd``name` (x INT, j JSON, b BIT(3), g GEOMETRY, v INT AS (x + 1), r DOUBLE AS (RAND()))',
    "INSERT INTO `odd``name` (x, j, b, g) VALUES (1, '{\"a\": 1}', b'101', POINT(1, 2)), (NULL, NULL, NULL, NULL)",
    ...EVERY_TYPE,
    'CREATE VIEW seen AS SELECT * FROM notes',
    ROWS,
    "CALL DOLT_COMMIT('-A', '-m', 'all rows')",
    ...statements,
    "CALL DOLT_TAG('v1', 'HEAD')",
  );
  const head = await local.headAfter(...publishing(`file://${far}`), ...publishing(`file://${far}`, 'v1'));
  return { local, head, far, expected: await contentsOf(folder, local.path, head) };
}

let seed: TempFolder;
/** A backup that tests copy, and do not change. */
let backup: Backup;

beforeAll(async () => {
  seed = await tempFolder();
  backup = await backedUp(seed);
});

afterAll(async () => {
  await seed[Symbol.asyncDispose]();
});

const fileAt = (path: string) => ({ endpoint: `file://${path}` });

/** The largest table file of a remote. */
async function tableFile(remote: string): Promise<string> {
  const names = (await readdir(remote)).filter((name) => /^[0-9a-v]{32}(\.darc)?$/.test(name));
  const sized = await Promise.all(names.map(async (name) => [(await stat(join(remote, name))).size, name] as const));
  const [largest] = sized.sort(([a], [b]) => b - a);
  if (largest === undefined) throw new Error('no table file');
  return join(remote, largest[1]);
}

/** Changes some bytes in the middle of a file. */
async function scratch(file: string): Promise<void> {
  const handle = await open(file, 'r+');
  const { size } = await handle.stat();
  await handle.write(Buffer.from('scratched'), 0, null, Math.floor(size / 2));
  await handle.close();
}

/** Replaces a backup from a copy of the database, as another person could. */
async function tamper(local: TestDatabase, remote: string, ...statements: readonly string[]): Promise<void> {
  const copy = `${remote}-from`;
  await cp(local.path, copy, { recursive: true });
  await openTestDatabase(copy).sql(
    ...statements,
    `CALL DOLT_REMOTE('add', 'tampered', 'file://${remote}')`,
    "CALL DOLT_PUSH('--force', 'tampered', 'main')",
    "CALL DOLT_PUSH('--force', 'tampered', 'v1')",
  );
  await rm(copy, { recursive: true });
}

const FORGED = ["UPDATE notes SET body = 'forged' WHERE id = 7", "CALL DOLT_COMMIT('-a', '-m', 'all rows')"];
const RETAG = ["CALL DOLT_TAG('-d', 'v1')", "CALL DOLT_TAG('v1', 'HEAD')"];
/** The branch still has one commit after the first, with the same message. */
const FORGED_INSTEAD = [
  "CALL DOLT_RESET('--soft', 'HEAD~1')",
  ...FORGED.slice(0, 1),
  "CALL DOLT_COMMIT('-A', '-m', 'all rows')",
];

test('an intact backup is proven, a different or damaged one is not, and no clone remains', async () => {
  await using folder = await tempFolder();
  const { local, head, far, expected } = backup;
  const tables = [
    { name: 'notes', rows: EVERY_ROW },
    { name: 'odd`name', rows: 2 },
    { name: 'types', rows: 2 },
  ].map((table) => expect.objectContaining(table));
  expect(expected).toMatchObject({ commit: head, tables });
  const proven = { kind: 'proven', commit: head, head, databaseHash: expected.databaseHash };
  const whole = await drill(folder, { peer: fileAt(far), expected });
  expect(whole).toMatchObject({ ...proven, tables });
  const { size } = await stat(await tableFile(far));
  if (whole.kind !== 'proven') throw new Error(whole.kind);
  expect(whole.bytes).toBeGreaterThan(size);
  expect(whole.bytes).toBeLessThan(size * 1.2);
  expect(await drill(folder, { peer: fileAt(far), expected, depth: 'head' })).toMatchObject({
    ...proven,
    tables: null,
  });

  const differing = async (damage: (remote: string) => Promise<unknown>) => {
    await cp(far, folder.file('bad'), { recursive: true });
    await damage(folder.file('bad'));
    const result = await drill(folder, { peer: fileAt(folder.file('bad')), expected });
    await rm(folder.file('bad'), { recursive: true, force: true });
    if (result.kind === 'proven') throw new Error('the backup was proven');
    return { kind: result.kind, code: result.failure.code, message: result.failure.message };
  };
  const differs = (message: RegExp) => ({
    ...{ kind: 'differs', code: 'drill-failed', message: expect.stringMatching(message) },
  });
  expect(await differing((bad) => tamper(local, bad, ...FORGED, ...RETAG))).toEqual(
    differs(/^the backup at far is not what was backed up: the tag v1 is at [0-9a-v]{32} there, not at /),
  );
  expect(await differing((bad) => tamper(local, bad, ...FORGED_INSTEAD))).toEqual(
    differs(/the branch main is at [0-9a-v]{32} there, which does not contain /),
  );
  expect(await differing(async (bad) => rm(await tableFile(bad)))).toEqual(differs(/cannot be restored: .*table file/));
  expect(await differing(async (bad) => truncate(await tableFile(bad), 5_000))).toEqual(differs(/cannot be restored/));
  expect(await differing(async (bad) => scratch(await tableFile(bad)))).toEqual(
    differs(/cannot be restored: `dolt fsck` found damage: .*checksum error/),
  );
  expect(await differing((bad) => writeFile(join(bad, 'manifest'), ''))).toEqual(differs(/cannot be restored/));
  expect(await differing(async (bad) => rm(join(bad, 'manifest')))).toEqual(differs(/no Dolt data/));
  expect(await differing((bad) => rm(bad, { recursive: true }))).toMatchObject({
    ...{ kind: 'unproven', code: 'folder-missing' },
  });
  expect(await readdir(folder.file('drills'))).toEqual([]);
}, 120_000);

test('a full drill finds damaged rows that only an older commit has, and a drill of the head does not', async () => {
  await using folder = await tempFolder();
  const gone = ['DELETE FROM notes', "CALL DOLT_COMMIT('-a', '-m', 'no rows')"];
  const { far, expected } = await backedUp(folder, ...gone);
  await scratch(await tableFile(far));
  expect(await drill(folder, { peer: fileAt(far), expected, depth: 'head' })).toMatchObject({ kind: 'proven' });
  const full = await drill(folder, { peer: fileAt(far), expected });
  expect(full).toMatchObject({
    kind: 'differs',
    failure: { code: 'drill-failed', message: expect.stringMatching(/`dolt fsck` found damage: .*checksum error/) },
  });
  // The system ends programs when its memory is full.
  const dolt = await doltWithFsck(folder, 'kill -KILL $$');
  expect(await drill(folder, { peer: fileAt(far), expected, dolt })).toMatchObject({
    kind: 'unproven',
    failure: { code: 'too-large', message: expect.stringContaining('was killed') },
  });
});

test('a backup may have more commits than the tag, but not fewer, and no other branch', async () => {
  await using folder = await tempFolder();
  const far = folder.file('far');
  const local = await makeDatabase(folder.file('local'));
  const tagged = await local.head();
  const later = await local.commit('later', "INSERT INTO items VALUES (3, 'three', 'cyd')");
  await local.publish(`file://${far}`);
  const expected = await contentsOf(folder, local.path, tagged, 'head');
  const at = { peer: fileAt(far), expected, depth: 'head' } as const;
  const differs = (why: string) => ({ kind: 'differs', failure: { message: expect.stringContaining(why) } });

  expect(await drill(folder, at)).toMatchObject(differs('it has no tag v1'));
  await local.sql(`CALL DOLT_TAG('v1', '${tagged}')`, ...publishing(`file://${far}`, 'v1'));
  expect(await drill(folder, at)).toMatchObject({ kind: 'proven', commit: tagged, head: later });

  const unsent = await local.commit('unsent', "INSERT INTO items VALUES (4, 'four', 'dan')");
  const newer = { ...at, tag: null, expected: await contentsOf(folder, local.path, unsent, 'head') };
  expect(await drill(folder, newer)).toMatchObject(differs(`the branch main is at ${later} there`));
  expect(await drill(folder, { ...at, branch: 'trunk' })).toMatchObject(differs('branch not found'));

  const update = (text: string) => `UPDATE items SET title = '${text}' WHERE id = 4`;
  const swapped = { text: 'four', other: 'another', update, share: true };
  await publishSwapped(local, folder.file('swapped'), swapped);
  const whole = { expected: await contentsOf(folder, local.path, unsent), tag: null };
  expect(await drill(folder, { ...whole, peer: fileAt(folder.file('swapped')) })).toMatchObject(
    differs('two chunks of its index share a span'),
  );

  // A hash cannot be forged, so another one is expected.
  const forged = { ...expected, databaseHash: expected.commit };
  expect(await drill(folder, { ...at, expected: forged })).toMatchObject(differs('the hash of the database'));
});

test('the checksum of a table follows from its values, of any type and in any order of the rows', async () => {
  await using folder = await tempFolder();
  const tables = TYPES.map(([type, value, other], at) => ({ name: `v${at}`, type, value, other }));
  const keyless = (...rows: string[]) => ['DELETE FROM keyless', `INSERT INTO keyless VALUES ${rows.join(', ')}`];
  const database = await makeDatabaseOf(
    folder.file('local'),
    ...tables.map(({ name, type }) => `CREATE TABLE ${name} (id INT PRIMARY KEY, c ${type})`),
    'CREATE TABLE keyless (a TEXT)',
  );
  const states = [
    [
      ...tables.map(({ name, value }) => `INSERT INTO ${name} VALUES (1, ${value}), (2, NULL)`),
      ...keyless("('x')", "('x')"),
    ],
    [...tables.map(({ name, other }) => `UPDATE ${name} SET c = ${other} WHERE id = 1`), ...keyless("('y')", "('y')")],
    [
      ...tables.map(({ name, value }) => `REPLACE INTO ${name} VALUES (1, NULL), (2, ${value})`),
      ...keyless('(NULL)', '(NULL)'),
    ],
    [
      ...tables.map(({ name, value }) => `REPLACE INTO ${name} VALUES (2, NULL), (1, ${value})`),
      ...keyless("('x')", "('x')"),
    ],
  ];
  const commits: string[] = [];
  for (const [at, statements] of states.entries()) commits.push(await database.commit(`state ${at}`, ...statements));
  const [first, ...others] = await withEngines(database.path, folder.file('tmp'), (engines) =>
    engines.use(NO_CREDENTIALS, async ({ database: sql }) => {
      const all: Contents[] = [];
      for (const commit of commits) all.push(await readContents(sql, commit, 'full'));
      return all;
    }),
  );
  const equal = others.map(({ tables: there }) =>
    there?.filter(({ checksum }, at) => checksum === first?.tables?.[at]?.checksum).map(({ name }) => name),
  );
  expect(equal).toEqual([[], [], first?.tables?.map(({ name }) => name)]);
  expect(equal[2]).toHaveLength(TYPES.length + 1);
});

test('a drill repeats a clone that another writer changed', async () => {
  await using folder = await tempFolder();
  const { expected } = backup;
  const far = folder.file('far');
  await cp(backup.far, far, { recursive: true });
  const file = await tableFile(far);
  let engines = 0;
  const result = await drill(folder, {
    peer: fileAt(far),
    expected,
    depth: 'head',
    onResource: ({ kind }) => {
      if (kind !== 'process') return;
      engines += 1;
      if (engines === 1) renameSync(file, `${file}-away`);
      if (engines === 2) renameSync(`${file}-away`, file);
    },
  });
  expect([result.kind, engines]).toEqual(['proven', 3]);
});

test.each([
  ['clones', 1],
  ['reads the clone', 2],
])('an interruption while a drill %s ends the drill and removes its files', async (_, engines) => {
  await using folder = await tempFolder();
  const { far, expected } = backup;
  const interruption = new AbortController();
  const pids: number[] = [];
  const interrupted = await failureOf(() =>
    drill(folder, {
      peer: fileAt(far),
      expected,
      signal: interruption.signal,
      onResource: (resource) => {
        if (resource.kind !== 'process') return;
        pids.push(resource.pid);
        if (pids.length === engines) interruption.abort();
      },
    }),
  );
  expect(interrupted.code).toBe('interrupted');
  expect(pids.map(isAlive)).toEqual(pids.map(() => false));
  expect(await readdir(folder.file('drills'))).toEqual([]);
});
