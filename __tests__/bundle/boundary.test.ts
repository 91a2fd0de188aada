import { mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { makeDatabase } from '../helpers/database.ts';
import { testDolt } from '../helpers/dolt-binary.ts';
import { fakeRunner } from '../helpers/fake-runner.ts';
import { tempFolder } from '../helpers/temp-folder.ts';

test('files of the checkout lead no step out of the workspace; on events that may not write, inputs and variables do not either', async () => {
  await using folder = await tempFolder();
  const runner = await fakeRunner(folder);
  const team = await makeDatabase(folder.file('team', 'db'));
  await symlink(team.path, join(runner.workspace, 'local'));
  const peers = `box: file://${folder.file('box')}`;
  const inputs = { peers, 'dolt-path': testDolt() };

  const linked = await runner.main({ inputs: { ...inputs, database: 'local' } });
  expect(linked.exitCode).toBe(2);
  expect(linked.outputs['result']).toContain('"outside-workspace"');

  await rm(join(runner.workspace, 'local'));
  await mkdir(join(runner.workspace, '.beads'));
  await writeFile(
    join(runner.workspace, '.beads', 'config.yaml'),
    `sync.mode: dolt-native\nfederation.database: ${team.path}\n`,
  );
  const named = await runner.main({ inputs });
  expect(named.outputs['result']).toContain('"outside-workspace"');

  const event = { name: 'pull_request', ref: 'refs/pull/1/merge' };
  const asked = { ...inputs, database: team.path, command: 'doctor' };
  const untrusted = await runner.main({ event, inputs: asked, env: { DOLT_FEDERATION_DATABASE: team.path } });
  expect(untrusted.outputs['result']).toContain('points outside');
  const trusted = await runner.main({ inputs: asked });
  expect(trusted.outputs['result']).not.toContain('points outside');

  const lifted = await runner.main({ inputs: { ...inputs, database: team.path } });
  expect(lifted.outputs).toMatchObject({ status: 'success', 'database-path': team.path });
});
