import { readdir } from 'node:fs/promises';
import { expect, test } from '@jest/globals';
import { makeDatabase } from '../helpers/database.ts';
import { contentsOf, drill } from '../helpers/drilling.ts';
import { tempFolder } from '../helpers/temp-folder.ts';

test('a backup that was pushed is proven, and nothing of the clone stays', async () => {
  await using folder = await tempFolder();
  const local = await makeDatabase(folder.file('local'));
  const head = await local.head();
  await local.sql(
    "CALL DOLT_TAG('v1', 'HEAD')",
    `CALL DOLT_REMOTE('add', 'far', 'file://${folder.file('far')}')`,
    "CALL DOLT_PUSH('far', 'main')",
    "CALL DOLT_PUSH('far', 'v1')",
  );
  const expected = await contentsOf(folder, local.path, head);
  const result = await drill(folder, { peer: { endpoint: `file://${folder.file('far')}` }, expected });
  expect(result).toMatchObject({
    kind: 'proven',
    commit: head,
    head,
    databaseHash: expected.databaseHash,
    tables: [{ name: 'items', rows: 2 }],
  });
  expect(result).toMatchObject({ bytes: expect.any(Number) });
  expect(await readdir(folder.file('drills'))).toEqual([]);
});
