import { existsSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { anotherSecond } from '../helpers/another-second.ts';
import { dateCommits } from '../helpers/commit-dates.ts';
import { tempFolder } from '../helpers/temp-folder.ts';
import { type TwoDatabases, twoDatabases } from '../helpers/two-databases.ts';
import { type TwoBranches, twoBranches } from '../helpers/workshop.ts';

const TABLE = 'CREATE TABLE t (id INT PRIMARY KEY, a VARCHAR(20), b VARCHAR(20), updated_at DATETIME)';

/** Merges in both databases, far enough apart that dates in seconds would differ, and expects one commit. */
async function mergeInBoth(databases: TwoDatabases | TwoBranches) {
  const inNorth = await databases.run('north');
  expect(inNorth.run('south').failure).toBeNull();
  await anotherSecond();
  const inSouth = await databases.run('south');
  expect(inSouth.head).toBe(inNorth.head);
  return { north: inNorth.run('south').conflicts, south: inSouth.run('north').conflicts };
}

const at = (time: string) => `updated_at = '2026-01-${time}'`;

describe('a cell under newest', () => {
  test('counts with the time of its own change, not of later changes of its row', async () => {
    const databases = await twoBranches(TABLE, "INSERT INTO t VALUES (1, 'a', 'b', '2026-01-01')");
    await databases.edit(
      [
        `UPDATE t SET a = 'north', ${at('02')}`,
        "CALL DOLT_COMMIT('-A', '-m', 'n1')",
        `UPDATE t SET b = 'later', ${at('09')}`,
      ],
      [`UPDATE t SET a = 'south', ${at('05')}`],
    );
    const reported = await mergeInBoth(databases);
    expect(await databases.north.rows('SELECT a, b, updated_at FROM t')).toEqual([
      { a: 'south', b: 'later', updated_at: '2026-01-09 00:00:00' },
    ]);
    expect(reported.north[0]).toMatchObject({
      columns: ['a', 'updated_at'],
      base: { a: 'a' },
      ours: { a: 'north' },
      theirs: { a: 'south' },
      resolution: 'theirs (later): a; ours (later): updated_at',
    });
    expect(reported.south[0]?.resolution).toBe('ours (later): a; theirs (later): updated_at');
  });

  test('that was changed and changed back counts as unchanged', async () => {
    const databases = await twoBranches(TABLE, "INSERT INTO t VALUES (1, 'a', 'b', '2026-01-01')");
    await databases.edit(
      [
        `UPDATE t SET a = 'x', b = 'N', ${at('08')}`,
        "CALL DOLT_COMMIT('-A', '-m', 'n1')",
        `UPDATE t SET a = 'a', ${at('09')}`,
      ],
      [`UPDATE t SET a = 'south', ${at('05')}`],
    );
    await mergeInBoth(databases);
    expect(await databases.north.rows('SELECT a, b FROM t')).toEqual([{ a: 'south', b: 'N' }]);
  });

  test('without a time column counts with its commit, and no trigger fires and no date changes', async () => {
    await using folder = await tempFolder();
    const thief = folder.file('thief');
    const databases = await twoDatabases(
      folder,
      'CREATE TABLE t (id INT PRIMARY KEY, a VARCHAR(20), touched DATETIME DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP)',
      "INSERT INTO t VALUES (1, 'a', '2026-01-01')",
    );
    const steal = `CREATE TRIGGER steal BEFORE UPDATE ON t FOR EACH ROW CALL dolt_backup('sync-url', 'file://${thief}')`;
    await databases.edit(["UPDATE t SET a = 'n', touched = '2026-02-02'"], []);
    // This change is later, so it wins.
    await databases.south.sql(
      "UPDATE t SET a = 's', touched = '2026-02-01'",
      steal,
      "CALL DOLT_COMMIT('-A', '-m', 's')",
    );
    await databases.edit([], []);
    await mergeInBoth(databases);
    expect(await databases.north.rows('SELECT a, touched FROM t')).toEqual([
      { a: 's', touched: '2026-02-01 00:00:00' },
    ]);
    expect(existsSync(thief)).toBe(false);
    // The trigger exists, and would have fired.
    await databases.north.sql("UPDATE t SET a = 'x'");
    expect(existsSync(thief)).toBe(true);
  });

  test('is found under the table names of each side', async () => {
    const databases = await twoBranches(TABLE, "INSERT INTO t VALUES (1, 'a', 'b', '2026-01-01')");
    await databases.edit(
      ['ALTER TABLE t ADD n INT DEFAULT 5', `UPDATE t SET n = 7, a = 'N', ${at('02')}`],
      ['ALTER TABLE t ADD s INT', 'ALTER TABLE t DROP b', `UPDATE t SET s = 8, a = 'S', ${at('03')}`],
    );
    await mergeInBoth(databases);
    expect(await databases.north.rows('SELECT * FROM t')).toEqual([
      { id: 1, a: 'S', n: 7, s: 8, updated_at: '2026-01-03 00:00:00' },
    ]);
  });

  test('updates a stored generated column with the cells that won', async () => {
    const databases = await twoBranches(
      "CREATE TABLE t (id INT PRIMARY KEY, a INT, b INT, s VARCHAR(40) GENERATED ALWAYS AS (CONCAT(a, '`a`', b)) STORED, updated_at DATETIME, KEY k (a))",
      "INSERT INTO t (id, a, b, updated_at) VALUES (1, 1, 1, '2026-01-01')",
    );
    await databases.edit([`UPDATE t SET a = 5, b = 6, ${at('02')}`], [`UPDATE t SET a = 7, ${at('03')}`]);
    await mergeInBoth(databases);
    expect(await databases.north.rows('SELECT a, b, s FROM t')).toEqual([{ a: 7, b: 6, s: '7`a`6' }]);
  });
});

describe('a row that both sides added', () => {
  test('is kept as it was created first, the other one is reported, and a person has to check', async () => {
    const databases = await twoBranches(
      'CREATE TABLE t (id INT PRIMARY KEY, a VARCHAR(20), b VARCHAR(20), created_at DATETIME, updated_at DATETIME)',
      dateCommits('2025-12-31T00:00:00'),
    );
    await databases.edit(
      ["INSERT INTO t VALUES (1, 'n', 'n', '2026-01-02', '2026-01-09'), (2, 'same', 'n', NULL, NULL)"],
      ["INSERT INTO t VALUES (1, 's', 's', '2026-01-01', '2026-01-03'), (2, 'same', 's', NULL, NULL)"],
    );
    const reported = await mergeInBoth(databases);
    const rows = await databases.north.rows('SELECT id, a, b FROM t ORDER BY id');
    expect(rows[0]).toEqual({ id: 1, a: 's', b: 's' });
    expect(reported.north[0]).toMatchObject({
      kind: 'id-collision',
      ours: { a: 'n', b: 'n' },
      theirs: { a: 's', b: 's' },
      resolution: 'theirs (created first)',
      left: true,
    });
    expect(reported.north.map(({ left }) => left)).toEqual([true, true]);
    expect(rows[1]?.['b']).toBe(reported.north[1]?.resolution.startsWith('ours') ? 'n' : 's');
  });
});
