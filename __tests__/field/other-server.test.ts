import { readFile, writeFile } from 'node:fs/promises';
import { expect, test } from '@jest/globals';
import { stringify } from 'yaml';
import { command } from '../helpers/commanding.ts';
import { makeDatabase } from '../helpers/database.ts';
import { servedDatabase } from '../helpers/served-database.ts';
import { startDoltSqlServer } from '../helpers/servers/dolt-sql-server.ts';
import { tempFolder } from '../helpers/temp-folder.ts';
import { failureOf } from '../helpers/thrown.ts';

test('a run is refused if another server, with a database of the same name, listens at the port', async () => {
  await using folder = await tempFolder();
  await using served = await servedDatabase(folder);
  const elsewhere = await makeDatabase(folder.file('elsewhere', 'local'));
  await using other = await startDoltSqlServer(folder.path, elsewhere.path);
  const { credentials, ...given } = await served.options();
  const moved = (text: string) => text.replaceAll(String(served.server.sqlPort), String(other.sqlPort));
  const config = folder.file('c.yaml');
  await writeFile(config, moved(await readFile(config, 'utf8')));
  const text = credentials !== undefined && 'text' in credentials ? credentials.text : '';
  const options = { ...given, credentials: { text: moved(text ?? '') } };
  const failure = await failureOf(() => command(folder, stringify({ mailbox: served.mailbox }), options));
  const message = `127.0.0.1:${other.sqlPort}/local is not the database in ${folder.file('local')}, which another server holds`;
  expect(failure).toMatchObject({ code: 'database-in-use', message });
  expect([await served.traces(), await elsewhere.rows('SELECT * FROM dolt_remotes')]).toEqual([
    [[], [], [{ name: 'main' }], [], []],
    [],
  ]);
});
