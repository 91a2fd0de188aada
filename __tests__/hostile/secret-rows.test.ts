import { writeFile } from 'node:fs/promises';
import { describe, expect, test } from '@jest/globals';
import { BEADS_RULES } from '../../src/beads/database-rules.ts';
import type { Diagnostic } from '../../src/core/diagnostic.ts';
import { secretRowsNotice } from '../../src/sync/incoming/secret-rows.ts';
import { makeEmptyDatabase } from '../helpers/database.ts';
import { examine, linesOf } from '../helpers/examining.ts';
import { federateDatabase, filePeer, withDatabase } from '../helpers/federating.ts';
import { tempFolder } from '../helpers/temp-folder.ts';

const BEADS = ['issues', 'dependencies', 'labels', 'child_counters'].map(
  (name) => `CREATE TABLE ${name} (id VARCHAR(20) PRIMARY KEY)`,
);

test('a first push warns of committed credentials, and the next push does not', async () => {
  await using folder = await tempFolder();
  const local = await makeEmptyDatabase(folder.file('local'));
  await local.commit(
    'settings',
    ...BEADS,
    'CREATE TABLE config (`key` VARCHAR(255) PRIMARY KEY, value TEXT)',
    'CREATE TABLE federation_peers (name VARCHAR(40) PRIMARY KEY, password_encrypted BLOB)',
    "INSERT INTO config VALUES ('linear.API_Key', 'x'), ('jira.token', ''), ('issue_prefix', 'kb')",
    "INSERT INTO federation_peers VALUES ('east', 'abc'), ('west', NULL)",
  );
  const run = async (): Promise<Diagnostic[]> => {
    const notices: Diagnostic[] = [];
    const peers = [filePeer('vault', folder.file('vault'), 'backup')];
    const options = { notify: (notice: Diagnostic) => void notices.push(notice) };
    const outcome = await federateDatabase({ local: local.path, tempDir: folder.file('tmp'), peers, options });
    expect(outcome.run('vault')).toMatchObject({ failure: null, verified: true });
    return notices;
  };
  expect(await run()).toContainEqual(
    expect.objectContaining({
      severity: 'warning',
      code: 'secret-rows',
      message: expect.stringContaining('1 row of federation_peers (password_encrypted) and 1 row of config (value)'),
    }),
  );
  await local.commit('more', "INSERT INTO issues VALUES ('a')");
  expect(await run()).toEqual([]);
});

test('tables of another program are not read for credentials', async () => {
  await using folder = await tempFolder();
  const local = await makeEmptyDatabase(folder.file('local'));
  const head = await local.commit(
    'settings',
    'CREATE TABLE config (`key` VARCHAR(255) PRIMARY KEY, value TEXT)',
    "INSERT INTO config VALUES ('token', 'x')",
  );
  expect(
    await withDatabase(local.path, folder.file('tmp'), (sql) => secretRowsNotice(sql, head, BEADS_RULES)),
  ).toBeNull();
});

describe('doctor', () => {
  const holding = (...statements: string[]): string[] => [
    ...BEADS,
    'CREATE TABLE config (`key` VARCHAR(255) PRIMARY KEY, value TEXT)',
    'CREATE TABLE federation_peers (name VARCHAR(40) PRIMARY KEY, remote_url VARCHAR(99), password_encrypted BLOB)',
    'CREATE TABLE Routes (prefix VARCHAR(20) PRIMARY KEY, Path VARCHAR(99))',
    ...statements,
  ];

  test.each([
    {
      what: 'passwords of peers',
      rows: ["INSERT INTO federation_peers VALUES ('east', 'file:///x', 'hunter2')"],
      says: '1 row of federation_peers (password_encrypted)',
    },
    {
      what: 'tokens among the settings, in any case',
      rows: ["INSERT INTO config VALUES ('GitHub.Access_Token', 'hunter2'), ('a.webhook_SECRET', 'hunter2')"],
      says: '2 rows of config (value)',
    },
    {
      what: 'passwords in addresses, wherever they are',
      rows: [
        "INSERT INTO federation_peers VALUES ('east', 'https://me:hunter2@east.example/db', NULL)",
        "INSERT INTO Routes VALUES ('kb-', 'https://me:hunter2@kb.example/db')",
        "INSERT INTO config VALUES ('sync.remote', 'https://me:hunter2@hub.example/db')",
      ],
      says: '1 row of federation_peers (remote_url) and 1 row of Routes (path) and 1 row of config (value)',
    },
  ])('warns of $what and repeats no value', async ({ rows, says }) => {
    await using folder = await tempFolder();
    const local = await makeEmptyDatabase(folder.file('local'));
    const head = await local.commit('settings', ...holding(...rows));
    const result = await examine(folder, `a: file://${folder.file('a')}`);
    expect(linesOf(result, 'secrets')).toEqual([
      `warning: the commits contain credentials: ${says}. Every push sends them to the peer`,
    ]);
    expect(result.checks.find(({ check }) => check === 'secrets')?.cure).toContain('Move the values out');
    expect(JSON.stringify(result)).not.toContain('hunter2');
    expect(await local.head()).toBe(head);
  });

  test('reports none, even if rows with one existed but were never committed', async () => {
    await using folder = await tempFolder();
    const local = await makeEmptyDatabase(folder.file('local'));
    await local.commit('settings', ...holding("INSERT INTO config VALUES ('issue_prefix', 'kb'), ('a.token', '')"));
    await local.sql("INSERT INTO config VALUES ('b.token', 'hunter2')");
    expect(linesOf(await examine(folder, ''), 'secrets')).toEqual(['ok: no credentials found in committed rows']);
  });

  test('reads the requested branch', async () => {
    await using folder = await tempFolder();
    const local = await makeEmptyDatabase(folder.file('local'));
    await local.commit('settings', ...holding());
    await local.sql(
      "CALL DOLT_CHECKOUT('-b', 'side')",
      "INSERT INTO config VALUES ('b.token', 'hunter2')",
      "CALL DOLT_COMMIT('-A', '-m', 'side')",
    );
    expect(linesOf(await examine(folder, '', { branch: 'side' }), 'secrets')[0]).toMatch(/^warning: /);
    expect(linesOf(await examine(folder, '', { branch: 'main' }), 'secrets')[0]).toMatch(/^ok: /);
  });

  test('reports unknown if it does not read the database, and nothing of a damaged one', async () => {
    await using folder = await tempFolder();
    const local = await makeEmptyDatabase(folder.file('local'));
    await local.commit('settings', ...holding("INSERT INTO config VALUES ('b.token', 'hunter2')"));
    const unread = ['unknown: the database was not read, so it is unknown whether committed rows contain credentials'];
    expect(linesOf(await examine(folder, '', { untrusted: true }), 'secrets')).toEqual(unread);
    await writeFile(folder.file('local', '.dolt', 'noms', 'manifest'), 'no manifest');
    const damaged = await examine(folder, '');
    expect(linesOf(damaged, 'database')).toEqual([expect.stringMatching(/^missing: .*manifest/)]);
    expect(linesOf(damaged, 'secrets')).toEqual([]);
  });
});
