import { cp, open, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { readEnv } from '../../src/core/env.ts';
import { checkTable } from '../../src/dolt/store/chunk-hashes.ts';
import { storedFiles } from '../../src/dolt/store/stored-files.ts';
import { type StoreState, storeState, takeBack } from '../../src/dolt/store/take-back.ts';
import { conflictsText } from '../../src/resolve/conflicts-text.ts';
import { mergeLimit } from '../../src/sync/merge/limits.ts';
import { readOwnMoves, recordMove } from '../../src/sync/merge/own-moves.ts';
import { checkLeftArrivals } from '../../src/sync/remotes/arrivals.ts';
import { makeDatabaseOf, openTestDatabase } from '../helpers/database.ts';
import { federateDatabase, filePeer, withEngines } from '../helpers/federating.ts';
import { publishOneByte, publishSwapped } from '../helpers/swapped-contents.ts';
import { tempFolder } from '../helpers/temp-folder.ts';
import { failureOf } from '../helpers/thrown.ts';
import { runResolve } from '../helpers/unresolved-conflicts.ts';

const LIVE = new AbortController().signal;

test('a peer that serves the commit of another peer with other rows waits, and the others are served', async () => {
  await using folder = await tempFolder();
  const honest = await makeDatabaseOf(
    folder.file('honest'),
    'CREATE TABLE t (id INT PRIMARY KEY, a VARCHAR(50), b INT)',
    "INSERT INTO t VALUES (1, 'before', 1), (2, 'x', 2)",
    "CALL DOLT_COMMIT('-A', '-m', 'base')",
  );
  await cp(honest.path, folder.file('ours'), { recursive: true });
  const ours = openTestDatabase(folder.file('ours'));
  const theirs = await honest.commit('honest', "UPDATE t SET a = 'HONEST-ROW' WHERE id = 1");
  await honest.publish(`file://${folder.file('box')}`);
  const update = (text: string) => `UPDATE t SET a = '${text}' WHERE id = 1`;
  const swapped = { text: 'HONEST-ROW', other: 'OTHER-ROW', update, share: false };
  await publishSwapped(honest, folder.file('swapped'), swapped);
  // The merge writes the leaf again.
  await ours.commit('ours', 'UPDATE t SET b = 22 WHERE id = 2');
  await ours.sql("CALL DOLT_TAG('ours', 'HEAD')");
  await cp(ours.path, folder.file('local'), { recursive: true });

  const peers = [filePeer('forged', folder.file('swapped')), filePeer('honest', folder.file('box'))];
  const sync = () =>
    federateDatabase({ local: ours.path, tempDir: folder.file('tmp'), peers, options: { parallel: 1 } });
  const first = await sync();
  const failed = {
    code: 'corrupt',
    message: expect.stringMatching(/^forged serves wrong data: .* of its chunk [0-9a-v]{32} has another hash$/),
  };
  expect(first.run('forged').failure).toMatchObject(failed);
  expect(first.run('forged')).toMatchObject({ head: null, state: 'unknown', pulledCommits: 0 });
  expect(first.run('honest')).toMatchObject({ failure: null, verified: true, pulledCommits: 1 });
  const merged = [
    { id: 1, a: 'HONEST-ROW', b: 1 },
    { id: 2, a: 'x', b: 22 },
  ];
  expect(await ours.rows('SELECT * FROM t')).toEqual(merged);
  expect(await ours.rows('SELECT tag_name FROM dolt_tags')).toEqual([{ tag_name: 'ours' }]);
  for (const path of (await storedFiles(ours.path)).keys())
    expect(await checkTable(join(ours.path, '.dolt', path), LIVE)).toEqual({ wrong: null, unread: 0 });
  expect(await ours.dolt('fsck', '--quiet')).toContain('No problems found.');

  // The honest chunk is here now, so the forged one is not fetched.
  const again = await sync();
  expect(again.run('forged').failure).toBeNull();
  expect(await ours.rows('SELECT * FROM t')).toEqual(merged);

  const killed = openTestDatabase(folder.file('local'));
  const files = Object.fromEntries(await storedFiles(killed.path));
  await recordMove(killed.path, 'dolt-federation-arriving', { kind: 'arriving', files });
  const checkLeft = () =>
    withEngines(killed.path, folder.file('tmp'), (engines) =>
      checkLeftArrivals(engines, { limit: mergeLimit('checking', 60_000), env: readEnv(), signal: LIVE }),
    );
  // Dolt does not read a file that no manifest names.
  await writeFile(join(killed.path, '.dolt', 'noms', '0'.repeat(32)), 'half a table file');
  await checkLeft();
  expect((await readOwnMoves(killed.path)).moves.size).toBe(0);
  await recordMove(killed.path, 'dolt-federation-arriving', { kind: 'arriving', files });
  await killed.sql(
    `CALL DOLT_REMOTE('add', 'forged', 'file://${folder.file('swapped')}')`,
    "CALL DOLT_FETCH('forged', 'main')",
  );
  expect(await killed.rows(`SELECT a FROM t AS OF '${theirs}' WHERE id = 1`)).not.toEqual([{ a: 'HONEST-ROW' }]);
  const corrupt = { code: 'corrupt', message: expect.stringMatching(/ has another hash/) };
  // A run that only reads keeps the record.
  const reading = federateDatabase({ local: killed.path, tempDir: folder.file('tmp'), peers, command: 'status' });
  expect(await failureOf(reading)).toMatchObject(corrupt);
  expect(await failureOf(checkLeft())).toMatchObject({
    ...corrupt,
    message: expect.stringMatching(/^an earlier run left wrong data in .* has another hash$/),
  });
  // It merges what was fetched, and fetches nothing.
  const cells = { a: { base: 'before', ours: 'ours', theirs: 'x', choose: 'theirs' } } as const;
  const rows = [{ table: 't', key: { id: '1' }, kind: 'changed', cells, choose: null }] as const;
  const merges = [{ peer: 'forged', ours: await killed.head(), theirs, rows }];
  await writeFile(folder.file('choices.yaml'), conflictsText({ branch: 'main', merges, lost: [] }));
  const forged = `forged: file://${folder.file('swapped')}`;
  const resolving = runResolve({ folder, peers: forged }, folder.file('choices.yaml'));
  expect(await failureOf(resolving)).toMatchObject(corrupt);

  // The hint. The other peer has the same commit.
  await killed.sql("CALL DOLT_REMOTE('remove', 'forged')", "CALL DOLT_REMOTE('remove', 'honest')");
  await killed.dolt('gc', '--full');
  await checkLeft();
  expect((await readOwnMoves(killed.path)).moves.size).toBe(0);
});

test('a peer whose commit ends the engine waits, and the others are served', async () => {
  await using folder = await tempFolder();
  const honest = await makeDatabaseOf(
    folder.file('honest'),
    'CREATE TABLE t (id INT PRIMARY KEY)',
    'INSERT INTO t VALUES (1)',
    "CALL DOLT_COMMIT('-A', '-m', 'base')",
  );
  await cp(honest.path, folder.file('ours'), { recursive: true });
  await honest.commit('honest', 'INSERT INTO t VALUES (2)');
  await honest.publish(`file://${folder.file('box')}`);
  await honest.commit('broken', 'INSERT INTO t VALUES (3)');
  await publishOneByte(honest, folder.file('broken'));
  const ours = openTestDatabase(folder.file('ours'));
  await ours.commit('ours', 'INSERT INTO t VALUES (9)');
  await ours.sql("CALL DOLT_TAG('ours', 'HEAD')", "INSERT INTO dolt_ignore VALUES ('kept', true)");
  await cp(ours.path, folder.file('local'), { recursive: true });

  const peers = [filePeer('broken', folder.file('broken')), filePeer('honest', folder.file('box'))];
  const first = await federateDatabase({ local: ours.path, tempDir: folder.file('tmp'), peers });
  expect(first.run('broken').failure).toMatchObject({
    code: 'corrupt',
    message: expect.stringMatching(/^broken serves wrong data: .* has another hash$/),
  });
  expect(first.run('honest')).toMatchObject({ failure: null, verified: true, pulledCommits: 1 });
  const [rows, tags, ignored] = await ours.read(
    'SELECT id FROM t',
    'SELECT tag_name FROM dolt_tags',
    'SELECT pattern FROM dolt_ignore',
  );
  expect(rows).toEqual([{ id: 1 }, { id: 2 }, { id: 9 }]);
  expect(tags).toEqual([{ tag_name: 'ours' }]);
  expect(ignored).toEqual([{ pattern: 'kept' }]);
  expect((await readOwnMoves(ours.path)).moves.size).toBe(0);
  expect(await ours.dolt('fsck', '--quiet')).toContain('No problems found.');

  // After an engine ended, what came is removed only if nothing shows the work of another program.
  const local = openTestDatabase(folder.file('local'));
  const fetchHonest = [
    `CALL DOLT_REMOTE('add', 'honest', 'file://${folder.file('box')}')`,
    "CALL DOLT_FETCH('honest', 'main')",
  ];
  const takeBackSince = async (before: StoreState) =>
    await takeBack(
      local.path,
      { before, now: await storeState(local.path), hasEnded: true },
      { env: {}, signal: LIVE },
    );
  const before = await storeState(local.path);
  await local.sql(...fetchHonest);
  const head = await local.commit('of another program', 'INSERT INTO t VALUES (10)');
  expect(await failureOf(takeBackSince(before))).toMatchObject({
    code: 'corrupt',
    message: 'its engine has ended, and another program may have written to it since',
  });
  expect(await local.head()).toBe(head);
  await local.sql("CALL DOLT_REMOTE('remove', 'honest')");
  await local.dolt('gc');
  const collected = await storeState(local.path);
  await local.sql(...fetchHonest);
  await takeBackSince(collected);
  expect((await storeState(local.path)).files).toEqual(collected.files);
  expect(await local.head()).toBe(head);
  expect(await local.rows('SELECT name FROM dolt_remote_branches')).toEqual([]);
  expect(await local.dolt('fsck', '--quiet')).toContain('No problems found.');
});

test('a table file whose index is too large, or larger than the file, is refused before it is read', async () => {
  await using folder = await tempFolder();
  const path = folder.file('table');
  /** A file of the given size, of which only the end is written: the number of chunks, and the signature. */
  const endingWith = async (chunks: number, bytes: number) => {
    const footer = Buffer.alloc(20);
    footer.writeUInt32BE(chunks);
    Buffer.from('ffb5d8c22463ee50', 'hex').copy(footer, 12);
    const file = await open(path, 'w');
    await file.write(footer, 0, footer.length, bytes - footer.length);
    await file.close();
    return await checkTable(path, LIVE);
  };
  const [most, more] = [38_347_922, 38_347_923];
  expect(await endingWith(more, more * 28 + 20)).toEqual({ wrong: 'table: its index is larger than 1 GiB', unread: 0 });
  expect(await endingWith(most, 1000)).toEqual({ wrong: 'table: its index does not fit', unread: 0 });
});
