import { readdir, readFile } from 'node:fs/promises';
import { describe, expect, test } from '@jest/globals';
import { run } from '../../src/dolt/process.ts';
import { doltVersion, parseDoltVersion } from '../../src/dolt/version.ts';
import { testDolt } from '../helpers/dolt-binary.ts';
import { machine, program } from '../helpers/installing.ts';
import { releaseHost } from '../helpers/release-host.ts';
import { failureOf } from '../helpers/thrown.ts';

test.each([
  ['dolt version 2.3.0\n', '2.3.0'],
  ['dolt version 2.3.1-dev\r\n', '2.3.1-dev'],
  ['dolt version 2.3.0\nWarning: you are on an old version of Dolt.\n', '2.3.0'],
  ['dolt version 2.3.0', '2.3.0'],
  ['dolt version 2.3', null],
  ['dolt version v2.3.0\n', null],
  ['dolt version 2.3.0 (beta)\n', null],
  ['doltgres version 2.3.0\n', null],
  ['Warning\ndolt version 2.3.0\n', null],
  ['', null],
])('%j is parsed', (output, version) => {
  expect(parseDoltVersion(output)).toBe(version);
});

describe('the version of an executable', () => {
  test('is read from the real Dolt without a connection or a leftover file', async () => {
    await using host = await releaseHost();
    await using box = await machine({ HTTPS_PROXY: host.url, HTTP_PROXY: host.url });
    expect(await doltVersion(testDolt(), box.context)).toBe('2.3.0');
    expect(host.connections()).toBe(0);
    expect(await readdir(box.context.tempDir)).toEqual([]);
    expect((await readdir(box.folder.path)).sort()).toEqual(['bin', 'tmp']);
  });

  test('would cause a connection without these settings, so the test above can fail', async () => {
    await using host = await releaseHost();
    await using box = await machine();
    const env = { HOME: box.folder.path, HTTPS_PROXY: host.url, DOLT_DISABLE_EVENT_FLUSH: '1' };
    await run(testDolt(), ['version'], { env, cwd: box.folder.path });
    expect(host.connections()).toBeGreaterThan(0);
  });

  test('is read with settings of its own and without the secrets of the job', async () => {
    await using box = await machine({
      HOME: '/home/me',
      GITHUB_TOKEN: 'secret',
      DOLT_ROOT_PATH: '/home/me/.dolt-root',
    });
    const noted = box.folder.file('noted');
    const notes = ['env', 'cat "$DOLT_ROOT_PATH/.dolt/config_global.json"'].map((command) => `${command} >> ${noted}`);
    const path = await program(box.folder.file('dolt'), ...notes, 'echo dolt version 2.3.0');
    await doltVersion(path, box.context);
    const env = await readFile(noted, 'utf8');
    expect(env).toContain('DOLT_DISABLE_EVENT_FLUSH=1\n');
    expect(env).toContain(`DOLT_ROOT_PATH=${box.context.tempDir}/`);
    expect(env).toContain('{"metrics.disabled":"true","versioncheck.disabled":"true"}');
    expect(env).not.toMatch(/secret|dolt-root/);
  });

  test.each([
    ['fails', 'echo dolt version 2.3.0; exit 1', 'exit code 1'],
    ['is another program', 'echo hello', 'output "hello"'],
  ])('is an error if the program %s', async (_, line, said) => {
    await using box = await machine();
    const path = await program(box.folder.file('dolt'), line);
    const failure = await failureOf(doltVersion(path, box.context));
    expect(failure).toMatchObject({ code: 'dolt-not-found', message: expect.stringContaining(said) });
  });

  test('is an error if the program does not exist', async () => {
    await using box = await machine();
    const failure = await failureOf(doltVersion('/no/such/dolt', box.context));
    expect(failure).toMatchObject({
      code: 'dolt-not-found',
      message: '"/no/such/dolt" cannot be run: it or its interpreter does not exist',
    });
  });

  test('is not reported as missing after an interruption', async () => {
    await using box = await machine();
    const path = await program(box.folder.file('dolt'), `exec sleep 600`);
    const work = failureOf(doltVersion(path, box.context));
    box.interrupt();
    expect((await work).code).toBe('interrupted');
  });
});
