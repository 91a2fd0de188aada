import { writeFile } from 'node:fs/promises';
import { expect, test } from '@jest/globals';
import { refuseFrozen } from '../../src/commands/prepare/bd/frozen.ts';
import { tempFolder } from '../helpers/temp-folder.ts';
import { askPlace, writeFiles } from '../helpers/workspace.ts';

test.each([
  { ceiling: undefined, password: 'of-the-file' },
  { ceiling: 'repo', password: '' },
])('the credentials file that `.beads/.env` names is read only on a terminal: %j', async ({ ceiling, password }) => {
  await using folder = await tempFolder();
  await writeFiles(folder, {
    '.git/': '',
    '.beads/dolt/north/.dolt/noms/': '',
    '.beads/metadata.json': '{"dolt_mode":"server","dolt_server_port":3399,"dolt_database":"north"}',
    '.beads/.env': 'BEADS_CREDENTIALS_FILE=%/credentials',
  });
  await writeFile(folder.file('credentials'), '[127.0.0.1:3399]\npassword = of-the-file\n');
  const place = await askPlace(folder, ceiling === undefined ? {} : { ceiling });
  expect(place?.server?.password).toBe(password);
});

test('the freeze file that `.beads/.env` names is not shown in a job', async () => {
  await using folder = await tempFolder();
  await writeFile(folder.file('secret'), 'https://robot:token@host\n');
  const place = { workspace: folder.path, bdEnv: { BD_MIGRATION_FREEZE_FILE: folder.file('secret') } };
  await refuseFrozen(null, place, { cwd: folder.path, env: {}, ceiling: folder.path });
  const own = { BD_MIGRATION_FREEZE_FILE: folder.file('secret') };
  for (const at of [
    { env: {}, ceiling: null },
    { env: own, ceiling: folder.path },
  ]) {
    await expect(refuseFrozen(null, place, { cwd: folder.path, ...at })).rejects.toMatchObject({
      code: 'migration-freeze',
    });
  }
});
