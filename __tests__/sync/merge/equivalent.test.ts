import { expect, test } from '@jest/globals';
import { recordEquivalent } from '../../../src/sync/merge/equivalent.ts';
import { withDatabase } from '../../helpers/federating.ts';
import { type TempFolder, tempFolder } from '../../helpers/temp-folder.ts';
import { type TwoDatabases, twoDatabases } from '../../helpers/two-databases.ts';

const SIGN =
  "SET @@dolt_author_name = 'dolt-federation', @@dolt_author_email = 'merge@dolt-federation.invalid', @@dolt_committer_name = 'dolt-federation', @@dolt_committer_email = 'merge@dolt-federation.invalid'";

/** Two databases with two branches to merge, which each will do the other way round: equal contents, two hashes. */
function beforeMerging(folder: TempFolder): Promise<TwoDatabases> {
  return twoDatabases(
    folder,
    'CREATE TABLE t (id INT PRIMARY KEY)',
    "CALL DOLT_COMMIT('-A', '-m', 'table')",
    "CALL DOLT_BRANCH('side')",
    'INSERT INTO t VALUES (1)',
    "CALL DOLT_COMMIT('-A', '-m', 'one')",
    "CALL DOLT_CHECKOUT('side')",
    'INSERT INTO t VALUES (2)',
    "CALL DOLT_COMMIT('-A', '-m', 'two')",
    "CALL DOLT_CHECKOUT('main')",
    'CREATE TABLE u (id INT PRIMARY KEY)',
  );
}

test('a peer that is only read and has no new rows is not merged, and is up to date', async () => {
  await using folder = await tempFolder();
  const databases = await beforeMerging(folder);
  await databases.north.sql(SIGN, "CALL DOLT_MERGE('--no-ff', '-m', 'federation merge v1', 'side')");
  await databases.south.sql(
    SIGN,
    "CALL DOLT_BRANCH('main2', 'main')",
    "CALL DOLT_RESET('--hard', 'side')",
    "CALL DOLT_MERGE('--no-ff', '-m', 'federation merge v1', 'main2')",
  );
  await databases.edit([], []);
  const before = await databases.north.head();
  const other = await databases.south.head();
  expect(other).not.toBe(before);

  const read = await databases.run('north');
  expect(read.head).toBe(before);
  expect(read.merge?.commits).toBe(0);
  expect(read.run('south')).toMatchObject({ state: 'up-to-date', verified: true, pulledCommits: 0, behind: 0 });

  // After a lost race of another peer, the same heads are read again.
  await withDatabase(databases.north.path, folder.file('tmp'), (database) =>
    recordEquivalent(database, read.allProgress, before),
  );
  expect(read.run('south')).toMatchObject({ state: 'up-to-date', equivalentTo: before });

  const written = await databases.run('north', { role: 'peer' });
  expect(written.merge?.commits).toBe(1);
  expect(written.run('south')).toMatchObject({ state: 'diverged', verified: true, head: written.head });
});

test('a merge by a person is not a federation merge, so such a head is merged', async () => {
  await using folder = await tempFolder();
  const databases = await beforeMerging(folder);
  await databases.north.sql(SIGN, "CALL DOLT_MERGE('--no-ff', '-m', 'federation merge v1', 'side')");
  await databases.south.sql(
    "CALL DOLT_BRANCH('main2', 'main')",
    "CALL DOLT_RESET('--hard', 'side')",
    "CALL DOLT_MERGE('--no-ff', '-m', 'by hand', 'main2')",
  );
  await databases.edit([], []);
  expect((await databases.run('north')).merge?.commits).toBe(1);
});
