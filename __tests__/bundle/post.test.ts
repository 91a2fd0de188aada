import { existsSync, watch } from 'node:fs';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { execa } from 'execa';
import { readEnv } from '../../src/core/env.ts';
import { processCommand } from '../../src/dolt/process.ts';
import { rememberResources } from '../../src/frontends/action/state.ts';
import { makeDatabase } from '../helpers/database.ts';
import { testDolt } from '../helpers/dolt-binary.ts';
import { fakeRunner } from '../helpers/fake-runner.ts';
import { readKeyValues } from '../helpers/runner-protocol.ts';
import { tempFolder } from '../helpers/temp-folder.ts';

describe('the post step', () => {
  test('removes the files of a main step that was killed', async () => {
    await using folder = await tempFolder();
    const runner = await fakeRunner(folder);
    const local = await makeDatabase(join(runner.workspace, 'local'));
    const peers = `mailbox: file://${folder.file('mailbox')}`;
    const { running } = await runner.start({ inputs: { database: 'local', peers, 'dolt-path': testDolt() } });
    const state = await stateWith(runner.stateFile, '"kind":"process"');
    running.kill('SIGKILL');
    await running;

    const post = await runner.post(state);
    expect(post.exitCode).toBe(0);
    expect((await readdir(runner.temp)).filter((name) => name.startsWith('df-'))).toEqual([]);
    for (const { pid } of Object.values(state).map((value) => JSON.parse(value))) {
      if (pid !== undefined) expect(await processCommand(pid, readEnv())).toBeNull();
    }
    expect(await local.head()).toMatch(/^[0-9a-v]{32}$/);
  });

  test('ends a process of the run, and does nothing the second time', async () => {
    await using folder = await tempFolder();
    const runner = await fakeRunner(folder);
    const own = join(runner.temp, 'df-abcdef');
    await mkdir(own);
    const child = execa(process.execPath, ['-e', 'setInterval(() => {}, 1000)', join(own, 'server.yaml')], {
      reject: false,
    });
    const remember = rememberResources({ GITHUB_STATE: runner.stateFile, RUNNER_TEMP: runner.temp });
    process.env['GITHUB_STATE'] = runner.stateFile;
    await writeFile(runner.stateFile, '');
    // As with 1,000 peers that have an engine each. Post is a program of its own: Linux limits its variables.
    for (let made = 0; made < 2_500; made += 1)
      remember({ kind: 'folder', path: join(runner.temp, `df-${String(made).padStart(6, '0')}`) });
    remember({ kind: 'folder', path: own });
    remember({ kind: 'process', pid: child.pid ?? 0, folder: own });
    delete process.env['GITHUB_STATE'];
    const written = await readFile(runner.stateFile, 'utf8');
    expect(written.length).toBeLessThan(2_500 * 1_000);
    const state = readKeyValues(written);
    expect((await runner.post(state)).exitCode).toBe(0);
    expect((await child).signal).toBe('SIGTERM');
    expect(existsSync(own)).toBe(false);
    const again = await runner.post(state);
    expect(again).toMatchObject({ exitCode: 0, commands: [] });
  });

  test('does nothing after a run that ended normally', async () => {
    await using folder = await tempFolder();
    const runner = await fakeRunner(folder);
    await makeDatabase(join(runner.workspace, 'local'));
    const peers = `mailbox: file://${folder.file('mailbox')}`;
    // The path is too long for a socket, so that the folder of the socket is below TMPDIR, which post leaves alone.
    const temp = join(runner.temp, 'l'.repeat(100));
    await mkdir(temp);
    const inputs = { database: 'local', peers, 'dolt-path': testDolt() };
    const main = await runner.main({ inputs, env: { RUNNER_TEMP: temp } });
    expect((await readdir(temp)).every((name) => name.startsWith('dolt-federation-result-'))).toBe(true);
    expect(await runner.post(main.state)).toMatchObject({ exitCode: 0, commands: [] });
  });

  test.each(['{', '{"kind":"folder"}', '{"kind":"process","pid":1}', '"x"'])(
    'never fails the job: it warns about the state %s',
    async (resource) => {
      await using folder = await tempFolder();
      const post = await (await fakeRunner(folder)).post({ 'resource-0': resource });
      expect(post.exitCode).toBe(0);
      expect(post.commands).toEqual([expect.objectContaining({ command: 'warning' })]);
    },
  );
});

/** The state that main has written, as soon as it holds some text. */
async function stateWith(file: string, text: string): Promise<Record<string, string>> {
  const changes = watch(file);
  try {
    await new Promise<void>((resolve, reject) => {
      const look = () => {
        readFile(file, 'utf8').then((state) => (state.includes(text) ? resolve() : undefined), reject);
      };
      changes.on('change', look);
      look();
    });
    return readKeyValues(await readFile(file, 'utf8'));
  } finally {
    changes.close();
  }
}
