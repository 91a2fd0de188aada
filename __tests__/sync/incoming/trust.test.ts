import { expect, test } from '@jest/globals';
import { makeBeadsDatabase } from '../../helpers/beads-database.ts';
import { type CommandOptions, command } from '../../helpers/commanding.ts';
import { cloneDatabase } from '../../helpers/database.ts';
import { tempFolder } from '../../helpers/temp-folder.ts';

test('a peer changes only the rows of the systems that its trust names', async () => {
  await using folder = await tempFolder();
  const local = await makeBeadsDatabase(folder.file('local'));
  await local.commit(
    'ours',
    "UPDATE issues SET source_system = 'github:org/a:2' WHERE id = 'bd-2'",
    'CREATE TABLE keyless (source_system VARCHAR(99), n INT)',
  );
  const url = `file://${folder.file('box')}`;
  await local.publish(url);
  const other = await cloneDatabase(url, folder.file('other'));
  const pulled = async (trust: string) =>
    (await command(folder, `box: {endpoint: "${url}", trust: [${trust}]}`, { command: 'pull' })).result.peers[0];

  await other.commit('allowed', "UPDATE issues SET title = 'theirs' WHERE id = 'bd-1'");
  await other.publish(url);
  const refused = await pulled('"github:*/*"');
  expect(refused).toMatchObject({
    status: 'conflict',
    error: { code: 'peer-untrusted', message: expect.stringMatching(/^box changes 1 row of issues from systems/) },
    held: [{ table: 'issues', key: { id: 'bd-1' }, column: 'source_system', value: 'here' }],
  });
  expect((await pulled(''))?.error?.code).toBe('peer-untrusted');
  // The same change here does not count, nor does another one beside it.
  const start = await local.head();
  await local.commit(
    'the same',
    "UPDATE issues SET title = 'theirs' WHERE id = 'bd-1'",
    "UPDATE issues SET title = 'ours' WHERE id = 'bd-2'",
  );
  const peers = `box: {endpoint: "${url}", trust: ["github:*/*"]}`;
  const [same] = (await command(folder, peers, { command: 'pull', dryRun: true })).result.peers;
  expect(same).toMatchObject({ error: null, plan: { pull: 'merge' } });
  await local.sql(`CALL DOLT_RESET('--hard', '${start}')`);
  const came = await pulled('here');
  const sources = [{ system: 'here', creator: '', rows: 1 }];
  expect(came).toMatchObject({ status: 'pulled', error: null, attribution: { table: 'issues', rows: 1, sources } });

  // A peer may not take a row from another system, give a row to one, or add a row without a system.
  const theirs = await other.commit(
    'not allowed',
    "UPDATE issues SET source_system = 'here' WHERE id = 'bd-2'",
    "UPDATE issues SET source_system = 'mallory' WHERE id = 'bd-1'",
    "INSERT INTO issues (id, title) VALUES ('bd-3', 'says nothing')",
  );
  await other.publish(url);
  const before = await local.head();
  const all = await pulled('here');
  expect(all?.attribution?.sources).toEqual([
    { system: '', creator: '', rows: 1 },
    { system: 'here', creator: '', rows: 1 },
    { system: 'mallory', creator: '', rows: 1 },
  ]);
  expect(all?.error?.message).toMatch(/^box changes 3 rows of issues/);
  expect(all?.held?.map(({ key }) => key['id'])).toEqual(['bd-1', 'bd-2', 'bd-3']);
  expect(await local.head()).toBe(before);

  // A user can name the head to adopt; its rows are still checked.
  const lost = await local.commit('lost', "UPDATE issues SET title = 'ours' WHERE id = 'bd-2'");
  const adopted = async (trust: string) => {
    const peers = `box: {endpoint: "${url}", trust: [${trust}]}`;
    const rewrites = { adopt: new Map([['box', theirs]]), merge: new Map(), discardLocal: [lost] };
    return (await command(folder, peers, { dryRun: true, rewrites })).result.peers[0];
  };
  expect(await adopted('here')).toMatchObject({ status: 'conflict', error: { code: 'peer-untrusted' } });
  expect(await adopted('"*", "*/*"')).toMatchObject({ error: null, plan: { pull: 'adopt' } });
  await local.sql(`CALL DOLT_RESET('--hard', '${before}')`);

  const upgrade = [
    "INSERT INTO config VALUES ('issue_prefix_2', 'x')",
    'ALTER TABLE issues ADD COLUMN n INT',
    "INSERT INTO keyless VALUES ('here', 1)",
  ];
  await other.commit('another table', ...upgrade);
  await other.publish(url);
  const table = await pulled('"*", "*/*"');
  expect(table?.error).toMatchObject({
    code: 'peer-untrusted',
    message: expect.stringMatching(/^box changes config, whose rows do not say.*\n/),
  });
  expect(table?.error?.message.split('\n').slice(1)).toEqual([
    'box adds, drops or redefines the table issues, which its `trust` does not allow',
    'box changes keyless, whose rows cannot be distinguished without a primary key',
    'Nothing was merged from or pushed to box.',
  ]);

  // The same upgrade here: only rows count then, and only those that differ from ours.
  await local.commit('the same upgrade', ...upgrade, "UPDATE issues SET source_system = 'here' WHERE id = 'bd-2'");
  const rows = await pulled('here');
  expect(rows?.error?.message.split('\n')[0]).toMatch(/^box changes 2 rows of issues from systems/);
  expect(rows?.held?.map(({ key }) => key['id'])).toEqual(['bd-1', 'bd-3']);
  // Rows without a key that both sides added are left to a person.
  expect((await pulled('"*", "*/*"'))?.error?.code).toBe('conflict');
});

test('a head to adopt takes back shared commits only as far as trust allows, and named commits as a whole', async () => {
  await using folder = await tempFolder();
  const local = await makeBeadsDatabase(folder.file('local'));
  const url = `file://${folder.file('box')}`;
  const run = async (trust: string, options: CommandOptions = {}) =>
    (await command(folder, `box: {endpoint: "${url}", trust: [${trust}]}`, options)).result.peers[0];
  const adopted = async (head: string, trust = 'here', discardLocal: readonly string[] = []) =>
    await run(trust, { dryRun: true, rewrites: { adopt: new Map([['box', head]]), merge: new Map(), discardLocal } });
  const north = (id: string) => `('${id}', 'title', 'open', 'north', NULL)`;
  await local.commit('of north', `INSERT INTO issues VALUES ${north('bd-3')}, ${north('bd-4')}, ${north('bd-5')}`);
  await local.commit(
    'shared',
    `INSERT INTO issues VALUES ${north('bd-6')}`,
    "UPDATE issues SET title = 'new' WHERE id IN ('bd-2', 'bd-3')",
    "DELETE FROM issues WHERE id = 'bd-4'",
    "INSERT INTO config VALUES ('kv.a', 'x')",
  );
  expect(await run('')).toMatchObject({ status: 'pushed', error: null });
  const other = await cloneDatabase(url, folder.file('other'));
  const shared = await other.head();
  await other.sql(`CALL DOLT_REMOTE('add', 'forced', '${url}')`);
  const forced = async (...statements: string[]) =>
    await other.headAfter(...statements, "CALL DOLT_PUSH('--force', 'forced', 'main')");
  const lost = await local.commit('lost', "UPDATE issues SET title = 'ours' WHERE id = 'bd-5'");

  const lines = [
    'box changes config, whose rows do not say which system they came from',
    'box changes 3 rows of issues from systems that its `trust` does not name',
    'Nothing was merged from or pushed to box.',
  ];
  for (const rewrite of [
    ["CALL DOLT_RESET('--hard', 'HEAD~1')"],
    ["UPDATE issues SET title = 'theirs' WHERE id = 'bd-1'", "CALL DOLT_COMMIT('-a', '-m', 'theirs')"],
  ]) {
    const refused = await adopted(await forced(...rewrite), 'here', [lost]);
    expect(refused?.error).toMatchObject({ code: 'peer-untrusted', message: lines.join('\n') });
    expect(refused?.held?.map(({ key }) => key['id'])).toEqual(['bd-3', 'bd-4', 'bd-6']);
  }

  // The same rows in other commits take nothing back; the named commit does not count.
  const same = await forced(`CALL DOLT_CHERRY_PICK('${shared}')`);
  expect(await adopted(same, 'here', [lost])).toMatchObject({ error: null, plan: { pull: 'adopt' } });

  // Both sides made the same migration in commits of their own, which also created a table.
  const migration = [
    'ALTER TABLE issues ADD COLUMN points INT DEFAULT 1',
    "CREATE TABLE plans (id INT PRIMARY KEY, source_system VARCHAR(40)) SELECT 1 AS id, 'north' AS source_system",
  ];
  const discarded = [lost, await local.commit('migration', ...migration)];
  const migrated = async (...more: string[]) =>
    await forced(
      `CALL DOLT_RESET('--hard', '${shared}')`,
      ...migration,
      ...more,
      "CALL DOLT_COMMIT('-A', '-m', 'all')",
    );
  const trusted = await migrated(
    "UPDATE issues SET title = 'theirs' WHERE id = 'bd-1'",
    "INSERT INTO plans VALUES (2, 'here')",
  );
  expect(await adopted(trusted, 'here', discarded)).toMatchObject({ error: null, plan: { pull: 'adopt' } });
  const back = await migrated(
    "DELETE FROM issues WHERE id = 'bd-3'",
    "UPDATE issues SET points = 2 WHERE id = 'bd-6'",
    'ALTER TABLE plans ADD COLUMN n INT',
  );
  const refused = await adopted(back, 'here', discarded);
  expect(refused?.error?.message.split('\n').slice(0, -1)).toEqual([
    'box changes 2 rows of issues from systems that its `trust` does not name',
    'box adds, drops or redefines the table plans, which its `trust` does not allow',
  ]);
  expect(refused?.held?.map(({ key }) => key['id'])).toEqual(['bd-3', 'bd-6']);

  // Our side gave the key another name.
  const renamed = await local.commit('renamed', 'ALTER TABLE issues RENAME COLUMN id TO name');
  const deleted = await forced(
    `CALL DOLT_RESET('--hard', '${shared}~1')`,
    "DELETE FROM issues WHERE id = 'bd-3'",
    "CALL DOLT_COMMIT('-a', '-m', 'all')",
  );
  const gone = await adopted(deleted, 'here', [...discarded, renamed]);
  expect(gone?.held?.map(({ key }) => key['id'])).toEqual(['bd-3', 'bd-4', 'bd-6']);

  // Our side gave the key another type, whose values are written otherwise.
  const name = await local.commit('the name of before', 'ALTER TABLE issues RENAME COLUMN name TO id');
  const bytes = await local.commit('bytes', 'DROP TABLE dependencies', 'ALTER TABLE issues MODIFY id VARBINARY(255)');
  const unread = await adopted(deleted, 'here', [...discarded, renamed, name, bytes]);
  expect(unread?.held?.map(({ key }) => key['id'])).toEqual(['bd-3', 'bd-4', 'bd-6']);
});

test('rows have no source if the column of the systems contains bytes', async () => {
  await using folder = await tempFolder();
  const local = await makeBeadsDatabase(folder.file('local'));
  await local.commit(
    'bytes',
    'ALTER TABLE issues MODIFY source_system VARBINARY(99)',
    "UPDATE issues SET source_system = UNHEX('FF') WHERE id = 'bd-2'",
  );
  const url = `file://${folder.file('box')}`;
  await local.publish(url);
  const other = await cloneDatabase(url, folder.file('other'));
  await other.commit('theirs', "UPDATE issues SET title = 'theirs' WHERE id = 'bd-2'");
  await other.publish(url);
  const { result } = await command(folder, `box: {endpoint: "${url}", trust: [here]}`, { command: 'pull' });
  expect(result.peers[0]?.error).toMatchObject({
    code: 'peer-untrusted',
    message: expect.stringMatching(/^box changes issues, whose rows do not say/),
  });
});
