import { chmod, cp, mkdir, readdir, readFile, stat, truncate, writeFile } from 'node:fs/promises';
import { expect, test } from '@jest/globals';
import { createConnection } from 'mysql2/promise';
import { classify } from '../../src/dolt/failure-text.ts';
import { cloneDatabase, makeDatabase } from '../helpers/database.ts';
import { bareRepository } from '../helpers/servers/bare-repository.ts';
import { startDoltSqlServer } from '../helpers/servers/dolt-sql-server.ts';
import { startEngine, withEngine } from '../helpers/servers/engine.ts';
import { startRemotesrv } from '../helpers/servers/remotesrv.ts';
import { type TempFolder, tempFolder } from '../helpers/temp-folder.ts';

/** A database and its mailbox, each with a commit that the other one lacks. */
async function divergedDatabase(folder: TempFolder) {
  const local = await makeDatabase(folder.file('local'));
  const url = `file://${folder.file('mailbox')}`;
  await mkdir(folder.file('mailbox'));
  await local.dolt('remote', 'add', 'peer', url);
  await local.dolt('push', 'peer', 'main');
  const other = await cloneDatabase(url, folder.file('other'));
  await other.commit('theirs', "UPDATE items SET title = 'theirs' WHERE id = 1");
  await other.dolt('push', 'origin', 'main');
  await local.commit('ours', "UPDATE items SET title = 'ours' WHERE id = 1");
  return { local, url };
}

test('a diverged database is refused with these texts', async () => {
  await using folder = await tempFolder();
  const { local } = await divergedDatabase(folder);
  await local.sql("UPDATE items SET title = 'dirty' WHERE id = 1");
  await using engine = await startEngine(local.path);
  const means = async (...call: [string, ...string[]]) => classify(await engine.refusal(...call));
  expect(await means('DOLT_PUSH', 'peer', 'main')).toBe('non-fast-forward');
  expect(await means('DOLT_FETCH', 'peer', 'none')).toBe('branch-missing');
  expect(await means('DOLT_FETCH', 'nobody', 'main')).toBe('not-found');
  await engine.call('DOLT_FETCH', 'peer', 'main');
  expect(await means('DOLT_MERGE', 'peer/main')).toBe('uncommitted-changes');
  await engine.call('DOLT_RESET', '--hard');
  expect(await means('DOLT_MERGE', 'peer/main')).toBe('conflict');
  expect(await means('DOLT_MERGE', '--ff-only', 'peer/main')).toBe('non-fast-forward');
  const second = await startEngine(local.path).then(
    (started) => started[Symbol.asyncDispose](),
    (thrown: unknown) => classify(String(thrown)),
  );
  expect(second).toBe('locked');
});

test('a database with another first commit is unrelated, with every option', async () => {
  await using folder = await tempFolder();
  const { url } = await divergedDatabase(folder);
  await mkdir(folder.file('alien'));
  const alien = await makeDatabase(folder.file('alien', 'local'));
  await withEngine(alien.path, {}, async (engine) => {
    await engine.call('DOLT_REMOTE', 'add', 'peer', url);
    expect(classify(await engine.refusal('DOLT_PUSH', 'peer', 'main'))).toBe('unrelated');
    await engine.call('DOLT_FETCH', 'peer', 'main');
    expect(classify(await engine.refusal('DOLT_MERGE', 'peer/main'))).toBe('unrelated');
  });
});

test('damaged data and data of a later Dolt are refused with these texts', async () => {
  await using folder = await tempFolder();
  const { local } = await divergedDatabase(folder);
  const damaged = folder.file('damaged');
  await cp(folder.file('mailbox'), damaged, { recursive: true });
  for (const name of (await readdir(damaged)).filter((one) => /^[0-9a-v]{32}/.test(one))) {
    await truncate(`${damaged}/${name}`, Math.floor((await stat(`${damaged}/${name}`)).size / 2));
  }
  await mkdir(folder.file('clone'));
  await withEngine(folder.file('clone'), {}, async (engine) => {
    expect(classify(await engine.refusal('DOLT_CLONE', `file://${damaged}`, 'local'))).toBe('corrupt');
  });
  const manifest = `${local.path}/.dolt/noms/manifest`;
  await writeFile(manifest, (await readFile(manifest, 'utf8')).replace(/^5:/, '6:'));
  await expect(startEngine(local.path)).rejects.toThrow('Unknown manifest version: 6');
});

test('a read-only remote refuses a push with this text', async () => {
  await using folder = await tempFolder();
  const local = await makeDatabase(folder.file('local'));
  await using server = await startRemotesrv(folder.path, { readOnly: true });
  await using engine = await startEngine(local.path);
  await engine.call('DOLT_REMOTE', 'add', 'peer', `${server.url}/org/repo`);
  expect(classify(await engine.refusal('DOLT_PUSH', 'peer', 'main'))).toBe('read-only');
});

test('a branch without write permission, and two writers of one cell, are refused with these texts', async () => {
  await using folder = await tempFolder();
  const local = await makeDatabase(folder.file('live'));
  await using server = await startDoltSqlServer(folder.path, local.path);
  const connect = async (user: string) => {
    const connection = await createConnection({
      ...{ host: '127.0.0.1', port: server.sqlPort, user, password: server.password, database: 'live' },
      ssl: { rejectUnauthorized: false },
    });
    return {
      run: async (...statements: string[]) => {
        for (const statement of statements) await connection.query(statement);
      },
      [Symbol.asyncDispose]: () => connection.end(),
    };
  };
  const means = (work: Promise<void>) => work.then(String, (thrown: unknown) => classify(String(thrown)));
  await using root = await connect('root');
  await root.run(
    `CREATE USER writer@'%' IDENTIFIED BY '${server.password}'`,
    "GRANT ALL ON *.* TO writer@'%'",
    'DELETE FROM dolt_branch_control',
    "INSERT INTO dolt_branch_control VALUES ('%', '%', 'root', '%', 'admin')",
  );
  await using user = await connect('writer');
  expect(await means(user.run("INSERT INTO items VALUES (7, 'seven', 'dan')"))).toBe('branch-permission');

  await using other = await connect('root');
  for (const session of [root, other]) await session.run('SET autocommit = 0', 'SELECT * FROM items');
  await root.run("UPDATE items SET title = 'root' WHERE id = 1");
  await other.run("UPDATE items SET title = 'other' WHERE id = 1");
  await root.run('COMMIT');
  expect(await means(other.run('COMMIT'))).toBe('contention');
});

test('a hook of a git host refuses a push with this text', async () => {
  await using folder = await tempFolder();
  const local = await makeDatabase(folder.file('local'));
  const path = folder.file('repo.git');
  await bareRepository(path, { withBranch: true });
  await mkdir(`${path}/hooks`, { recursive: true });
  const says = 'error: GH013: Repository rule violations found for refs/dolt/data.';
  await writeFile(`${path}/hooks/pre-receive`, `#!/bin/sh\necho '${says}' >&2\nexit 1\n`);
  await chmod(`${path}/hooks/pre-receive`, 0o755);
  await using engine = await startEngine(local.path);
  await engine.call('DOLT_REMOTE', 'add', 'peer', `git+file://${path}`);
  const refusal = await engine.refusal('DOLT_PUSH', 'peer', 'main');
  expect(refusal).toContain(says);
  expect(classify(refusal)).toBe('push-protection');
});
