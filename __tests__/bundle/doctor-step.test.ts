import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { makeDatabase } from '../helpers/database.ts';
import { testDolt } from '../helpers/dolt-binary.ts';
import { fakeRunner } from '../helpers/fake-runner.ts';
import { validated } from '../helpers/json-schema.ts';
import { tempFolder } from '../helpers/temp-folder.ts';

test('a doctor step sets outputs and a summary, and fails if a requirement is missing', async () => {
  await using folder = await tempFolder();
  const runner = await fakeRunner(folder);
  await makeDatabase(join(runner.workspace, 'local'));
  const inputs = { command: 'doctor', database: 'local', 'dolt-path': testDolt() };

  const fine = await runner.main({ inputs: { ...inputs, peers: `a: file://${folder.file('a')}` } });
  expect(fine.exitCode).toBe(0);
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
