import { readFile } from 'node:fs/promises';
import { expect, test } from '@jest/globals';
import { stateFilePath } from '../../src/sync/history/last-verified.ts';
import { CLI, commandLine, startCli } from '../helpers/bundled-cli.ts';
import { makeDatabase } from '../helpers/database.ts';
import { tempFolder } from '../helpers/temp-folder.ts';

test('the bundle writes the configuration and the state file of its user', async () => {
  await using folder = await tempFolder();
  await makeDatabase(folder.file('local'));
  const sync = await commandLine(folder, 'sync', { box: `file://${folder.file('box')}` });
  const config = folder.file('federation.yaml');
  const added = await startCli(folder, [CLI, 'add-peer', 'more', `file://${folder.file('more')}`, '--config', config]);
  expect(added.exitCode).toBe(0);
  expect(await readFile(config, 'utf8')).toContain('more: file://');
  const ended = await startCli(folder, sync);
  expect(JSON.parse(String(ended.stdout))).toMatchObject({ peers: [{ verified: true }, { verified: true }] });
  expect(JSON.parse(await readFile(stateFilePath(folder.file('local')), 'utf8'))).toMatchObject({
    peers: ['box', 'more'].map((name) => ({ branch: 'main', endpoint: `file://${folder.file(name)}` })),
  });
});
