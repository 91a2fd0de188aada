import { existsSync } from 'node:fs';
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { execa } from 'execa';
import { makeDatabase, remoteHead } from '../helpers/database.ts';
import { testDolt } from '../helpers/dolt-binary.ts';
import { type FakeRunner, fakeRunner } from '../helpers/fake-runner.ts';
import { type TempFolder, tempFolder } from '../helpers/temp-folder.ts';

const FILES = ['GITHUB_OUTPUT', 'GITHUB_STATE', 'GITHUB_STEP_SUMMARY'] as const;

/** Replacements by an earlier step for a file that the runner makes for our step. */
const KINDS: Readonly<Record<string, (path: string) => Promise<unknown>>> = {
  'a FIFO without a reader': (path) => execa('mkfifo', [path]),
  'a link to a file of the user': (path) => symlink(join(path, '..', 'profile'), path),
  'a folder': (path) => mkdir(path),
  'a path that is missing': async () => undefined,
};

/** Runs `sync` with all three files replaced. */
async function syncWith(folder: TempFolder, runner: FakeRunner, kind: string) {
  await mkdir(folder.file('bad'));
  await writeFile(folder.file('bad', 'profile'), 'mine\n');
  const env: Record<string, string> = {};
  for (const name of FILES) {
    env[name] = folder.file('bad', name);
    await KINDS[kind]?.(folder.file('bad', name));
  }
  const inputs = { database: 'local', peers: `box: file://${folder.file('box')}`, 'dolt-path': testDolt() };
  return await runner.main({ inputs, env });
}

test.each(Object.keys(KINDS))(
  '%s for outputs, state and summary does not block a run and gets no text of it',
  async (kind) => {
    await using folder = await tempFolder();
    const runner = await fakeRunner(folder);
    const local = await makeDatabase(join(runner.workspace, 'local'));
    const step = await syncWith(folder, runner, kind);
    expect(step.exitCode).toBe(2);
    expect(step.stdout).toContain('GITHUB_OUTPUT');
    expect(step.stdout).toContain('title=bad-usage');
    const warnings = step.commands.filter(({ command }) => command === 'warning').map(({ message }) => message);
    expect(warnings).toContainEqual(expect.stringContaining('the post step cannot clean up'));
    expect(warnings).toContainEqual(expect.stringContaining('the job summary could not be written'));
    expect(await readFile(folder.file('bad', 'profile'), 'utf8')).toBe('mine\n');
    expect(await remoteHead(`file://${folder.file('box')}`, folder.file('look', 'local'))).toBe(await local.head());
  },
);

test('a FIFO as the event file does not block a job, and nothing is written', async () => {
  await using folder = await tempFolder();
  const runner = await fakeRunner(folder);
  await makeDatabase(join(runner.workspace, 'local'));
  await execa('mkfifo', [folder.file('event')]);
  const inputs = { database: 'local', peers: `box: file://${folder.file('box')}`, 'dolt-path': testDolt() };
  const step = await runner.main({ inputs, event: { name: 'push' }, env: { GITHUB_EVENT_PATH: folder.file('event') } });
  expect(step.stdout).toContain('Nothing is written');
  expect(existsSync(folder.file('box'))).toBe(false);
});
