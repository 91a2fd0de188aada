import { cp, open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { chunkContent } from '../../src/dolt/store/chunk-content.ts';
import { isMessage } from '../../src/dolt/store/message.ts';
import { bytesAt, readTableIndex } from '../../src/dolt/store/table-index.ts';
import { makeDatabaseOf, openTestDatabase } from '../helpers/database.ts';
import { federateDatabase, filePeer } from '../helpers/federating.ts';
import { publishChanged, publishForged } from '../helpers/swapped-contents.ts';
import { tempFolder } from '../helpers/temp-folder.ts';

/** Statements that make every kind of chunk to which a commit can refer. */
const EVERY_KIND = [
  `CREATE TABLE kinds (
     id BIGINT PRIMARY KEY, a DECIMAL(30,10), b BIT(33), c ENUM('x','y'), d SET('a','b'), e DATETIME(6), f VARCHAR(300),
     g TEXT, h LONGBLOB, i JSON, j GEOMETRY, k INT AS (id * 2) STORED, l VARCHAR(300) AS (UPPER(f)) VIRTUAL,
     KEY (f(10)), CHECK (id < 250000)
   )`,
  `INSERT INTO kinds (id, a, f, g, h, i, j)
     SELECT n, n / 7, REPEAT('f', n % 300), REPEAT('g', n * 11 % 9000), REPEAT('h', n * 13 % 30000),
       JSON_OBJECT('n', n, 'text', REPEAT('i', n % 5000)), POINT(n % 90, 2)
     FROM (WITH RECURSIVE counting AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM counting WHERE n < 400)
       SELECT n FROM counting) numbers`,
  'CREATE TABLE without_key (a INT, b TEXT)',
  "INSERT INTO without_key VALUES (1, 'x'), (1, 'x'), (NULL, NULL)",
  'CREATE TABLE parents (id INT PRIMARY KEY)',
  'CREATE TABLE children (id INT PRIMARY KEY AUTO_INCREMENT, p INT, FOREIGN KEY (p) REFERENCES parents (id) ON DELETE CASCADE)',
  'CREATE TABLE words (id INT PRIMARY KEY, body TEXT, FULLTEXT KEY (body))',
  "INSERT INTO words VALUES (1, 'hello world'), (2, 'and others')",
  'CREATE TABLE lower_case (id INT PRIMARY KEY, f VARCHAR(30))',
  'CREATE INDEX lowered ON lower_case ((LOWER(f)))',
  'CREATE TABLE vectors (id INT PRIMARY KEY, e JSON NOT NULL, VECTOR INDEX (e))',
  "INSERT INTO vectors VALUES (1, '[1, 2]'), (2, '[3, 4]')",
  'CREATE VIEW seen AS SELECT id FROM parents',
  "INSERT INTO dolt_docs VALUES ('README.md', 'text')",
  "CALL DOLT_COMMIT('-A', '-m', 'every kind')",
];

async function contentsOf(remote: string): Promise<ReadonlyMap<string, readonly Uint8Array[]>> {
  const contents = new Map<string, Uint8Array[]>();
  for (const name of (await readdir(remote)).filter((found) => /^[0-9a-v]{32}(\.darc)?$/.test(found))) {
    await using file = await open(join(remote, name));
    for (const { offset, bytes } of (await readTableIndex(file, (await file.stat()).size)).chunks) {
      const content = chunkContent(await bytesAt(file, offset, bytes));
      if (content === null) throw new Error('a chunk cannot be decoded');
      const kind = Buffer.from(content.subarray(8, 12)).toString('latin1');
      contents.set(kind, [...(contents.get(kind) ?? []), content]);
    }
  }
  return contents;
}

test('every chunk that Dolt writes is a message, and no change of one ends the check', async () => {
  await using folder = await tempFolder();
  const database = await makeDatabaseOf(folder.file('every'), ...EVERY_KIND);
  await database.publish(`file://${folder.file('box')}`);
  const contents = await contentsOf(folder.file('box'));
  expect([...contents.keys()].sort()).toEqual(
    expect.arrayContaining(['ADRM', 'BLOB', 'CMCL', 'DCMT', 'DFKC', 'DSCH', 'DTBL', 'IVFF', 'RTVL', 'TUPM']),
  );
  for (const [kind, all] of contents) {
    for (const content of all) expect([kind, isMessage(content)]).toEqual([kind, true]);
    const [content = new Uint8Array()] = all;
    expect(isMessage(content.subarray(0, -1))).toBe(false);
    expect(isMessage(Buffer.concat([content, Buffer.from([0])]))).toBe(false);
    for (let at = 0; at < Math.min(content.length, 400); at += 1) {
      for (const byte of [0, 1, 0x7f, 0x80, 0xff]) {
        const changed = Buffer.from(content);
        changed[at] = byte;
        expect(typeof isMessage(changed)).toBe('boolean');
      }
    }
  }
}, 120_000);

test('a peer with a chunk that Dolt cannot walk waits, also below its rows and in an older commit', async () => {
  await using folder = await tempFolder();
  const base = await makeDatabaseOf(
    folder.file('base'),
    'CREATE TABLE t (id INT PRIMARY KEY, a LONGTEXT)',
    "INSERT INTO t VALUES (1, 'base')",
    // More than one node has.
    `INSERT INTO t VALUES ${Array.from({ length: 40 }, (_, at) => `(${at + 100}, REPEAT('x', 900))`).join(', ')}`,
    "CALL DOLT_COMMIT('-A', '-m', 'base')",
  );
  for (const name of ['honest', 'ours']) await cp(base.path, folder.file(name), { recursive: true });
  const [honest, ours] = [openTestDatabase(folder.file('honest')), openTestDatabase(folder.file('ours'))];
  await honest.commit('honest', "INSERT INTO t VALUES (2, 'honest')");
  await honest.publish(`file://${folder.file('box')}`);
  await ours.commit('ours', "INSERT INTO t VALUES (3, 'ours')");
  await base.commit('older', "INSERT INTO t VALUES (4, 'older')", 'CREATE TABLE in_older (id INT PRIMARY KEY)');
  await base.commit('newer', "INSERT INTO t VALUES (5, REPEAT('long', 2000))", 'DROP TABLE in_older');
  const longer = (content: Buffer) => Buffer.concat([content, Buffer.alloc(3)]);
  const nothing = () => Buffer.from([0]);
  await publishChanged(base, folder.file('rows'), { kind: 'TUPM', text: 'older' }, longer);
  await publishChanged(base, folder.file('value'), { kind: 'BLOB', text: 'longlong' }, nothing);
  await publishChanged(base, folder.file('commit'), { kind: 'RTVL', text: 'in_older' }, nothing);
  const hostile = ['rows', 'value', 'commit'];
  const peers = [...hostile.map((name) => filePeer(name, folder.file(name))), filePeer('honest', folder.file('box'))];
  const federated = await federateDatabase({ local: ours.path, tempDir: folder.file('tmp'), peers });
  for (const name of hostile) {
    expect(federated.run(name).failure).toMatchObject({
      code: 'corrupt',
      message: expect.stringMatching(/ serves wrong data: .* of its chunk [0-9a-v]{32} is not in a format of Dolt$/),
    });
  }
  expect(federated.run('honest')).toMatchObject({ failure: null, verified: true, pulledCommits: 1 });
  expect(await ours.rows('SELECT id FROM t WHERE id < 100')).toEqual([{ id: 1 }, { id: 2 }, { id: 3 }]);
  expect(await ours.dolt('fsck', '--quiet')).toContain('No problems found.');
}, 120_000);

test('a peer whose head lists other ancestors than it has waits', async () => {
  await using folder = await tempFolder();
  const base = await makeDatabaseOf(
    folder.file('base'),
    'CREATE TABLE t (id INT PRIMARY KEY, a INT)',
    'INSERT INTO t VALUES (1, 1)',
    "CALL DOLT_COMMIT('-A', '-m', 'base')",
  );
  for (const name of ['honest', 'ours']) await cp(base.path, folder.file(name), { recursive: true });
  const [honest, ours] = [openTestDatabase(folder.file('honest')), openTestDatabase(folder.file('ours'))];
  await honest.commit('honest', 'INSERT INTO t VALUES (2, 2)');
  await honest.publish(`file://${folder.file('box')}`);
  const own = await ours.commit('ours', 'INSERT INTO t VALUES (3, 3)');
  await ours.sql("CALL DOLT_BRANCH('more')", 'INSERT INTO t VALUES (8, 8)', "CALL DOLT_COMMIT('-am', 'more')");
  const ancestor = await base.commit('parent', 'INSERT INTO t VALUES (4, 4)');
  const root = (await base.rows('SELECT commit_hash FROM dolt_log ORDER BY commit_order LIMIT 1'))[0]?.['commit_hash'];
  const [tables] = await base.rows("SELECT DOLT_HASHOF_DB('HEAD') AS hash");
  await base.commit('head', 'INSERT INTO t VALUES (5, 5)');
  // No commit, a commit of ours in the place of its parent, and an old commit above all others.
  await publishForged(base, folder.file('no-commit'), { ancestor, other: String(tables?.['hash']) });
  await publishForged(base, folder.file('of-ours'), { ancestor, other: own });
  await publishForged(base, folder.file('above'), { ancestor, other: String(root), height: 1_000 });
  const hostile = ['no-commit', 'of-ours', 'above'];
  const peers = [...hostile.map((name) => filePeer(name, folder.file(name))), filePeer('honest', folder.file('box'))];
  const federated = await federateDatabase({ local: ours.path, tempDir: folder.file('tmp'), peers });
  for (const name of hostile) {
    expect([name, federated.run(name).failure]).toMatchObject([
      name,
      { code: 'corrupt', message: expect.stringMatching(/ [0-9a-v]{32} lists other ancestors than it has$/) },
    ]);
  }
  expect(federated.run('honest')).toMatchObject({ failure: null, verified: true, pulledCommits: 1 });
}, 120_000);
