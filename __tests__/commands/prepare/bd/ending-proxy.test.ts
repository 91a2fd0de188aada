import { mkdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { expect, test } from '@jest/globals';
import { servedBy } from '../../../../src/commands/prepare/served-by.ts';
import { command } from '../../../helpers/commanding.ts';
import { commandContext, configure } from '../../../helpers/configuring.ts';
import { makeDatabase } from '../../../helpers/database.ts';
import { startDoltSqlServer } from '../../../helpers/servers/dolt-sql-server.ts';
import { listen } from '../../../helpers/servers/listen.ts';
import { testPort } from '../../../helpers/servers/test-port.ts';
import { tempFolder } from '../../../helpers/temp-folder.ts';

test('a database is opened directly after the server of an ended bd proxy releases it', async () => {
  await using folder = await tempFolder();
  const { path } = await makeDatabase(folder.file('local'));
  await using server = await startDoltSqlServer(folder.path, path);
  const setting = { host: '127.0.0.1', user: 'root', database: 'local', remotesapi: null, tls: false };
  const bd = { password: '', passwordBy: null, isPlacedByFiles: true, pid: null };
  const servedAt = (port: number) => {
    const proxy = { pid: process.pid, port, birth: null };
    const found = {
      kind: 'database',
      path,
      server: { ...bd, proxy, setting: { ...setting, port } },
      bd: null,
      notices: [],
    } as const;
    return servedBy(found, configure(''), commandContext(folder.path));
  };
  expect(await servedAt(server.sqlPort)).toMatchObject({ setting: { port: server.sqlPort } });
  if (process.platform !== 'linux') return;
  // Nothing listens at the port that bd noted, and the server still holds the database.
  const serving = servedAt(await testPort());
  await server[Symbol.asyncDispose]();
  expect(await serving).toBeNull();
});

test('a bd proxy that ends after it was found does not fail the run', async () => {
  await using folder = await tempFolder();
  const { path } = await makeDatabase(folder.file('.beads', 'dolt', 'north'));
  const metadata = { backend: 'dolt', dolt_mode: 'proxied-server', dolt_database: 'north' };
  await writeFile(folder.file('.beads', 'metadata.json'), JSON.stringify(metadata));
  await writeFile(
    folder.file('.beads', 'config.yaml'),
    `sync: {mode: dolt-native}\nfederation: {remote: "file://${folder.file('box')}"}\n`,
  );
  await mkdir(folder.file('box'));
  await using server = await startDoltSqlServer(folder.path, path);
  const proxy = createServer((socket) => {
    socket.destroy();
    proxy.close();
    void server[Symbol.asyncDispose]();
  });
  const { port } = await listen(proxy);
  await writeFile(folder.file('.beads', 'dolt', 'proxy.pid'), JSON.stringify({ pid: process.pid, port }));
  if (process.platform !== 'linux') return void proxy.close();
  const { result } = await command(folder, '', { database: undefined, ceiling: null, command: 'status' });
  expect(result).toMatchObject({ database: path, peers: [{ name: 'origin', state: 'remote-empty' }] });
});
