import { cp } from 'node:fs/promises';
import { expect, test } from '@jest/globals';
import { createConnection } from 'mysql2/promise';
import { makeDatabase } from '../helpers/database.ts';
import { startDoltSqlServer } from '../helpers/servers/dolt-sql-server.ts';
import { cloneInto, withEngine } from '../helpers/servers/engine.ts';
import { tempFolder } from '../helpers/temp-folder.ts';

test('a running server accepts a push and a clone only with its user and password', async () => {
  await using folder = await tempFolder();
  const local = await makeDatabase(folder.file('local'));
  await cp(local.path, folder.file('live'), { recursive: true });
  const head = await local.commit('more', "INSERT INTO items VALUES (3, 'three', 'cyd')");
  await using server = await startDoltSqlServer(folder.path, folder.file('live'));
  const env = { SSL_CERT_FILE: server.ca, DOLT_REMOTE_PASSWORD: server.password };
  const denied = (user: string) =>
    `rpc error: code = Unauthenticated desc = API Authentication Failure: Access denied for user '${user}'`;

  await withEngine(local.path, { env }, async (engine) => {
    await engine.call('DOLT_REMOTE', 'add', 'peer', server.url);
    await engine.call('DOLT_PUSH', '--user', server.user, 'peer', 'main');
    await engine.call('DOLT_FETCH', '--user', server.user, 'peer', 'main');
    expect(await engine.refusal('DOLT_FETCH', 'peer', 'main')).toContain(denied('root'));
    expect(await engine.refusal('DOLT_FETCH', '--user', 'nobody', 'peer', 'main')).toContain(denied('nobody'));
  });
  expect(await cloneInto(folder.file('clone'), { env }, ['--user', server.user, server.url])).toBe(head);
  await expect(cloneInto(folder.file('no-user'), { env }, [server.url])).rejects.toThrow(denied('root'));
  const missing = server.url.replace(/live$/, 'none');
  await expect(cloneInto(folder.file('missing'), { env }, ['--user', server.user, missing])).rejects.toThrow(
    'rpc error: code = Unknown desc = database not found: none',
  );
  await withEngine(local.path, { env: { ...env, DOLT_REMOTE_PASSWORD: 'wrong' } }, async (engine) => {
    expect(await engine.refusal('DOLT_FETCH', '--user', server.user, 'peer', 'main')).toContain(denied('root'));
  });
});

test('a running server refuses users without the privilege, and accepts a push over uncommitted rows', async () => {
  await using folder = await tempFolder();
  const local = await makeDatabase(folder.file('local'));
  await cp(local.path, folder.file('live'), { recursive: true });
  await local.commit('more', "INSERT INTO items VALUES (3, 'three', 'cyd')");
  await using server = await startDoltSqlServer(folder.path, folder.file('live'));
  const { user, password, sqlPort: port } = server;
  const there = await createConnection({
    host: '127.0.0.1',
    port,
    user,
    password,
    database: 'live',
    ssl: { rejectUnauthorized: false },
  });
  await there.query(`CREATE USER reader@'%' IDENTIFIED BY '${password}'`);
  await there.query("INSERT INTO items VALUES (9, 'uncommitted', 'dan')");
  await there.end();
  const env = { SSL_CERT_FILE: server.ca, DOLT_REMOTE_PASSWORD: password };
  await withEngine(local.path, { env }, async (engine) => {
    await engine.call('DOLT_REMOTE', 'add', 'peer', server.url);
    expect(await engine.refusal('DOLT_FETCH', '--user', 'reader', 'peer', 'main')).toContain(
      'code = PermissionDenied desc = API Authorization Failure: reader has not been granted CLONE_ADMIN access',
    );
    expect(await engine.refusal('DOLT_PUSH', '--user', user, 'peer', 'main')).toBe(
      'target has uncommitted changes. --force required to overwrite',
    );
  });
});
