import { expect, test } from '@jest/globals';
import type { Notice } from '../../src/sync/notice.ts';
import { secretRowsNotice } from '../../src/sync/secret-rows.ts';
import { federateTown, filePeer, withDatabase } from '../helpers/federating.ts';
import { tempFolder } from '../helpers/temp-folder.ts';
import { makeEmptyTown } from '../helpers/town.ts';

const BEADS = ['issues', 'dependencies', 'labels', 'child_counters'].map(
  (name) => `CREATE TABLE ${name} (id VARCHAR(20) PRIMARY KEY)`,
);

test('a first push warns of committed credentials, the next one does not', async () => {
  await using folder = await tempFolder();
  const town = await makeEmptyTown(folder.file('town'));
  await town.commit(
    'settings',
    ...BEADS,
    'CREATE TABLE config (`key` VARCHAR(255) PRIMARY KEY, value TEXT)',
    'CREATE TABLE federation_peers (name VARCHAR(40) PRIMARY KEY, password_encrypted BLOB)',
    "INSERT INTO config VALUES ('linear.API_Key', 'x'), ('jira.token', ''), ('issue_prefix', 'kb')",
    "INSERT INTO federation_peers VALUES ('east', 'abc'), ('west', NULL)",
  );
  const run = async (): Promise<Notice[]> => {
    const notices: Notice[] = [];
    const peers = [filePeer('vault', folder.file('vault'), 'backup')];
    const options = { tell: (notice: Notice) => void notices.push(notice) };
    const outcome = await federateTown({ town: town.path, tempDir: folder.file('tmp'), peers, options });
    expect(outcome.run('vault')).toMatchObject({ failure: null, verified: true });
    return notices;
  };
  expect(await run()).toContainEqual(
    expect.objectContaining({
      severity: 'warning',
      code: 'secret-rows',
      message: expect.stringContaining('1 row of federation_peers and 1 row of config'),
    }),
  );
  await town.commit('more', "INSERT INTO issues VALUES ('a')");
  expect(await run()).toEqual([]);
});

test('tables of another program are not read for credentials', async () => {
  await using folder = await tempFolder();
  const town = await makeEmptyTown(folder.file('town'));
  const head = await town.commit(
    'settings',
    'CREATE TABLE config (`key` VARCHAR(255) PRIMARY KEY, value TEXT)',
    "INSERT INTO config VALUES ('token', 'x')",
  );
  expect(await withDatabase(town.path, folder.file('tmp'), (sql) => secretRowsNotice(sql, head))).toBeNull();
});
