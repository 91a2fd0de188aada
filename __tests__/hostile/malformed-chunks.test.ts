import { cp, rename, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { readEnv } from '../../src/core/env.ts';
import { copyForReading } from '../../src/dolt/reading-copy.ts';
import { storeState } from '../../src/dolt/store/take-back.ts';
import { mergeLimit } from '../../src/sync/merge/limits.ts';
import { readOwnMoves, recordMove } from '../../src/sync/merge/own-moves.ts';
import { checkLeftArrivals } from '../../src/sync/remotes/arrivals.ts';
import { command } from '../helpers/commanding.ts';
import { makeDatabaseOf, openTestDatabase } from '../helpers/database.ts';
import { federateDatabase, federateIn, filePeer, withEngines } from '../helpers/federating.ts';
import { publishMalformed } from '../helpers/swapped-contents.ts';
import { type TempFolder, tempFolder } from '../helpers/temp-folder.ts';
import { failureOf } from '../helpers/thrown.ts';

const CORRUPT = {
  code: 'corrupt',
  message: expect.stringMatching(/ serves data with which .*ours cannot be opened: Dolt stopped with a panic$/),
};
const WRONG = { code: 'corrupt', message: expect.stringMatching(/ serves wrong data: .* is not in a format of Dolt$/) };
const REFS = "SELECT hash FROM dolt_remote_branches WHERE name LIKE 'remotes/%'";
const REMOTES = "SELECT name FROM dolt_remote_branches WHERE name LIKE 'remotes/%'";

const NEWER = {
  code: 'client-too-old',
  message: expect.stringMatching(/ serves data with which .*ours cannot be opened: client .* is out of date/),
};
/** Each use of a counter fails if Dolt could not read the roots of all branches. */
const COUNT = 'CREATE TABLE counted (id INT PRIMARY KEY AUTO_INCREMENT)';

/**
 * Our database, an honest peer, and peers with a malformed root value (`root`), a malformed schema (`schema`) and a root
 * value of a newer Dolt (`newer`).
 */
async function federation(folder: TempFolder) {
  const base = await makeDatabaseOf(
    folder.file('base'),
    'CREATE TABLE t (id INT PRIMARY KEY, a VARCHAR(50))',
    "INSERT INTO t VALUES (1, 'base')",
    "CALL DOLT_COMMIT('-A', '-m', 'base')",
  );
  for (const name of ['honest', 'ours']) await cp(base.path, folder.file(name), { recursive: true });
  const [honest, ours] = [openTestDatabase(folder.file('honest')), openTestDatabase(folder.file('ours'))];
  await honest.commit('honest', "INSERT INTO t VALUES (2, 'honest')");
  await honest.publish(`file://${folder.file('box')}`);
  await base.commit('malformed', 'CREATE TABLE new_table (new_column INT PRIMARY KEY AUTO_INCREMENT)');
  await publishMalformed(base, folder.file('root'), { kind: 'RTVL', text: 'new_table' });
  await publishMalformed(base, folder.file('schema'), { kind: 'DSCH', text: 'new_column' });
  await publishMalformed(base, folder.file('newer'), { kind: 'RTVL', text: 'new_table', as: 'DSCH' });
  await publishMalformed(base, folder.file('other'), { kind: 'DSCH', text: 'new_column', as: 'CMCL' });
  await ours.commit('ours', "INSERT INTO t VALUES (3, 'ours')");
  const peers = {
    honest: filePeer('honest', folder.file('box')),
    root: filePeer('root', folder.file('root')),
    schema: filePeer('schema', folder.file('schema')),
    newer: filePeer('newer', folder.file('newer')),
    other: filePeer('other', folder.file('other')),
  };
  for (const name of ['schema', 'newer'])
    await ours.sql(`CALL DOLT_REMOTE('add', '${name}', 'file://${folder.file(name)}')`);
  return { ours, peers, tempDir: folder.file('tmp') };
}

/** A fetch by a program that checks nothing. */
const FETCH = "CALL DOLT_FETCH('schema', 'main')";
const FETCH_NEWER = "CALL DOLT_FETCH('newer', 'main')";

test('peers whose data Dolt cannot open wait, the others are served, and any Dolt opens the database', async () => {
  await using folder = await tempFolder();
  const { ours, peers, tempDir } = await federation(folder);
  // Chunks that are here already are not fetched; only the ref is new.
  await ours.sql(FETCH, "CALL DOLT_BRANCH('-d', '-r', 'schema/main')");
  // As on another disk.
  await ours.sql('CALL DOLT_GC()');
  const oldgen = join(ours.path, '.dolt', 'noms', 'oldgen');
  await rename(oldgen, folder.file('oldgen'));
  await symlink(folder.file('oldgen'), oldgen);
  expect(await copyForReading(ours.path, folder.file('copy'))).toBe('copied');
  expect(await openTestDatabase(folder.file('copy')).rows('SELECT id FROM t')).toEqual([{ id: 1 }, { id: 3 }]);

  const all = [peers.root, peers.honest, peers.schema, peers.newer, peers.other];
  const federated = await federateDatabase({ local: ours.path, tempDir, peers: all });
  for (const name of ['root', 'schema']) {
    expect(federated.run(name).failure).toMatchObject(WRONG);
    expect(federated.run(name)).toMatchObject({ head: null, state: 'unknown' });
  }
  expect(federated.run('other').failure).toMatchObject(CORRUPT);
  expect(federated.run('newer').failure).toMatchObject(NEWER);
  expect(federated.run('honest')).toMatchObject({ failure: null, verified: true, pulledCommits: 1 });
  expect(await ours.rows(REMOTES)).toEqual([{ name: 'remotes/honest/main' }]);
  expect(await ours.rows('SELECT id FROM t')).toEqual([{ id: 1 }, { id: 2 }, { id: 3 }]);
  expect((await readOwnMoves(ours.path)).moves.size).toBe(0);
  await ours.sql(COUNT, 'DROP TABLE counted');

  // Without a program that locks files, the data cannot be removed, only its ref.
  const env = { PATH: folder.file('nothing') };
  const status = { local: ours.path, tempDir, peers: [peers.other], command: 'status', options: { env } } as const;
  expect((await federateDatabase(status)).run('other').failure).toMatchObject(CORRUPT);
  expect(await ours.rows(REMOTES)).toEqual([{ name: 'remotes/honest/main' }]);
});

test('Dolt opens the database after a run that is interrupted before it checked what it fetched', async () => {
  await using folder = await tempFolder();
  const { ours, peers, tempDir } = await federation(folder);
  const interrupting = new AbortController();
  const { signal } = interrupting;
  const interrupted = await withEngines(
    ours.path,
    tempDir,
    (engines) =>
      federateIn(engines, {
        peers: [peers.schema, peers.honest],
        options: { parallel: 1, signal },
        onEvent: ({ peer, step }) => {
          if (peer === 'schema' && step !== 'fetching') interrupting.abort();
        },
      }),
    { signal },
  );
  expect(interrupted.run('honest').failure).toMatchObject({ code: 'interrupted' });
  expect(await ours.rows(REMOTES)).toEqual([]);
});

test('what a killed run fetched is removed if Dolt cannot open the database with it', async () => {
  await using folder = await tempFolder();
  const { ours, peers, tempDir } = await federation(folder);
  const before = await storeState(ours.path);
  const files = Object.fromEntries(before.files);
  const record = () =>
    recordMove(ours.path, 'dolt-federation-arriving', { kind: 'arriving', files, before: { ...before, files } });
  const sync = () => federateDatabase({ local: ours.path, tempDir, peers: [peers.honest] });
  await record();
  await ours.sql(FETCH);
  await expect(ours.sql('SELECT 1')).rejects.toThrow('panic: ');
  expect((await sync()).run('honest')).toMatchObject({ failure: null, verified: true });
  expect(await ours.rows(REMOTES)).toEqual([{ name: 'remotes/honest/main' }]);

  // A peer is not blamed for what was here before.
  await ours.sql(FETCH_NEWER);
  await expect(ours.sql(COUNT)).rejects.toThrow('is out of date');
  await openTestDatabase(folder.file('honest')).sql(
    `CALL DOLT_REMOTE('add', 'box', 'file://${folder.file('box')}')`,
    "CALL DOLT_PULL('box', 'main')",
    "INSERT INTO t VALUES (5, 'more')",
    "CALL DOLT_COMMIT('-am', 'more')",
    "CALL DOLT_PUSH('box', 'main')",
  );
  expect((await sync()).run('honest')).toMatchObject({ failure: null, verified: true });
  expect(await ours.rows('SELECT id FROM t')).toEqual([{ id: 1 }, { id: 2 }, { id: 3 }, { id: 5 }]);

  // With a commit of another program, it stays. If Dolt opens it, its ref is removed.
  await ours.sql("CALL DOLT_BRANCH('-d', '-r', 'newer/main')");
  const heads = (await ours.rows(REFS)).map(({ hash }) => String(hash));
  const left = await storeState(ours.path);
  const leftFiles = Object.fromEntries(left.files);
  await recordMove(ours.path, 'dolt-federation-arriving', {
    kind: 'arriving',
    files: leftFiles,
    before: { ...left, files: leftFiles },
    heads,
  });
  await ours.sql("INSERT INTO t VALUES (6, 'other')", "CALL DOLT_COMMIT('-am', 'other')", FETCH_NEWER);
  const checking = { limit: mergeLimit('checking', 60_000), env: readEnv(), signal: new AbortController().signal };
  await withEngines(ours.path, tempDir, (engines) => checkLeftArrivals(engines, checking));
  expect(await ours.rows(REMOTES)).toEqual([{ name: 'remotes/honest/main' }]);
  await ours.sql(COUNT, 'DROP TABLE counted');
  expect((await readOwnMoves(ours.path)).moves.size).toBe(0);
  await record();
  await ours.sql("INSERT INTO t VALUES (4, 'other')", "CALL DOLT_COMMIT('-am', 'other')", FETCH);
  expect(await failureOf(sync())).toMatchObject({
    code: 'corrupt',
    message: expect.stringMatching(
      /^an earlier run fetched wrong data, with which .* cannot be opened: .*; what was fetched cannot be removed/,
    ),
    hint: expect.stringContaining('it may contain commits that no other database has'),
  });
  const honest = `honest: file://${folder.file('box')}`;
  const status = command(folder, honest, { command: 'status', database: 'ours' });
  expect(await failureOf(status)).toMatchObject({
    code: 'corrupt',
    message: expect.stringMatching(/^an earlier run fetched data with which .*ours cannot be opened: /),
    hint: expect.stringContaining('`dolt-federation sync`'),
  });
});
