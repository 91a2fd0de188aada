import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { makeDatabase } from '../helpers/database.ts';
import { testDolt } from '../helpers/dolt-binary.ts';
import { fakeRunner } from '../helpers/fake-runner.ts';
import { validated } from '../helpers/json-schema.ts';
import { bareRepository } from '../helpers/servers/bare-repository.ts';
import { tempFolder } from '../helpers/temp-folder.ts';

test('a doctor step sets outputs and a summary, and fails if a requirement is missing', async () => {
  await using folder = await tempFolder();
  const runner = await fakeRunner(folder);
  await makeDatabase(join(runner.workspace, 'local'));
  const inputs = { command: 'doctor', database: 'local', 'dolt-path': testDolt() };

  // Another user can make this folder first where all users may write to RUNNER_TEMP.
  const home = join(runner.temp, 'home');
  const repository = await bareRepository(folder.file('far.git'), { withBranch: true });
  const program = `[protocol]\n\tallow = always\n[url "ext::touch ${folder.file('ran')} "]\n\tinsteadOf = /\n`;
  await mkdir(home);
  await writeFile(join(home, '.gitconfig'), program);
  const peers = `{a: "file://${folder.file('a')}", far: "git+file://${repository.path}"}`;

  const fine = await runner.main({ inputs: { ...inputs, peers } });
  expect([fine.exitCode, existsSync(folder.file('ran'))]).toEqual([0, false]);
  expect(fine.outputs['status']).toBe('success');
  expect(validated('doctor', fine.outputs['result'] ?? '')).toMatchObject({ status: 'ok' });
  expect(fine.summary).toContain('dolt-federation doctor: no problems');
  expect(fine.stdout).toMatch(/unknown +runner +the runner.s version is unknown/);

  const lacking = await runner.main({ inputs: { ...inputs, peers: 'a: gs://bucket/a' } });
  expect(lacking.exitCode).toBe(1);
  expect(lacking.outputs['status']).toBe('failed');
  expect(lacking.commands).toContainEqual(expect.objectContaining({ command: 'error' }));
  expect(lacking.summary).toContain('1 problem');
});
