import { describe, expect, test } from '@jest/globals';
import { filePeer } from '../helpers/federating.ts';
import { mailbox } from '../helpers/mailbox.ts';
import { tempFolder } from '../helpers/temp-folder.ts';

const numbers = (from: number, count: number): number[] => Array.from({ length: count }, (_, index) => from + index);

test('rows that a merge removes as duplicates of older ones count against max-delete', async () => {
  await using folder = await tempFolder();
  const box = await mailbox(folder, 'CREATE TABLE names (id INT PRIMARY KEY, slug VARCHAR(20) UNIQUE)');
  const rows = (from: number) => numbers(0, 30).map((n) => `(${from + n}, 's${n}')`);
  await box.send(`INSERT INTO names VALUES ${rows(1).join()}`);
  await box.keep("SET @@dolt_committer_date = '2030-01-01T00:00:00Z'", `INSERT INTO names VALUES ${rows(101).join()}`);
  const { failure } = (await box.receiveUnchanged()).run('partner');
  expect(failure).toMatchObject({
    code: 'mass-deletion',
    message: expect.stringContaining(
      'merging this peer would remove 30 of our 30 rows of names (`--max-delete` is 50 %)',
    ),
  });
  expect((await box.receive({ accept: ['deletion'] })).run('partner')).toMatchObject({ failure: null, verified: true });
});

test('rows of one peer that a merge removes as duplicates of those of another one count, too', async () => {
  await using folder = await tempFolder();
  const box = await mailbox(folder, 'CREATE TABLE names (id INT PRIMARY KEY, slug VARCHAR(20) UNIQUE)');
  const side = folder.file('side');
  const rows = (from: number) => numbers(0, 30).map((n) => `(${from + n}, 's${n}')`);
  const later = new Date(Date.now() + 3_600_000).toISOString().slice(0, 19);
  await box.north.sql(
    "CALL DOLT_CHECKOUT('-b', 'side')",
    `INSERT INTO names VALUES ${rows(101).join()}`,
    "CALL DOLT_COMMIT('-A', '-m', 'side')",
    `CALL DOLT_REMOTE('add', 'side', 'file://${side}')`,
    "CALL DOLT_PUSH('side', 'side:main')",
    "CALL DOLT_CHECKOUT('main')",
  );
  await box.send(`SET @@dolt_committer_date = '${later}Z'`, `INSERT INTO names VALUES ${rows(1).join()}`);
  const received = await box.receive({ others: [filePeer('older', side)] });
  expect(received.run('partner')).toMatchObject({ failure: null, verified: true });
  expect(received.run('older').failure).toMatchObject({
    code: 'mass-deletion',
    message: expect.stringContaining('would remove 30 of the 30 rows of names at 1 other peer (partner)'),
  });
  expect(await box.south.rows('SELECT COUNT(*) AS n FROM names WHERE id < 100')).toEqual([{ n: 30 }]);
});

test('one of two peers that together remove too many rows is blocked', async () => {
  await using folder = await tempFolder();
  const box = await mailbox(folder);
  const side = folder.file('side');
  await box.north.sql(
    "CALL DOLT_CHECKOUT('-b', 'side')",
    'DELETE FROM items WHERE id > 128',
    "CALL DOLT_COMMIT('-A', '-m', 'side')",
    `CALL DOLT_REMOTE('add', 'side', 'file://${side}')`,
    "CALL DOLT_PUSH('side', 'side:main')",
    "CALL DOLT_CHECKOUT('main')",
  );
  await box.send('DELETE FROM items WHERE id < 111');
  const first = await box.receive({ others: [filePeer('third', side)] });
  expect(first.allProgress.map(({ failure }) => failure?.code ?? null).sort()).toEqual(['mass-deletion', null]);
  expect(await box.south.rows('SELECT COUNT(*) AS n FROM items')).toEqual([{ n: 29 }]);
  const second = await box.receive({ others: [filePeer('third', side)] });
  expect(second.allProgress.map(({ failure }) => failure)).toEqual([null, null]);
  expect(await box.south.rows('SELECT COUNT(*) AS n FROM items')).toEqual([{ n: 18 }]);
});

test('a local ignored table keeps its rows, even if its name is accepted from a peer', async () => {
  await using folder = await tempFolder();
  const box = await mailbox(folder, "INSERT INTO dolt_ignore VALUES ('private%', true)");
  await box.south.sql(
    'CREATE TABLE private_notes (id INT PRIMARY KEY, text VARCHAR(40))',
    "INSERT INTO private_notes VALUES (1, 'ours')",
  );
  await box.send(
    'CREATE TABLE Private_Notes (id INT PRIMARY KEY)',
    "CALL DOLT_ADD('-f', 'Private_Notes')",
    "INSERT INTO items VALUES (1, 'x', 'y')",
  );
  const { failure } = (await box.receiveUnchanged({ accept: ['ignored-tables'] })).run('partner');
  expect(failure).toMatchObject({
    code: 'uncommitted-changes',
    message: expect.stringContaining('private_notes (ignored here)'),
  });
  expect(await box.south.rows('SELECT text FROM private_notes')).toEqual([{ text: 'ours' }]);
});

describe('foreign keys remove no row of ours that the peer does not name', () => {
  const family = (onDelete: string): readonly string[] => [
    'CREATE TABLE parents (id INT PRIMARY KEY, n INT)',
    `CREATE TABLE children (id INT PRIMARY KEY, parent INT, FOREIGN KEY (parent) REFERENCES parents (id) ON DELETE ${onDelete})`,
    `INSERT INTO parents VALUES ${numbers(1, 10)
      .map((id) => `(${id}, 0)`)
      .join()}`,
  ];
  const ours = `INSERT INTO children VALUES ${numbers(1, 30)
    .map((id) => `(${id}, ${(id % 10) + 1})`)
    .join()}`;

  test.each(['CASCADE', 'SET NULL', 'RESTRICT'])(
    'ON DELETE %s: parents of our new children are restored',
    async (onDelete) => {
      await using folder = await tempFolder();
      const box = await mailbox(folder, ...family(onDelete));
      await box.send('DELETE FROM parents');
      await box.keep(ours);
      const { failure, conflicts } = (await box.receive()).run('partner');
      expect(failure).toBeNull();
      expect(conflicts.filter(({ kind }) => kind === 'restored')).toHaveLength(10);
      expect(await box.south.rows('SELECT COUNT(parent) AS n, COUNT(*) AS m FROM children')).toEqual([
        { n: 30, m: 30 },
      ]);
      expect(await box.south.rows('SELECT COUNT(*) AS n FROM parents')).toEqual([{ n: 10 }]);
    },
  );

  test.each(['CASCADE', 'SET NULL'])(
    'ON DELETE %s: parents that were deleted without the foreign key are restored too',
    async (onDelete) => {
      await using folder = await tempFolder();
      const box = await mailbox(folder, ...family(onDelete), ours);
      await box.send('SET foreign_key_checks = 0', 'DELETE FROM parents WHERE id > 2');
      await box.keep("INSERT INTO items VALUES (5, 'five', 'sue')");
      await box.receive();
      expect(await box.south.rows('SELECT COUNT(parent) AS n, COUNT(*) AS m FROM children')).toEqual([
        { n: 30, m: 30 },
      ]);
    },
  );
});
