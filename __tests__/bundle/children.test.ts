import { chmod, readFile, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { readEnv } from '../../src/core/env.ts';
import { fakeRunner, TOKEN } from '../helpers/fake-runner.ts';
import { type TempFolder, tempFolder } from '../helpers/temp-folder.ts';

/** An executable of our own, which records the environment of main's child processes. */
async function program(folder: TempFolder, script: string): Promise<string> {
  const path = folder.file('program');
  await writeFile(path, `#!/bin/sh\n${script}\n`);
  await chmod(path, 0o755);
  return path;
}

describe('the child processes of a step', () => {
  test('inherit no secret, and the log masks the secret first', async () => {
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

  test('get an environment of their own, regardless of that of the job', async () => {
    await using folder = await tempFolder();
    const runner = await fakeRunner(folder);
    const dolt = await program(folder, `env > '${folder.file('environment')}'; exit 1`);
    const allowed = {
      LANG: 'C.UTF-8',
      HTTPS_PROXY: 'http://proxy.invalid',
      SSL_CERT_FILE: resolve('ca.pem'),
    };
    const names = ['AWS_SECRET_ACCESS_KEY', 'GOOGLE_APPLICATION_CREDENTIALS', 'AZURE_CLIENT_SECRET', 'SSH_AUTH_SOCK'];
    const others = [
      'ACTIONS_ID_TOKEN_REQUEST_TOKEN',
      'DOLT_REMOTE_PASSWORD',
      'GIT_ASKPASS',
      'GIT_SSH',
      'LD_PRELOAD_',
      'NODE_OPTIONS_',
      'FAR_TOKEN',
    ];
    const refused = Object.fromEntries([...names, ...others].map((name) => [name, 'canary-of-the-job']));
    const path = readEnv()['PATH'] ?? '';
    const peers = 'far: git+https://far.invalid/repo.git';
    const credentials = 'far: {url: "https://far.invalid", git-token: {env: FAR_TOKEN}}';
    const step = await runner.main({
      inputs: { command: 'status', 'dolt-path': dolt, peers, credentials },
      env: {
        ...allowed,
        SSL_CERT_FILE: 'ca.pem',
        ...refused,
        PATH: `bin:.::${path}:`,
        DOLT_FEDERATION_CREDENTIALS: 'canary-of-the-job',
      },
    });
    expect(step.exitCode).toBe(1);
    const environment = await readFile(folder.file('environment'), 'utf8');
    // Relative folders would have programs of the checkout.
    expect(environment).toContain(`PATH=${path}\n`);
    for (const [name, value] of Object.entries(allowed)) expect(environment).toContain(`${name}=${value}\n`);
    for (const name of ['HOME', 'TMPDIR', 'TMP', 'TEMP']) expect(environment).toContain(`\n${name}=${runner.temp}/`);
    expect(environment).not.toContain('canary-of-the-job');
    // The shell adds the last three.
    const own =
      /^(PATH|HOME|USERPROFILE|TMPDIR|TMP|TEMP|DOLT_[A-Z_]+|AWS_EC2_METADATA_DISABLED|GOGC|GIT_[A-Z0-9_]+|PWD|SHLVL|_)$/;
    const found = environment
      .trimEnd()
      .split('\n')
      .map((line) => line.slice(0, line.indexOf('=')));
    expect(found.filter((name) => !(name in allowed) && !own.test(name))).toEqual([]);
    expect(step.commands).toContainEqual({ command: 'add-mask', properties: {}, message: 'canary-of-the-job' });
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
