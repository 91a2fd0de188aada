import { describe, expect, test } from '@jest/globals';
import { type Branched, branched } from '../helpers/branched.ts';
import { dateCommits } from '../helpers/commit-dates.ts';
import { tempFolder } from '../helpers/temp-folder.ts';
import { HASH_ORDERS } from '../helpers/two-databases.ts';

const TABLE =
  'CREATE TABLE t (id VARCHAR(40) PRIMARY KEY, a VARCHAR(20), Updated_At DATETIME(6), modified_at DATETIME(6), created_at DATETIME)';
const BASE = dateCommits('2026-01-01T00:00:00');
const COMMIT = "CALL DOLT_COMMIT('-A', '-m', 'earlier')";

/** Merges on both sides, and expects every row as the honest side wrote it. */
async function expectHonest(sides: Branched): Promise<void> {
  expect((await sides.merge()).run('south').failure).toBeNull();
  expect(await sides.rows("SELECT id, a FROM t WHERE a <> 'honest'")).toEqual([]);
}

describe.each(HASH_ORDERS)('with %s, the side that wrote earlier', (order) => {
  test('wins no cell with a time column', async () => {
    // The last values that the forger writes, by row; all its commits are of 2 January.
    const FORGERIES = {
      'ahead, taken back': "Updated_At = '2026-01-02'",
      'second column': "Updated_At = NULL, modified_at = '9999-12-31 23:59:59.999999'",
      'first column': "Updated_At = '2037-01-01', modified_at = NULL",
      'one of two': "Updated_At = '2037-01-01', modified_at = '2026-01-02'",
      none: 'Updated_At = NULL, modified_at = NULL',
    };
    const ids = Object.keys(FORGERIES);
    await using folder = await tempFolder();
    const rows = ids.map((id) => `('${id}', 'old', '2025-01-01', '2025-01-01', '2025-01-01')`);
    const sides = branched(folder, TABLE, `INSERT INTO t VALUES ${rows.join(', ')}`, BASE);
    const forge = Object.entries(FORGERIES).map(
      ([id, times]) => `UPDATE t SET a = 'forged', ${times} WHERE id = '${id}'`,
    );
    await sides.edit(
      [
        dateCommits('2026-01-02T00:00:00'),
        "UPDATE t SET a = 'forged', Updated_At = '2037-01-01' WHERE id = 'ahead, taken back'",
        COMMIT,
        ...forge,
      ],
      [
        dateCommits('2026-01-05T00:00:00'),
        "UPDATE t SET a = 'honest', Updated_At = '2026-01-02 00:00:00.000001', modified_at = NULL",
      ],
      order,
    );
    await expectHonest(sides);
  });

  test('wins no row that both sides added with a creation time', async () => {
    const FORGERIES = {
      'before the last common commit': "'1999-01-01'",
      'after its own commit': "'2030-01-01'",
      none: 'NULL',
      zero: "'0001-01-01'",
    };
    await using folder = await tempFolder();
    const sides = branched(folder, TABLE, BASE);
    const add = (who: string, id: string, created: string): string =>
      `INSERT INTO t VALUES ('${id}', '${who}', NULL, NULL, ${created})`;
    await sides.edit(
      [dateCommits('2026-01-03T00:00:00'), ...Object.entries(FORGERIES).map(([id, at]) => add('forged', id, at))],
      [dateCommits('2026-01-05T00:00:00'), ...Object.keys(FORGERIES).map((id) => add('honest', id, "'2026-01-02'"))],
      order,
    );
    await expectHonest(sides);
  });

  test('wins nothing with a commit dated before the last common one', async () => {
    await using folder = await tempFolder();
    const sides = branched(folder, TABLE, BASE);
    const add = (who: string): string => `INSERT INTO t VALUES ('1', '${who}', NULL, NULL, '2026-01-01')`;
    await sides.edit(
      [dateCommits('1999-01-01T00:00:00'), add('forged')],
      [dateCommits('2026-01-01T00:00:00'), add('honest')],
      order,
    );
    // Both count as of the last common commit, and then the greater row wins.
    await expectHonest(sides);
  });
});

test('a commit dated before its parent counts with the date of the parent', async () => {
  await using folder = await tempFolder();
  const sides = branched(folder, TABLE, "INSERT INTO t (id, a) VALUES ('1', 'old')", BASE);
  await sides.edit(
    [
      dateCommits('2026-01-09T00:00:00'),
      "INSERT INTO t (id, a) VALUES ('2', 'honest')",
      COMMIT,
      dateCommits('2001-01-01T00:00:00'),
      "UPDATE t SET a = 'honest' WHERE id = '1'",
    ],
    [dateCommits('2026-01-05T00:00:00'), "UPDATE t SET a = 'earlier' WHERE id = '1'"],
  );
  await expectHonest(sides);
});
