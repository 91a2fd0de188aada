import { describe, expect, test } from '@jest/globals';
import { anotherSecond } from '../helpers/another-second.ts';
import { dateCommits } from '../helpers/commit-dates.ts';
import { twoBranches } from '../helpers/workshop.ts';

const TABLE =
  'CREATE TABLE edges (id VARCHAR(36) PRIMARY KEY, a VARCHAR(20) COLLATE utf8mb4_0900_ai_ci, b TEXT, created_at DATETIME, UNIQUE KEY uk (a, b(3)))';

describe('two rows with one unique key', () => {
  test('keep the one created first, whatever its key, as the index compares them; both are reported', async () => {
    const old = [dateCommits('2025-12-31T00:00:00'), "INSERT INTO edges VALUES ('0', 'x', 'y', NULL)"];
    const databases = await twoBranches(TABLE, ...old);
    await databases.edit(
      ["INSERT INTO edges VALUES ('1', 'Same', 'longest', '2026-01-02'), ('3', 'other', 'one', '2026-01-01')"],
      ["INSERT INTO edges VALUES ('2', 'same', 'lonely', '2026-01-01'), ('4', 'OTHER', 'one', '2026-01-01')"],
    );
    const inNorth = await databases.run('north');
    const progress = inNorth.run('south');
    expect(progress.failure).toBeNull();
    expect(await databases.north.rows('SELECT id FROM edges ORDER BY id')).toEqual(
      ['0', '2', '3'].map((id) => ({ id })),
    );
    expect(progress.conflicts.map(({ kind, key, left }) => ({ kind, key, left }))).toEqual([
      { kind: 'duplicate', key: { id: '1' }, left: true },
      { kind: 'duplicate', key: { id: '4' }, left: true },
    ]);
    expect(progress.conflicts[0]).toMatchObject({
      ours: { id: '1', a: 'Same', b: 'longest' },
      theirs: { id: '2', a: 'same', b: 'lonely' },
      resolution: 'theirs (created first)',
    });
    expect(progress.conflicts[1]?.resolution).toBe('ours (same time, smaller key)');
    expect(await databases.north.rows("SELECT id FROM edges WHERE a = 'same'")).toEqual([{ id: '2' }]);
    await anotherSecond();
    const inSouth = await databases.run('south');
    expect(inSouth.head).toBe(inNorth.head);
    expect(inSouth.run('north').conflicts[0]?.resolution).toBe('ours (created first)');
  });
});
