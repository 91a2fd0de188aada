import { existsSync } from 'node:fs';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import { execa } from 'execa';
import { readEnv } from '../../src/core/env.ts';
import { processCommand } from '../../src/dolt/process.ts';
import { cleanUp, runPost } from '../../src/frontends/action/run-post.ts';
import type { Leftover } from '../../src/frontends/action/state.ts';
import { type TempFolder, tempFolder } from '../helpers/temp-folder.ts';

const warnings: string[] = [];
const before = { ...process.env };
afterEach(() => {
  warnings.length = 0;
  process.env = { ...before };
});

const clean = (leftovers: readonly Leftover[], root: string) =>
  cleanUp(leftovers, { env: readEnv(), roots: [root], warn: (message) => warnings.push(message) });

/** Folders that a forged list may name, made below a root and beside it. */
const FORGED: Readonly<Record<string, (folder: TempFolder) => Promise<string>>> = {
  'a folder of another step in RUNNER_TEMP': (folder) => made(folder.file('root', 'setup-cache')),
  'the files of the runner': (folder) => made(folder.file('root', '_runner_file_commands')),
  'a name that only starts correctly': (folder) => made(folder.file('root', 'df-abcdef-of-another')),
  'a folder behind a link': async (folder) => {
    await made(folder.file('home', 'df-abcdef'));
    await symlink(folder.file('home'), folder.file('root', 'link'));
    return folder.file('root', 'link', 'df-abcdef');
  },
  'a link with a valid name': async (folder) => {
    await made(folder.file('home', 'data'));
    await symlink(folder.file('home', 'data'), folder.file('root', 'df-abcdef'));
    return folder.file('root', 'df-abcdef');
  },
  'a file with a valid name': async (folder) => {
    await writeFile(folder.file('root', 'df-abcdef'), 'x');
    return folder.file('root', 'df-abcdef');
  },
  'a valid name beside the root': (folder) => made(folder.file('home', 'df-abcdef')),
};

async function made(path: string): Promise<string> {
  await mkdir(path, { recursive: true });
  await writeFile(join(path, 'data'), 'x');
  return path;
}

describe('a list of leftovers that another step wrote', () => {
  test.each(Object.entries(FORGED))('removes only folders of a run: %s', async (_, make) => {
    await using folder = await tempFolder();
    await mkdir(folder.file('root'));
    const path = await make(folder);
    await clean([{ kind: 'folder', path }], folder.file('root'));
    expect(existsSync(path)).toBe(true);
    expect(warnings).toEqual([expect.stringContaining('so it was not removed')]);
  });

  test.each(['/', '', '/usr/bin', 'df-abcdef'])(
    'ends no process that only has %j on its command line',
    async (name) => {
      await using folder = await tempFolder();
      const script = "setInterval(() => {}, 1000); console.log('up')";
      const child = execa(process.execPath, ['-e', script, `/usr/bin/${name}`], { reject: false, buffer: false });
      await new Promise((resolve) => child.stdout.once('data', resolve));
      const pid = child.pid ?? 0;
      await clean([{ kind: 'process', pid, folder: name }], folder.path);
      await clean([{ kind: 'process', pid, folder: folder.file('df-abcdef') }], folder.path);
      expect(await processCommand(pid, readEnv())).toContain('setInterval');
      expect(warnings).toEqual([expect.stringContaining(`process ${pid} was not stopped`)]);
      child.kill('SIGKILL');
      await child;
    },
  );

  test('does not let TMPDIR, which an earlier step can set, name a folder to remove', async () => {
    await using folder = await tempFolder();
    const path = await made(folder.file('home', 'df-abcdef'));
    await mkdir(folder.file('temp'));
    process.env = {
      ...{ PATH: before['PATH'], TMPDIR: folder.file('home'), RUNNER_TEMP: folder.file('temp') },
      'STATE_resource-0': JSON.stringify({ kind: 'folder', path }),
    };
    await runPost();
    expect(existsSync(path)).toBe(true);
  });

  test('removes the folders of a run in RUNNER_TEMP and beside a clone in the workspace', async () => {
    await using folder = await tempFolder();
    const paths = await Promise.all([
      made(folder.file('temp', 'df-abcdef')),
      made(folder.file('temp', 'df-install-abcdef')),
      made(folder.file('workspace', 'databases', '.dolt-federation-clone-abcdef')),
    ]);
    process.env = {
      ...{ PATH: before['PATH'], RUNNER_TEMP: folder.file('temp'), GITHUB_WORKSPACE: folder.file('workspace') },
      ...Object.fromEntries(
        paths.map((path, index) => [`STATE_resource-${index}`, JSON.stringify({ kind: 'folder', path })]),
      ),
    };
    await runPost();
    expect(paths.filter((path) => existsSync(path))).toEqual([]);
  });
});
