import { chmod, mkdir, readdir, stat, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import type { PreparedCommand } from '../../../src/commands/command.ts';
import { cliPaths, prepareFolders } from '../../../src/frontends/cli/paths.ts';
import { prepared } from '../../helpers/command-line.ts';
import { tempFolder } from '../../helpers/temp-folder.ts';

const install = prepared(['install']);
const list = prepared(['list-peers']);

/** Prepares the folders. @returns the warnings */
async function prepare(command: PreparedCommand, around: ReturnType<typeof cliPaths>): Promise<readonly string[]> {
  const warnings: string[] = [];
  await prepareFolders(command, around, { debug() {}, info() {}, warning: (text) => void warnings.push(text) });
  return warnings;
}

describe('the temporary folder of a command in a terminal', () => {
  test.each([
    [{}, '/home/u/.cache/dolt-federation'],
    [{ XDG_CACHE_HOME: '/cache' }, '/cache/dolt-federation'],
  ])('with %j is below %s', (env, folder) => {
    expect(cliPaths({ env, cwd: '/w', home: '/home/u' })).toEqual({
      env,
      cwd: '/w',
      ceiling: null,
      tempDir: `${folder}/tmp`,
      toolCacheDir: `${folder}/tools`,
      cloneDir: null,
      stateDir: '/home/u/.local/state/dolt-federation',
      userHome: true,
    });
  });

  test('is private for a command with a Dolt, and is not created for others', async () => {
    await using home = await tempFolder();
    const around = cliPaths({ env: {}, cwd: home.path, home: home.path });
    await prepare(list, around);
    expect(await readdir(home.path)).toEqual([]);
    expect(await prepare(install, around)).toEqual([]);
    expect((await stat(around.tempDir)).mode & 0o777).toBe(0o700);
  });

  test('is refused with a solution if the cache folder cannot be created', async () => {
    await using home = await tempFolder();
    await writeFile(home.file('file'), '');
    const around = cliPaths({ env: { XDG_CACHE_HOME: home.file('file') }, cwd: home.path, home: home.path });
    await expect(prepare(install, around)).rejects.toMatchObject({
      code: 'bad-usage',
      hint: expect.stringContaining('XDG_CACHE_HOME'),
    });
  });

  test.each(['tmp', 'runs', 'tools'])('is refused if %s is a link, and nothing behind it is used', async (name) => {
    await using home = await tempFolder();
    const cache = home.file('.cache', 'dolt-federation');
    await mkdir(cache, { recursive: true });
    await mkdir(home.file('victim'));
    await symlink(home.file('victim'), `${cache}/${name}`);
    const around = cliPaths({ env: {}, cwd: home.path, home: home.path });
    await expect(prepare(install, around)).rejects.toMatchObject({
      code: 'file-owner',
      message: expect.stringContaining(`${cache}/${name} `),
    });
    expect(await readdir(home.file('victim'))).toEqual([]);
  });

  test('does not hide that others can replace the tools beside it', async () => {
    await using home = await tempFolder();
    await chmod(home.path, 0o755);
    const around = cliPaths({ env: {}, cwd: home.path, home: home.path });
    await prepare(install, around);
    for (const [path, mode] of [
      ['..', 0o755],
      ['../..', 0o755],
      ['.', 0o777],
    ] as const)
      await chmod(join(around.toolCacheDir, path), mode);
    expect(await prepare(install, around)).toEqual([expect.stringContaining(`${around.toolCacheDir} is not safe`)]);
    // The installation warns of the temporary folder, which has the same risk.
    await chmod(dirname(around.toolCacheDir), 0o777);
    expect(await prepare(install, around)).toEqual([]);
  });
});
