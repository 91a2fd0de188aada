import { describe, expect, test } from '@jest/globals';
import { stringify } from 'yaml';
import { command } from '../helpers/commanding.ts';
import { makeDatabase } from '../helpers/database.ts';
import { mailbox } from '../helpers/mailbox.ts';
import { committing as statements } from '../helpers/scenario.ts';
import { tempFolder } from '../helpers/temp-folder.ts';

describe('uncommitted changes that a run would commit', () => {
  const committing = { overrides: { dirty: 'commit' } } as const;

  test('move our branch, which the result says also if no peer gets the commit', async () => {
    await using folder = await tempFolder();
    const local = await makeDatabase(folder.file('local'));
    const peers = stringify({ box: `file://${folder.file('unmounted', 'box')}` });
    const before = await local.head();
    const unchanged = await command(folder, peers, committing);
    expect(unchanged.result.status).toBe('failed');
    expect(unchanged.result).not.toHaveProperty('moved');
    await local.sql("INSERT INTO items VALUES (7, 'seven', 'ann')");
    expect((await command(folder, peers, committing)).result).toMatchObject({ status: 'failed', moved: true });
    expect(await local.head()).not.toBe(before);
  });

  test('are refused if they only undo commits, and the hint combines the branch and its rows', async () => {
    await using folder = await tempFolder();
    const local = await makeDatabase(folder.file('local'));
    const peers = stringify({ box: `file://${folder.file('box')}` });
    const old = await local.commit('notes', 'CREATE TABLE notes (id INT PRIMARY KEY)');
    const pushed = ["INSERT INTO items VALUES (5, 'five', 'ann')", 'CREATE TABLE added (id INT PRIMARY KEY)'];
    const head = await local.headAfter(
      ...statements('pushed', pushed),
      ...statements('pushed as well', ["INSERT INTO items VALUES (6, 'six', 'ann')"]),
    );
    // Moves the branch without its working set, over two commits.
    await local.sql(
      `CALL DOLT_RESET('--hard', '${old}')`,
      `CALL DOLT_RESET('--soft', '${head}')`,
      'INSERT INTO notes VALUES (1)',
    );
    await expect(command(folder, peers, committing)).rejects.toMatchObject({
      code: 'uncommitted-changes',
      message: expect.stringContaining(`the staged data equals ${old}`),
      hint: expect.stringContaining('`dolt reset`'),
    });
    expect(await local.head()).toBe(head);

    await local.dolt('reset');
    await local.dolt('checkout', 'items', 'added');
    const { result } = await command(folder, peers, committing);
    expect(result).toMatchObject({ status: 'success', peers: [{ status: 'pushed', verified: true }] });
    expect(await local.read('SELECT id FROM items ORDER BY id', 'SELECT id FROM notes')).toEqual([
      [1, 2, 5, 6].map((id) => ({ id })),
      [{ id: 1 }],
    ]);

    // Changes that Dolt cannot commit stay: the branch need not move.
    const stay = async (dirty: readonly object[], ...changes: string[]) => {
      const before = await local.headAfter(...changes);
      const { result } = await command(folder, peers, committing);
      expect([result.status, result.head]).toEqual(['unchanged', before]);
      expect(await local.rows('SELECT table_name, staged, status FROM dolt_status ORDER BY staged')).toEqual(dirty);
    };
    const table_name = 'notes';
    const undone = [0, 1].map((staged) => ({ table_name, staged, status: 'modified' }));
    await stay(undone, 'INSERT INTO notes VALUES (9)', "CALL DOLT_ADD('notes')", 'DELETE FROM notes WHERE id = 9');
    await stay(
      [{ table_name, staged: 0, status: 'constraint violation' }],
      'CALL DOLT_RESET()',
      'ALTER TABLE notes ADD COLUMN item INT, ADD FOREIGN KEY (item) REFERENCES items (id)',
      'SET foreign_key_checks = 0',
      'INSERT INTO notes VALUES (2, 99)',
      'SET @@dolt_force_transaction_commit = 1',
      "CALL DOLT_VERIFY_CONSTRAINTS('--all')",
    );
  });

  test.each([
    ['a row that was restored by hand', ['DELETE FROM items WHERE id = 5']],
    ['staged changes', ["INSERT INTO items VALUES (6, 'six', 'ann')", "CALL DOLT_ADD('items')"]],
    [
      'part of the last commit, staged',
      ["INSERT INTO items VALUES (6, 'six', 'ann')", 'DELETE FROM items WHERE id = 5', "CALL DOLT_ADD('items')"],
    ],
  ])('are committed if they are our own: %s', async (_, changes) => {
    await using folder = await tempFolder();
    const local = await makeDatabase(folder.file('local'));
    await local.sql(...statements('five', ["INSERT INTO items VALUES (5, 'five', 'ann')"]), ...changes);
    const { result } = await command(folder, stringify({ box: `file://${folder.file('box')}` }), committing);
    expect(result.status).toBe('success');
    expect(await local.rows('SELECT * FROM dolt_status')).toEqual([]);
  });
});

test('the hint for a dropped table names the fix, and not the limit for rows', async () => {
  await using folder = await tempFolder();
  const box = await mailbox(folder, 'CREATE TABLE spare (id INT PRIMARY KEY)');
  await box.send('DROP TABLE spare', 'DELETE FROM items WHERE id > 110');
  const run = async (peer: object, maxDelete: number) =>
    (await command(folder, stringify({ partner: peer }), { database: 'south', maxDelete })).result.peers[0];
  const endpoint = `file://${folder.file('mailbox')}`;
  for (const maxDelete of [50, 100]) {
    const error = (await run({ endpoint }, maxDelete))?.error;
    expect(error).toMatchObject({
      code: 'mass-deletion',
      hint: expect.stringContaining('list `deletion` in `federation.peers.partner.accept`'),
    });
    expect(error?.hint).not.toMatch(/raise/);
  }
  expect(await run({ endpoint, accept: ['deletion'] }, 50)).toMatchObject({ status: 'pulled', error: null });
});
