import { readdir, stat, writeFile } from 'node:fs/promises';
import { describe, expect, test } from '@jest/globals';
import { cliPaths, prepareFolders } from '../../../src/frontends/cli/paths.ts';
import { prepared } from '../../helpers/command-line.ts';
import { tempFolder } from '../../helpers/temp-folder.ts';

const install = prepared(['install']);
const list = prepared(['list-peers']);

describe('the temporary folder of a command in a terminal', () => {
  test.each([
    [{}, '/home/u/.cache/dolt-federation'],
    [{ XDG_CACHE_HOME: '/cache' }, '/cache/dolt-federation'],
    [{ XDG_CACHE_HOME: 'relative' }, '/home/u/.cache/dolt-federation'],
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
    await prepareFolders(list, around);
    expect(await readdir(home.path)).toEqual([]);
    await prepareFolders(install, around);
    expect((await stat(around.tempDir)).mode & 0o777).toBe(0o700);
  });

  test('is refused with a solution if the cache folder cannot be created', async () => {
    await using home = await tempFolder();
    await writeFile(home.file('file'), '');
    const around = cliPaths({ env: { XDG_CACHE_HOME: home.file('file') }, cwd: home.path, home: home.path });
    await expect(prepareFolders(install, around)).rejects.toMatchObject({
      code: 'bad-usage',
      hint: expect.stringContaining('XDG_CACHE_HOME'),
    });
  });
});
