import { mkdir, writeFile } from 'node:fs/promises';
import { expect, test } from '@jest/globals';
import { makeDatabase } from '../../helpers/database.ts';
import { examine, linesOf } from '../../helpers/examining.ts';
import { tempFolder } from '../../helpers/temp-folder.ts';

test('a frozen workspace is a missing requirement', async () => {
  await using folder = await tempFolder();
  const { path } = await makeDatabase(folder.file('.beads', 'embeddeddolt', 'north'));
  await writeFile(folder.file('.beads', 'metadata.json'), '{"dolt_mode":"embedded","dolt_database":"north"}');
  await writeFile(folder.file('MIGRATION-FREEZE'), 'ann\t\tnew server');
  const result = await examine(folder, '', { database: undefined });
  expect(linesOf(result, 'database')).toEqual([
    `ok: ${path}`,
    expect.stringMatching(/^missing: the beads workspace is frozen for a migration by ann \(new server\)/),
  ]);
});

test.each([
  [
    'over TLS is named',
    true,
    /^unknown: the database is at the server db.example:3307; runs work through it, and the rights of its user are not/,
  ],
  ['without TLS is not used', false, /^missing: .*dolt_server_host: db.example/],
])('a database at a server %s', async (_, tls, line) => {
  await using folder = await tempFolder();
  await mkdir(folder.file('.beads'));
  const metadata = { dolt_mode: 'server', dolt_server_host: 'db.example', dolt_server_tls: tls };
  await writeFile(folder.file('.beads', 'metadata.json'), JSON.stringify(metadata));
  const result = await examine(folder, '', { database: undefined });
  expect(linesOf(result, 'database')).toEqual([expect.stringMatching(line)]);
});
