import { expect, test } from '@jest/globals';
import { deletedRows } from '../../src/dolt/rows/deleted-rows.ts';
import { tableChanges, tableHashes } from '../../src/dolt/schema/table-changes.ts';
import { makeDatabaseOf, makeEmptyDatabase } from '../helpers/database.ts';
import { withDatabase } from '../helpers/federating.ts';
import { fc } from '../helpers/property.ts';
import { committing } from '../helpers/scenario.ts';
import { tempFolder } from '../helpers/temp-folder.ts';

/** Ways to change `t`, most of which `dolt_diff_summary` does not show. Each keeps the column `id` and the name `t`. */
const EDITS = [
  'DELETE FROM t WHERE id % 3 = 0',
  'UPDATE t SET n = n + 1 WHERE id > 5',
  'INSERT INTO t (id, n) VALUES (100, 1) ON DUPLICATE KEY UPDATE n = 7',
  'CREATE TABLE v LIKE t; DROP TABLE t; RENAME TABLE v TO t',
  'CREATE TABLE v LIKE t; INSERT INTO v SELECT * FROM t WHERE id < 8; DROP TABLE t; RENAME TABLE v TO t',
  "CALL DOLT_UPDATE_COLUMN_TAG('t', 'n', 4711)",
  "CALL DOLT_UPDATE_COLUMN_TAG('t', 'id', 4712)",
  'ALTER TABLE t MODIFY id BIGINT',
  'ALTER TABLE t DROP PRIMARY KEY; ALTER TABLE t ADD PRIMARY KEY (id)',
  'ALTER TABLE t DROP COLUMN n; ALTER TABLE t ADD COLUMN n INT DEFAULT 3',
] as const;

/** A table as Dolt prints it in JSON, by key. */
const contents = (rows: readonly Record<string, unknown>[] = []): Map<unknown, string> =>
  new Map(rows.map((row) => [Number(row['id']), JSON.stringify(row['n'])]));

test('every difference between two commits is listed, and every deleted row is counted', async () => {
  await using folder = await tempFolder();
  let count = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(fc.constantFrom(...EDITS), { minLength: 1, maxLength: 4 }), async (edits) => {
      count += 1;
      const rows = Array.from({ length: 12 }, (_, id) => `(${id}, ${id})`).join();
      const local = await makeDatabaseOf(
        folder.file(`local-${count}`),
        ...committing('base', ['CREATE TABLE t (id INT PRIMARY KEY, n INT)', `INSERT INTO t VALUES ${rows}`]),
        ...edits,
        "CALL DOLT_COMMIT('-A', '-m', 'edits', '--allow-empty')",
      );
      const [heads, ...both] = await local.read(
        "SELECT DOLT_HASHOF('HEAD~1') AS base, DOLT_HASHOF('HEAD') AS edited",
        "SELECT id, n FROM t AS OF 'HEAD~1'",
        "SELECT id, n FROM t AS OF 'HEAD'",
      );
      const [from, to] = [String(heads?.[0]?.['base']), String(heads?.[0]?.['edited'])];
      const [before, after] = [contents(both[0]), contents(both[1])];
      const gone = [...before.keys()].filter((id) => !after.has(id)).length;
      const differs = gone > 0 || [...after].some(([id, n]) => before.get(id) !== n);
      await withDatabase(local.path, folder.file('tmp'), async (sql) => {
        const changes = await tableChanges(sql, from, to);
        // Commits never change, so the second reader gets the same result.
        expect(await tableChanges(sql, from, to)).toBe(changes);
        const [change] = changes;
        expect(change?.dataChanged ?? false).toBe(differs);
        if (change === undefined || !differs) return;
        const { comparable, recreated } = change;
        const found = await deletedRows(sql, { from, to }, { from: 't', to: 't', comparable, recreated });
        expect(found.deleted).toBe(gone);
      });
    }),
    { numRuns: 12, seed: 20261128 },
  );
});

test('the working set is read again each time', async () => {
  await using folder = await tempFolder();
  const local = await makeEmptyDatabase(folder.file('local'));
  await local.commit('base', 'CREATE TABLE t (id INT PRIMARY KEY)');
  await withDatabase(local.path, folder.file('tmp'), async (sql) => {
    expect(await tableChanges(sql, 'HEAD', 'WORKING')).toEqual([]);
    const seen = new Set([(await tableHashes(sql, 'WORKING')).get('t')]);
    for (const id of ['1', '2']) {
      await sql.run('INSERT INTO t VALUES (?)', [id]);
      expect(await tableChanges(sql, 'HEAD', 'WORKING')).toMatchObject([{ to: 't', dataChanged: true }]);
      seen.add((await tableHashes(sql, 'WORKING')).get('t'));
    }
    expect(seen.size).toBe(3);
  });
});
