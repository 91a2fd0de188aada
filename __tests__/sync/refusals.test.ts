import { describe, expect, test } from '@jest/globals';
import { Failure } from '../../src/core/failure.ts';
import { applyDirtyPolicy } from '../../src/sync/merge/uncommitted.ts';
import { BEADS_TABLES } from '../helpers/beads-schema.ts';
import { cloneDatabase, makeDatabase, remoteHead, type TestDatabase } from '../helpers/database.ts';
import { federateDatabase, filePeer, withDatabase } from '../helpers/federating.ts';
import { mailbox } from '../helpers/mailbox.ts';
import { type TempFolder, tempFolder } from '../helpers/temp-folder.ts';

interface Pair {
  readonly north: TestDatabase;
  readonly south: TestDatabase;
  readonly url: string;
}

/** Two databases with a mailbox between them. */
async function pair(folder: TempFolder): Promise<Pair> {
  const north = await makeDatabase(folder.file('north'));
  const url = `file://${folder.file('mailbox')}`;
  await north.dolt('remote', 'add', 'mailbox', url);
  await north.dolt('push', 'mailbox', 'main');
  return { north, south: await cloneDatabase(url, folder.file('south')), url };
}

/** North sends its commit to the mailbox; then south federates with it. */
async function southAfterNorth(folder: TempFolder, databases: Pair, options = {}) {
  await databases.north.dolt('push', 'mailbox', 'main');
  const before = {
    south: await databases.south.head(),
    mailbox: await remoteHead(databases.url, folder.file('a', 'c')),
  };
  const outcome = await federateDatabase({
    local: databases.south.path,
    tempDir: folder.file('tmp'),
    peers: [
      { ...filePeer('mailbox', folder.file('mailbox')), strategy: 'manual' },
      filePeer('safe', folder.file('safe'), 'backup'),
    ],
    options,
  });
  const after = {
    south: await databases.south.head(),
    mailbox: await remoteHead(databases.url, folder.file('b', 'c')),
  };
  return { outcome, before, after, run: outcome.run('mailbox') };
}

async function leavesNothingOpen(local: TestDatabase): Promise<void> {
  expect(await local.rows('SELECT name FROM dolt_branches')).toEqual([{ name: 'main' }]);
  expect(await local.rows('SELECT * FROM dolt_status')).toEqual([]);
  expect(await local.rows('SELECT is_merging FROM dolt_merge_status')).toEqual([{ is_merging: false }]);
}

describe('a decision for a person', () => {
  test('undoes the merge of a conflict, names the row, and lets the other peers continue', async () => {
    await using folder = await tempFolder();
    const databases = await pair(folder);
    await databases.north.commit(
      'north',
      "UPDATE items SET title = 'N' WHERE id = 1",
      "INSERT INTO items VALUES (4, 'x', 'n')",
    );
    await databases.south.commit('south', "UPDATE items SET title = 'S' WHERE id = 1");
    const { outcome, before, after, run: progress } = await southAfterNorth(folder, databases);

    expect(progress.failure?.code).toBe('conflict');
    expect(progress.conflicts).toMatchObject([
      {
        kind: 'changed',
        table: 'items',
        key: { id: '1' },
        columns: ['title'],
        base: { title: 'one' },
        ours: { title: 'S' },
        theirs: { title: 'N' },
        resolution: 'undone',
        left: true,
        heads: { ours: before.south },
      },
    ]);
    expect(after).toEqual(before);
    expect(outcome.run('safe')).toMatchObject({ head: before.south, verified: true, failure: null });
    await leavesNothingOpen(databases.south);
  });

  test('reports two definitions of one table as a schema conflict with both', async () => {
    await using folder = await tempFolder();
    const databases = await pair(folder);
    await databases.north.commit('north', 'ALTER TABLE items MODIFY title VARCHAR(200)');
    await databases.south.commit('south', 'ALTER TABLE items MODIFY title VARCHAR(300)');
    const { before, after, run: progress } = await southAfterNorth(folder, databases);
    expect(progress.failure?.code).toBe('schema-conflict');
    expect(progress.failure?.message).toContain('varchar(200)');
    expect(progress.failure?.message).toContain('varchar(300)');
    expect(after).toEqual(before);
    await leavesNothingOpen(databases.south);
  });

  test('reports rows that together break a unique key as a constraint violation', async () => {
    await using folder = await tempFolder();
    const databases = await pair(folder);
    await databases.north.commit('unique', 'ALTER TABLE items ADD UNIQUE KEY uk (title)');
    await databases.north.dolt('push', 'mailbox', 'main');
    await databases.south.dolt('pull', 'origin', 'main');
    await databases.north.commit('north', "INSERT INTO items VALUES (10, 'same', 'n')");
    await databases.south.commit('south', "INSERT INTO items VALUES (11, 'same', 's')");
    const { before, after, run: progress } = await southAfterNorth(folder, databases);
    expect(progress.failure?.code).toBe('constraint-violation');
    expect(progress.failure?.message).toContain('items');
    expect(after).toEqual(before);
    await leavesNothingOpen(databases.south);
  });

  test('refuses an unrelated history and names both first commits with their dates', async () => {
    await using folder = await tempFolder();
    const databases = await pair(folder);
    const stranger = await makeDatabase(folder.file('stranger'));
    await stranger.commit('tables of bd', ...BEADS_TABLES);
    const outcome = await federateDatabase({
      local: stranger.path,
      tempDir: folder.file('tmp'),
      peers: [filePeer('mailbox', folder.file('mailbox'))],
    });
    const roots = [databases.north, stranger].map((local) =>
      local.rows(
        "SELECT commit_hash, date, committer, email FROM dolt_log WHERE message = 'Initialize data repository'",
      ),
    );
    const theirs = await databases.north.head();
    const { failure } = outcome.run('mailbox');
    expect(failure?.code).toBe('unrelated');
    expect(failure?.hint.split('\n').slice(1)).toEqual([
      `\`--adopt mailbox=${theirs}\`: our branch becomes theirs.`,
      `\`--force-with-lease mailbox=${theirs}\`: their branch becomes ours.`,
      'If this database is new, `dolt-federation help beads` says how it joins another one.',
    ]);
    for (const root of await Promise.all(roots)) {
      const [hash, date] = [root[0]?.['commit_hash'], root[0]?.['date']];
      expect(failure?.message).toContain(`${hash} (${date}, ${root[0]?.['committer']} <${root[0]?.['email']}>)`);
      expect(failure?.values?.least).toBe('keys');
      expect(failure?.withoutValues).toContain(`${hash} (${date})`);
      expect(failure?.withoutValues).not.toContain(root[0]?.['email']);
    }
    expect(await remoteHead(databases.url, folder.file('look', 'c'))).toBe(await databases.north.head());
  });
});

describe('uncommitted changes', () => {
  const sue = async () => ({ name: 'Sue', email: 'sue@example.org' });

  test('block a head that changes the same row, and all commits are still federated', async () => {
    await using folder = await tempFolder();
    const databases = await pair(folder);
    await databases.north.commit('north', "UPDATE items SET title = 'N' WHERE id = 1");
    await databases.south.sql("UPDATE items SET owner = 'not committed' WHERE id = 1");
    const { before, after, run: progress, outcome } = await southAfterNorth(folder, databases, { dirty: ['items'] });
    expect(progress.failure?.code).toBe('uncommitted-changes');
    expect(progress.failure?.message).toContain('items');
    expect(after).toEqual(before);
    expect(outcome.run('safe').verified).toBe(true);
    expect(await databases.south.rows('SELECT owner FROM items WHERE id = 1')).toEqual([{ owner: 'not committed' }]);
  });

  test('keep their rows in a fast-forward that does not change their table', async () => {
    await using folder = await tempFolder();
    const databases = await pair(folder);
    await databases.north.commit('north', 'CREATE TABLE notes (id INT PRIMARY KEY)');
    await databases.south.sql("INSERT INTO items VALUES (9, 'not committed', 'sue')");
    const { after, run: progress } = await southAfterNorth(folder, databases, { dirty: ['items'] });
    expect(progress.failure).toBeNull();
    expect(after.south).toBe(await databases.north.head());
    expect(await databases.south.rows('SELECT title FROM items WHERE id = 9')).toEqual([{ title: 'not committed' }]);
  });

  test.each([
    { policy: 'allow', mayWrite: true, left: ['items'], last: 'Ann, Ann: first rows' },
    { policy: 'commit', mayWrite: false, left: ['items'], last: 'Ann, Ann: first rows' },
    { policy: 'commit', mayWrite: true, left: [], last: 'Sue, Sue: federation: commit uncommitted changes' },
  ] as const)('follow the policy $policy, may write: $mayWrite', async ({ policy, mayWrite, left, last }) => {
    await using folder = await tempFolder();
    const local = await makeDatabase(folder.file('local'));
    await local.sql("INSERT INTO items VALUES (9, 'not committed', 'sue')");
    const { dirty, notices } = await withDatabase(local.path, folder.file('tmp'), (database) =>
      applyDirtyPolicy(database, { branch: 'main', policy, author: mayWrite ? sue : null }),
    );
    expect(dirty).toEqual(left);
    const [log] = await local.rows(
      "SELECT commit_hash, CONCAT(author, ', ', committer, ': ', message) AS text FROM dolt_log LIMIT 1",
    );
    expect(log?.['text']).toBe(last);
    const committed = `committed the uncommitted changes of 1 table (items) in ${log?.['commit_hash']}`;
    expect(notices.map(({ message }) => message)).toEqual(left.length === 0 ? [committed] : []);
  });

  test('are refused under the policy fail with the name of the table', async () => {
    await using folder = await tempFolder();
    const local = await makeDatabase(folder.file('local'));
    await local.sql("INSERT INTO items VALUES (9, 'not committed', 'sue')");
    const refusal = withDatabase(local.path, folder.file('tmp'), (database) =>
      applyDirtyPolicy(database, { branch: 'main', policy: 'fail', author: sue }),
    );
    await expect(refusal).rejects.toThrow(Failure);
    await expect(refusal).rejects.toMatchObject({
      code: 'uncommitted-changes',
      message: expect.stringContaining('items'),
    });
  });
});

test('a table without a primary key and with a VIRTUAL column, which Dolt cannot compare, keeps only its peer waiting', async () => {
  await using folder = await tempFolder();
  const box = await mailbox(
    folder,
    'CREATE TABLE kv (a INT, v INT AS (a + 1) VIRTUAL)',
    'INSERT INTO kv (a) VALUES (1)',
  );
  await box.send('DELETE FROM kv');
  await box.keep('INSERT INTO kv (a) VALUES (2)');
  const others = [filePeer('copy', folder.file('copy'), 'backup')];
  const done = await box.receive({ others });
  expect(done.run('partner').failure).toMatchObject({
    code: 'dolt-defect',
    message: expect.stringContaining('the rows of kv, which has no primary key and a VIRTUAL column'),
    hint: expect.stringContaining('add a primary key'),
  });
  expect(done.run('copy')).toMatchObject({ failure: null, verified: true });
  await box.keep('INSERT INTO kv (a) VALUES (3)');
  const planned = await box.receive({ others, options: { dryRun: true } });
  expect(planned.run('copy')).toMatchObject({
    failure: null,
    plan: { push: 'fast-forward', outgoing: { tables: [{ table: 'kv', rows: null }] } },
  });
});
