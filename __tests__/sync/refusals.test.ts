import { describe, expect, test } from '@jest/globals';
import type { DirtyPolicy } from '../../src/contract/vocabulary.ts';
import { applyDirtyPolicy } from '../../src/sync/merge/uncommitted.ts';
import { BEADS_TABLES } from '../helpers/beads-schema.ts';
import { makeDatabase } from '../helpers/database.ts';
import { federateDatabase, filePeer, withDatabase } from '../helpers/federating.ts';
import { mailbox, rootOf } from '../helpers/mailbox.ts';
import { type TempFolder, tempFolder } from '../helpers/temp-folder.ts';
import { failureOf } from '../helpers/thrown.ts';

/** A peer that gets a copy of all commits, whatever happens to the other one. */
const safe = (folder: TempFolder) => filePeer('safe', folder.file('safe'), 'backup');

describe('a decision for a person', () => {
  test('undoes the merge of a conflict, names the row, and lets the other peers continue', async () => {
    await using folder = await tempFolder();
    const box = await mailbox(folder);
    await box.send("UPDATE items SET title = 'N' WHERE id = 101", "INSERT INTO items VALUES (4, 'x', 'n')");
    await box.keep("UPDATE items SET title = 'S' WHERE id = 101");
    const outcome = await box.receiveUnchanged({ strategy: 'manual', others: [safe(folder)] });
    const ours = await box.south.head();
    const progress = outcome.run('partner');
    expect(progress.failure?.code).toBe('conflict');
    expect(progress.conflicts).toMatchObject([
      {
        kind: 'changed',
        table: 'items',
        key: { id: '101' },
        columns: ['title'],
        base: { title: 'row' },
        ours: { title: 'S' },
        theirs: { title: 'N' },
        resolution: 'undone',
        left: true,
        heads: { ours },
      },
    ]);
    expect(outcome.run('safe')).toMatchObject({ head: ours, verified: true, failure: null });
  });

  test('refuses an unrelated history and names both first commits with their dates', async () => {
    await using folder = await tempFolder();
    const box = await mailbox(folder);
    const stranger = await makeDatabase(folder.file('stranger'));
    const ours = await stranger.commit('tables of bd', ...BEADS_TABLES);
    const before = await rootOf(folder.file('mailbox'));
    const outcome = await federateDatabase({
      local: stranger.path,
      tempDir: folder.file('tmp'),
      peers: [filePeer('mailbox', folder.file('mailbox'))],
    });
    const first = "FROM dolt_log WHERE message = 'Initialize data repository'";
    const roots = [box.north, stranger].map((local) =>
      local.rows(`SELECT DOLT_HASHOF('main') AS head, commit_hash, date, committer, email ${first}`),
    );
    const [north, here] = (await Promise.all(roots)).map(([row]) => row);
    const { failure } = outcome.run('mailbox');
    expect(failure?.code).toBe('unrelated');
    expect(failure?.hint.split('\n').slice(1)).toEqual([
      `\`--adopt mailbox=${north?.['head']}\`: our branch becomes theirs.`,
      `\`--force-with-lease mailbox=${north?.['head']}\`: their branch becomes ours.`,
      'If this database is new, `dolt-federation help beads` says how it joins another one.',
    ]);
    for (const root of [north, here]) {
      const [hash, date] = [root?.['commit_hash'], root?.['date']];
      expect(failure?.message).toContain(`${hash} (${date}, ${root?.['committer']} <${root?.['email']}>)`);
      expect(failure?.values?.least).toBe('keys');
      expect(failure?.withoutValues).toContain(`${hash} (${date})`);
      expect(failure?.withoutValues).not.toContain(root?.['email']);
    }
    expect([await rootOf(folder.file('mailbox')), here?.['head']]).toEqual([before, ours]);
  });
});

describe('uncommitted changes', () => {
  const sue = async () => ({ name: 'Sue', email: 'sue@example.org' });
  const dirty = { options: { dirty: ['items'] } };

  test('block a head that changes the same row, and all commits are still federated', async () => {
    await using folder = await tempFolder();
    const box = await mailbox(folder);
    await box.send("UPDATE items SET title = 'N' WHERE id = 101");
    await box.south.sql("UPDATE items SET owner = 'not committed' WHERE id = 101");
    const outcome = await box.receiveUnchanged({ ...dirty, others: [safe(folder)] });
    const { failure } = outcome.run('partner');
    expect(failure?.code).toBe('uncommitted-changes');
    expect(failure?.message).toContain('items');
    expect(outcome.run('safe').verified).toBe(true);
    expect(await box.south.rows('SELECT owner FROM items WHERE id = 101')).toEqual([{ owner: 'not committed' }]);
  });

  test('keep their rows in a fast-forward that does not change their table', async () => {
    await using folder = await tempFolder();
    const box = await mailbox(folder);
    const theirs = await box.north.commit('north', 'CREATE TABLE notes (id INT PRIMARY KEY)');
    await box.north.sql("CALL DOLT_PUSH('mailbox', 'main')");
    await box.south.sql("INSERT INTO items VALUES (9, 'not committed', 'sue')");
    expect((await box.receive(dirty)).run('partner').failure).toBeNull();
    expect(await box.south.rows("SELECT title, DOLT_HASHOF('main') AS head FROM items WHERE id = 9")).toEqual([
      { title: 'not committed', head: theirs },
    ]);
  });

  test('follow the policy, and are refused under the policy fail with the name of the table', async () => {
    await using folder = await tempFolder();
    const local = await makeDatabase(folder.file('local'));
    await local.sql("INSERT INTO items VALUES (9, 'not committed', 'sue')");
    const log = "SELECT commit_hash, CONCAT(author, ', ', committer, ': ', message) FROM dolt_log LIMIT 1";
    await withDatabase(local.path, folder.file('tmp'), async (database) => {
      const apply = (policy: DirtyPolicy, author: typeof sue | null) =>
        applyDirtyPolicy(database, { branch: 'main', policy, author });
      const refused = await failureOf(() => apply('fail', sue));
      expect(refused).toMatchObject({ code: 'uncommitted-changes', message: expect.stringContaining('items') });
      for (const [policy, author] of [
        ['allow', sue],
        ['commit', null],
      ] as const) {
        expect({ policy, ...(await apply(policy, author)) }).toEqual({ policy, dirty: ['items'], notices: [] });
        expect((await database.table(log)).rows[0]?.[1]).toBe('Ann, Ann: first rows');
      }
      const committed = await apply('commit', sue);
      const [[hash, text] = []] = (await database.table(log)).rows;
      expect(text).toBe('Sue, Sue: federation: commit uncommitted changes');
      expect(committed).toMatchObject({
        dirty: [],
        notices: [{ message: `committed the uncommitted changes of 1 table (items) in ${hash}` }],
      });
      expect(committed.notices).toHaveLength(1);
      // Dolt lists no uncommitted change if it cannot say whether a new table counts.
      await database.run("INSERT INTO dolt_ignore VALUES ('a%', TRUE), ('%z', FALSE)");
      await database.run('CREATE TABLE abz (id INT PRIMARY KEY)');
      expect(await failureOf(() => apply('allow', null))).toMatchObject({ code: 'ignore-ambiguous' });
      await database.run("INSERT INTO dolt_ignore VALUES ('abz', TRUE)");
      expect(await apply('allow', null)).toMatchObject({ dirty: ['dolt_ignore'] });
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
