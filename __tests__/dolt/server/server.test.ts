import { once } from 'node:events';
import { chmod, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createConnection, createServer } from 'node:net';
import { dirname } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import { Secrets } from '../../../src/core/secrets.ts';
import { guardFiles, restoreModes } from '../../../src/dolt/server/guarded-files.ts';
import { openDatabase } from '../../../src/dolt/sql/sql.ts';
import { makeDatabase } from '../../helpers/database.ts';
import { openTestServer } from '../../helpers/open-server.ts';
import { tempFolder } from '../../helpers/temp-folder.ts';

describe('an engine', () => {
  test('answers on a private socket, adds its password to the secrets of the run, and leaves no file behind', async () => {
    await using folder = await tempFolder();
    await makeDatabase(folder.file('local'));
    const before = await readdir(folder.file('local', '.dolt'));
    const secrets: string[] = [];
    const server = await openTestServer(folder, { secrets: new Secrets((secret) => secrets.push(secret)) });
    // The other two belong to the proxy of its network access: a password, and the header with it.
    expect([secrets.length, secrets.at(-1)]).toEqual([3, server.address.password]);
    expect((await stat(server.address.socket ?? '')).isSocket()).toBe(true);
    const database = await openDatabase(server, 1);
    expect(database.name).toBe('local');
    await database.close();
    await server.stop();
    expect(await readdir(folder.file('tmp'))).toEqual([]);
    expect((await readdir(folder.file('local', '.dolt'))).sort()).toEqual(before.sort());
    expect((await stat(folder.file('local', '.dolt', 'config.json'))).mode & 0o022).toBe(0);
  });

  test('listens only on the loopback address, and runs no events', async () => {
    await using folder = await tempFolder();
    await makeDatabase(folder.file('local'));
    const server = await openTestServer(folder);
    const database = await openDatabase(server, 1);
    expect(await database.rows(z.unknown(), 'SELECT @@GLOBAL.event_scheduler AS events')).toEqual([{ events: 'OFF' }]);
    await database.close();
    // The whole of 127.0.0.0/8 is this machine, so that a server for all addresses would answer here.
    const elsewhere = createConnection({ host: '127.0.0.2', port: server.address.port });
    await expect(once(elsewhere, 'connect')).rejects.toThrow(/ECONNREFUSED|EADDRNOTAVAIL/);
    await server.stop();
  });

  test('never makes the files of the database readable for others, not even while it runs', async () => {
    await using folder = await tempFolder();
    const local = await makeDatabase(folder.file('local'));
    const at = (...parts: string[]) => folder.file('local', '.dolt', ...parts);
    const mode = async (path: string) => (await stat(path)).mode & 0o777;
    await local.dolt('remote', 'add', 'box', `file://${folder.file('box')}`);
    await chmod(at(), 0o750);
    await chmod(at('config.json'), 0o640);
    await chmod(at('repo_state.json'), 0o600);
    const server = await openTestServer(folder);
    const database = await openDatabase(server, 1);
    await database.run("CALL DOLT_REMOTE('remove', 'box')");
    expect(await mode(at())).toBe(0o700);
    await database.close();
    await server.stop();
    expect([await mode(at()), await mode(at('config.json')), await mode(at('repo_state.json'))]).toEqual([
      0o750, 0o640, 0o600,
    ]);

    // A run and its watchdog that are killed together, as with a container, leave the folder closed with their record.
    const record = at('dolt-federation-mode.json');
    const later = async (text: string) => {
      await chmod(at(), 0o700);
      await writeFile(record, text);
      await (await openTestServer(folder)).stop();
      return await mode(at());
    };
    expect(await later('{"mode":488,"by":"killed"}')).toBe(0o750);
    expect(await readdir(at())).not.toContain('dolt-federation-mode.json');
    expect(await later('{"mode":"0777"}')).toBe(0o700);
    await rm(record);

    // A run that ends while another one has begun leaves the folder closed, and the other one opens it.
    await chmod(at(), 0o750);
    const ending = await guardFiles(folder.file('local'));
    const other = await openTestServer(folder);
    await restoreModes(ending);
    expect(await mode(at())).toBe(0o700);
    await other.stop();
    expect(await mode(at())).toBe(0o750);
  });

  test('refuses an empty password', async () => {
    await using folder = await tempFolder();
    await makeDatabase(folder.file('local'));
    const server = await openTestServer(folder);
    await expect(openDatabase({ ...server, address: { ...server.address, password: '' } }, 1)).rejects.toMatchObject({
      code: 'auth',
    });
    await server.stop();
  });

  test('uses a short folder if the socket path would be too long', async () => {
    await using folder = await tempFolder();
    await makeDatabase(folder.file('local'));
    const registered: string[] = [];
    const server = await openTestServer(folder, {
      tempDir: folder.file('a'.repeat(120)),
      onResource: (resource) => registered.push(resource.kind === 'folder' ? resource.path : ''),
    });
    // A later run removes registered folders if all processes of this run are killed together.
    expect(registered).toContain(dirname(server.address.socket ?? ''));
    const database = await openDatabase(server, 1);
    await database.close();
    await server.stop();
    expect(Buffer.byteLength(server.address.socket ?? '')).toBeLessThanOrEqual(100);
    await expect(stat(server.address.socket ?? '')).rejects.toMatchObject({ code: 'ENOENT' });
  });

  test("collects garbage while dolt's command line uses the folder", async () => {
    await using folder = await tempFolder();
    const local = await makeDatabase(folder.file('local'));
    const server = await openTestServer(folder);
    const database = await openDatabase(server, 1);
    await database.run("INSERT INTO items VALUES (9, 'nine', 'ann')");
    expect(await local.rows('SELECT title FROM items WHERE id = 9')).toEqual([{ title: 'nine' }]);
    await database.run('CALL DOLT_GC()').catch(() => undefined);
    await database.close();
    await server.stop();
    expect(await readdir(folder.file('local', '.dolt', 'noms', 'oldgen'))).toContain('manifest');
    expect(await local.rows('SELECT title FROM items WHERE id = 9')).toEqual([{ title: 'nine' }]);
    expect(await readdir(folder.file('local'))).toEqual(['.dolt']);
  });

  test('refuses a folder without a database, and creates none in it', async () => {
    await using folder = await tempFolder();
    await makeDatabase(folder.file('local', 'one'));
    await expect(openTestServer(folder)).rejects.toMatchObject({ code: 'no-database' });
    expect(await readdir(folder.file('local'))).not.toContain('.dolt');
    expect(await readdir(folder.file('tmp'))).toEqual([]);
  });

  test('fails with the output of a Dolt that ends at once', async () => {
    await using folder = await tempFolder();
    await makeDatabase(folder.file('local'));
    await writeFile(folder.file('dolt'), '#!/bin/sh\necho "out of luck" >&2\nexit 7\n');
    await chmod(folder.file('dolt'), 0o755);
    await expect(openTestServer(folder, { dolt: folder.file('dolt') })).rejects.toMatchObject({
      code: 'engine-start',
      message: expect.stringMatching(/exit code 7[\s\S]*out of luck/),
    });
    await chmod(folder.file('dolt'), 0o644);
    await expect(openTestServer(folder, { dolt: folder.file('dolt') })).rejects.toMatchObject({
      code: 'engine-start',
      message: expect.stringContaining('EACCES'),
    });
    expect(await readdir(folder.file('tmp'))).toEqual([]);
  });

  test('ends its process if the start is interrupted', async () => {
    await using folder = await tempFolder();
    await makeDatabase(folder.file('local'));
    const aborted = AbortSignal.abort();
    await expect(openTestServer(folder, { signal: aborted })).rejects.toMatchObject({ code: 'interrupted' });
    expect(await readdir(folder.file('tmp'))).toEqual([]);
  });

  test.each([
    ['{"sqlserver.global.max_connections":"5"}', 'untrusted-database-config', 'sqlserver.global.max_connections'],
    ['{"user.name":', 'corrupt', 'config.json'],
    ['{"user.name":5}', 'corrupt', 'config.json'],
  ])('refuses the database settings %s as %s', async (settings, code, message) => {
    await using folder = await tempFolder();
    await makeDatabase(folder.file('local'));
    await writeFile(folder.file('local', '.dolt', 'config.json'), settings);
    await expect(openTestServer(folder)).rejects.toMatchObject({
      code,
      message: expect.stringContaining(message),
    });
  });

  test('serves a database that asks for replication, without replication', async () => {
    await using folder = await tempFolder();
    const local = await makeDatabase(folder.file('local'));
    await local.dolt('remote', 'add', 'evil', `file://${folder.file('evil')}`);
    const file = folder.file('local', '.dolt', 'config.json');
    const settings: Record<string, string> = JSON.parse(await readFile(file, 'utf8'));
    await writeFile(file, JSON.stringify({ ...settings, 'sqlserver.global.dolt_replicate_to_remote': 'evil' }));
    const server = await openTestServer(folder);
    const database = await openDatabase(server, 1);
    await database.run("INSERT INTO items VALUES (9, 'secret', 'me')");
    await database.run("CALL DOLT_COMMIT('-Am', 'kept here')");
    await database.close();
    await server.stop();
    expect(await readdir(folder.file('evil')).catch(() => [])).not.toContain('manifest');
  });

  test('starts although another process uses the default ports', async () => {
    await using folder = await tempFolder();
    await makeDatabase(folder.file('local'));
    const busy = createServer();
    await new Promise<void>((resolve) => busy.listen(0, '127.0.0.1', resolve));
    const server = await openTestServer(folder);
    expect(busy.address()).not.toMatchObject({ port: server.address.port });
    await server.stop();
    await new Promise((resolve) => busy.close(resolve));
  });
});
