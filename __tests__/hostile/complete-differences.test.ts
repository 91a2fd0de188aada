import { expect, test } from '@jest/globals';
import { deletedRows } from '../../src/dolt/rows/deleted-rows.ts';
import { tableChanges, tableHashes } from '../../src/dolt/schema/table-changes.ts';
import { makeEmptyDatabase, type TestDatabase } from '../helpers/database.ts';
import { withDatabase } from '../helpers/federating.ts';
import { fc } from '../helpers/property.ts';
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

async function contents(local: TestDatabase, commit: string): Promise<Map<unknown, string>> {
  const rows = await local.rows(`SELECT id, n FROM t AS OF '${commit}'`);
  return new Map(rows.map((row) => [Number(row['id']), JSON.stringify(row['n'])]));
}

test('every difference between two commits is listed, and every deleted row is counted', async () => {
  await using folder = await tempFolder();
  let count = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(fc.constantFrom(...EDITS), { minLength: 1, maxLength: 4 }), async (edits) => {
      count += 1;
      const local = await makeEmptyDatabase(folder.file(`local-${count}`));
      const rows = Array.from({ length: 12 }, (_, id) => `(${id}, ${id})`).join();
      const from = await local.commit(
        'base',
        'CREATE TABLE t (id INT PRIMARY KEY, n INT)',
        `INSERT INTO t VALUES ${rows}`,
      );
      await local.sql(...edits, "CALL DOLT_COMMIT('-A', '-m', 'edits', '--allow-empty')");
      const to = await local.head();
      const [before, after] = [await contents(local, from), await contents(local, to)];
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
