import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { delimiter } from 'node:path';
import { expect, test } from '@jest/globals';
import type { Peer } from '../../src/config/configuration.ts';
import { ACCEPTS } from '../../src/contract/vocabulary.ts';
import { readEnv } from '../../src/core/env.ts';
import { makeDatabase, openTestDatabase } from '../helpers/database.ts';
import { federateDatabase, federateIn, filePeer, withDatabase, withEngines } from '../helpers/federating.ts';
import { mailbox } from '../helpers/mailbox.ts';
import { tempFolder } from '../helpers/temp-folder.ts';
import { failureOf } from '../helpers/thrown.ts';

const MIB = 1024 * 1024;

test('one statement cannot fill our memory, and the database stays usable', async () => {
  await using folder = await tempFolder();
  const { south } = await mailbox(folder);
  await withDatabase(south.path, folder.file('tmp'), (database) =>
    database.session(async (sql) => {
      const before = process.memoryUsage().rss;
      // Few enough for the memory of the engine, which sends them only as fast as they are read.
      const reading = sql.run(`SELECT a.id, REPEAT('x', ${4 * MIB}) FROM items AS a, items AS b LIMIT 200`);
      expect(await failureOf(() => reading)).toMatchObject({ code: 'too-large' });
      expect(process.memoryUsage().rss - before).toBeLessThan(1_024 * MIB);
      expect(await failureOf(() => sql.run('SELECT 1'))).toMatchObject({ code: 'too-large' });
      await database.run('SELECT 1');
    }),
  );
});

test('a row in conflict that is larger than a page is resolved, and reported with its beginning and hash', async () => {
  await using folder = await tempFolder();
  const databases = await mailbox(
    folder,
    'CREATE TABLE notes (id INT PRIMARY KEY, text LONGTEXT)',
    "INSERT INTO notes VALUES (1, ''), (2, '')",
  );
  await databases.keep(`UPDATE notes SET text = REPEAT('o', ${9 * MIB})`);
  await databases.send(`UPDATE notes SET text = REPEAT('t', ${9 * MIB})`);
  const done = await databases.receive({ accept: ACCEPTS });
  expect(done.run('partner')).toMatchObject({ failure: null, verified: true });
  expect(done.run('partner').conflicts.map(({ ours }) => ours?.['text']?.length)).toEqual([1_120, 1_120]);
  expect(done.run('partner').conflicts[0]?.theirs?.['text']).toMatch(
    /^t{1024}… \(9437184 characters, SHA-256 [0-9a-f]{64}\)$/,
  );
});

/** 240 MiB of values from a mailbox of some kilobytes: equal values are stored once. */
const ROWS = 60;

test('conflicts with values over the limit are left out as too large under manual, and the other peer is merged', async () => {
  await using folder = await tempFolder();
  const rows = Array.from({ length: ROWS }, (_, id) => `(${id}, '')`).join();
  const databases = await mailbox(
    folder,
    'CREATE TABLE notes (id INT PRIMARY KEY, text LONGTEXT)',
    `INSERT INTO notes VALUES ${rows}`,
  );
  await openTestDatabase(databases.north.path).dolt('clone', databases.url, folder.file('honest'));
  await openTestDatabase(folder.file('honest')).sql(
    "UPDATE items SET title = 'honest' WHERE id = 100",
    "CALL DOLT_COMMIT('-A', '-m', 'honest', '--author', 'Honest <h@example.org>')",
    `CALL DOLT_REMOTE('add', 'box', 'file://${folder.file('honest.box')}')`,
    "CALL DOLT_PUSH('box', 'main')",
  );
  await databases.keep("UPDATE notes SET text = 'short'");
  await databases.send(`UPDATE notes SET text = REPEAT('t', ${4 * MIB})`);
  const before = process.memoryUsage().rss;
  const hostile = { ...filePeer('hostile', folder.file('mailbox')), accept: ACCEPTS, strategy: 'manual' } as const;
  const honest = { ...filePeer('honest', folder.file('honest.box')), accept: ACCEPTS };
  const done = await federateDatabase({
    local: databases.south.path,
    tempDir: folder.file('tmp'),
    peers: [hostile, honest],
  });
  expect(process.memoryUsage().rss - before).toBeLessThan(1_024 * MIB);
  expect(done.run('hostile').failure).toMatchObject({ code: 'too-large' });
  expect(done.run('honest')).toMatchObject({ failure: null, verified: true });
  expect(done.merge).toMatchObject({ deterministic: false });
});

test('an engine over its memory limit is ended, and only that peer is left out', async () => {
  await using folder = await tempFolder();
  const databases = await mailbox(
    folder,
    'CREATE TABLE numbers (id INT PRIMARY KEY, v INT)',
    'INSERT INTO numbers VALUES (1, 1)',
  );
  await databases.send(
    "ALTER TABLE numbers ADD CONSTRAINT wide CHECK (v > 0 OR md5(concat(repeat('x', 900000000), repeat('y', 900000000))) > '')",
  );
  await databases.keep('INSERT INTO numbers VALUES (2, -1)');
  const head = await databases.south.head();
  const peers = [{ ...filePeer('hostile', folder.file('mailbox')), accept: ACCEPTS }];
  const done = await withEngines(
    databases.south.path,
    folder.file('tmp'),
    (engines) => federateIn(engines, { peers }),
    {
      memoryLimit: 512 * MIB,
    },
  );
  expect(done.run('hostile').failure).toMatchObject({ code: 'too-large', message: expect.stringContaining('512 MiB') });
  expect(done.head).toBe(head);
  expect(await databases.south.rows("SELECT name FROM dolt_branches WHERE name LIKE 'dolt-federation%'")).toEqual([]);
});

test('an engine over its memory limit during a fetch is ended, and only that peer fails, after two engines', async () => {
  await using folder = await tempFolder();
  const local = await makeDatabase(folder.file('local'));
  // Dolt keeps all that ssh writes.
  const tries = folder.file('tries');
  const ssh = `#!/bin/sh\necho try >> '${tries}'\nexec yes "$(head -c 4096 /dev/zero | tr '\\0' e)" >&2\n`;
  await mkdir(folder.file('bin'));
  await writeFile(folder.file('bin', 'ssh'), ssh, { mode: 0o755 });
  const url = 'ssh://far/srv/db';
  const honest = filePeer('honest', folder.file('box'));
  const hostile: Peer = {
    ...filePeer('hostile', ''),
    endpoint: { ...honest.endpoint, written: url, canonical: url, dolt: url, kind: 'ssh', folder: null },
  };
  await mkdir(folder.file('box'));
  const env = { PATH: `${folder.file('bin')}${delimiter}${readEnv()['PATH']}` };
  const done = await withEngines(
    local.path,
    folder.file('tmp'),
    (engines) => federateIn(engines, { peers: [hostile, honest] }),
    { memoryLimit: 512 * MIB, env },
  );
  expect(done.run('hostile')).toMatchObject({
    ...{ state: 'unreachable', failure: { code: 'too-large', message: expect.stringContaining('512 MiB') } },
  });
  expect(done.run('honest')).toMatchObject({ failure: null, verified: true });
  expect((await readFile(tries, 'utf8')).trim().split('\n')).toEqual(['try', 'try']);
});
