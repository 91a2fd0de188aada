import { chmod, readFile, writeFile } from 'node:fs/promises';
import { describe, expect, test } from '@jest/globals';
import { fakeRunner, TOKEN } from '../helpers/fake-runner.ts';
import { type TempFolder, tempFolder } from '../helpers/temp-folder.ts';

/** An executable of our own, to see what main's children are given. */
async function program(folder: TempFolder, script: string): Promise<string> {
  const path = folder.file('program');
  await writeFile(path, `#!/bin/sh\n${script}\n`);
  await chmod(path, 0o755);
  return path;
}

describe('the children of a step', () => {
  test('inherit no secret, and the log masks it before anything else is said', async () => {
    await using folder = await tempFolder();
    const runner = await fakeRunner(folder);
    const dolt = await program(folder, `env > '${folder.file('environment')}'; exit 1`);
    const step = await runner.main({
      inputs: { command: 'install', 'dolt-path': dolt },
      env: { ACTIONS_RUNTIME_TOKEN: 'runtime-secret', GITHUB_TOKEN: 'job-secret' },
    });
    expect(step.exitCode).toBe(1);
    const environment = await readFile(folder.file('environment'), 'utf8');
    for (const secret of [TOKEN, 'runtime-secret', 'job-secret']) expect(environment).not.toContain(secret);
    expect(environment).not.toMatch(/^INPUT_/m);
    expect(step.commands[0]).toEqual({ command: 'add-mask', properties: {}, message: TOKEN });
  });

  test.each([
    ['INT', 130],
    ['TERM', 143],
  ])('end when the step is cancelled by SIG%s', async (signal, exitCode) => {
    await using folder = await tempFolder();
    const runner = await fakeRunner(folder);
    const dolt = await program(folder, `kill -${signal} $PPID; exec sleep 50`);
    const step = await runner.main({ inputs: { command: 'install', 'dolt-path': dolt } });
    expect(step.exitCode).toBe(exitCode);
    expect(JSON.parse(step.outputs['result'] ?? '')).toMatchObject({ error: { code: 'interrupted' } });
  });
});
