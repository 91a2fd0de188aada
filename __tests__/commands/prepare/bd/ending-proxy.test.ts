import { expect, test } from '@jest/globals';
import { servedBy } from '../../../../src/commands/prepare/served-by.ts';
import { commandContext, configure } from '../../../helpers/configuring.ts';
import { makeDatabase } from '../../../helpers/database.ts';
import { startDoltSqlServer } from '../../../helpers/servers/dolt-sql-server.ts';
import { testPort } from '../../../helpers/servers/test-port.ts';
import { tempFolder } from '../../../helpers/temp-folder.ts';

test('a database is opened directly once the server behind an ended proxy of bd frees it', async () => {
  await using folder = await tempFolder();
  const { path } = await makeDatabase(folder.file('local'));
  await using server = await startDoltSqlServer(folder.path, path);
  const setting = { host: '127.0.0.1', user: 'root', database: 'local', remotesapi: null, tls: false };
  const bd = { password: '', passwordBy: null, isPlacedByFiles: true, isProxy: true, pid: null };
  const servedAt = (port: number) => {
    const found = {
      kind: 'database',
      path,
      server: { ...bd, setting: { ...setting, port } },
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
