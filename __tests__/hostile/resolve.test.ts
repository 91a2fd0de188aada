import { readFile, writeFile } from 'node:fs/promises';
import { expect, test } from '@jest/globals';
import { resolve } from '../../src/commands/resolve.ts';
import { command } from '../helpers/commanding.ts';
import { commandContext } from '../helpers/configuring.ts';
import { makeDatabase } from '../helpers/database.ts';
import { testDolt } from '../helpers/dolt-binary.ts';
import { ENV } from '../helpers/examining.ts';
import { tempFolder } from '../helpers/temp-folder.ts';
import { failureOf } from '../helpers/thrown.ts';

test('rows that two peers delete together count in `resolve` as in a run', async () => {
  await using folder = await tempFolder();
  const database = await makeDatabase(folder.file('local'));
  const boxes = ['east', 'west'].map((name) => ({ name, url: `file://${folder.file(`${name}-box`)}` }));
  const ids = (from: number) => Array.from({ length: 18 }, (_, index) => from + index).join();
  await database.sql(
    'CREATE TABLE rowset (id INT PRIMARY KEY, n INT)',
    `INSERT INTO rowset VALUES ${Array.from({ length: 40 }, (_, id) => `(${id}, 0)`).join()}`,
    "CALL DOLT_COMMIT('-A', '-m', 'forty rows')",
    ...boxes.flatMap(({ name, url }, index) => [
      `CALL DOLT_CHECKOUT('-b', '${name}', 'main')`,
      `DELETE FROM rowset WHERE id IN (${ids(index * 18)})`,
      `UPDATE rowset SET n = 7 WHERE id = ${38 + index}`,
      `CALL DOLT_COMMIT('-A', '-m', '${name}')`,
      `CALL DOLT_REMOTE('add', '${name}', '${url}')`,
      `CALL DOLT_PUSH('${name}', '${name}:main')`,
      "CALL DOLT_CHECKOUT('main')",
    ]),
    'UPDATE rowset SET n = 9 WHERE id IN (38, 39)',
    "CALL DOLT_COMMIT('-A', '-m', 'ours')",
  );
  const peers = boxes.map(({ name, url }) => `${name}: ${url}`).join('\n');
  const overrides = { strategy: 'manual' } as const;
  const { result } = await command(folder, peers, { overrides });
  expect(result.peers.map(({ status }) => status)).toEqual(['conflict', 'conflict']);
  const own = folder.file('local', '.dolt', 'dolt-federation', 'conflicts.yaml');
  const text = await readFile(own, 'utf8');
  await writeFile(own, text.replaceAll(/^( {10,}choose:)$/gm, '$1 ours'), { mode: 0o600 });
  const head = await database.head();
  const request = (maxDelete: number) => ({
    file: own,
    maxDelete,
    mergeTimeout: 120_000,
    database: 'local',
    overrides: { peers, ...overrides },
    dolt: { source: 'release', path: testDolt() } as const,
  });
  const context = { ...commandContext(folder.path, { env: ENV }), tempDir: folder.file('tmp') };
  expect(await failureOf(() => resolve(request(50), context))).toMatchObject({
    code: 'mass-deletion',
    message: expect.stringContaining('36 of our 40 rows of rowset'),
  });
  expect(await database.head()).toBe(head);
  expect(await resolve(request(100), context)).toMatchObject({ status: 'success', peers: ['east', 'west'] });
  expect(await database.rows('SELECT COUNT(*) AS n FROM rowset')).toEqual([{ n: 4 }]);
});
