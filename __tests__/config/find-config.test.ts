import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { describe, expect, test } from '@jest/globals';
import { type ConfigurationContext, findConfig } from '../../src/config/find-config.ts';
import { contextIn, refusal } from '../helpers/configuring.ts';
import { type TempFolder, tempFolder } from '../helpers/temp-folder.ts';

/** local/.beads/config.yaml, local/sub/deep, local/hollow/.beads, empty/.beads, home/.config/bd/config.yaml, xdg/bd/config.yaml */
async function tree(folder: TempFolder): Promise<void> {
  for (const path of [
    'local/.beads',
    'local/sub/deep',
    'local/hollow/.beads',
    'empty/.beads',
    'plain',
    'home/.config/bd',
    'xdg/bd',
  ]) {
    await mkdir(folder.file(path), { recursive: true });
  }
  await writeFile(folder.file('local', '.beads', 'config.yaml'), '');
  for (const path of ['home/.config/bd', 'xdg/bd'])
    await writeFile(folder.file(path, 'config.yaml'), 'sync.mode: dolt-native\n');
}

describe('the search for the configuration', () => {
  const rows: readonly (readonly [string, string, string | null, boolean, string | null, string | null])[] = [
    ['in the folder', 'local', null, false, 'local/.beads/config.yaml', 'local/.beads'],
    ['upward', 'local/sub/deep', null, false, 'local/.beads/config.yaml', 'local/.beads'],
    ['upward to the ceiling', 'local/sub', 'local', false, 'local/.beads/config.yaml', 'local/.beads'],
    ['never above the ceiling', 'local/sub/deep', 'local/sub', false, null, null],
    ['only in the working directory under a ceiling elsewhere', 'local/sub', 'plain', false, null, null],
    ['nowhere in an empty workspace', 'empty', 'empty', false, null, 'empty/.beads'],
    [
      'not hidden by an empty folder with the name .beads',
      'local/hollow',
      null,
      false,
      'local/.beads/config.yaml',
      'local/.beads',
    ],
    ["in the user's file", 'plain', 'plain', true, 'home/.config/bd/config.yaml', null],
    ["not in the user's file if it may not be read", 'plain', 'plain', false, null, null],
    ["in the database before the user's file", 'local', null, true, 'local/.beads/config.yaml', 'local/.beads'],
  ];
  test.each(rows)('%s', async (_, cwd, ceiling, userHome, file, workspace) => {
    await using folder = await tempFolder();
    await tree(folder);
    const full = (path: string | null) => (path === null ? null : folder.file(path));
    const context: ConfigurationContext = {
      cwd: folder.file(cwd),
      ceiling: full(ceiling),
      userHome,
      env: { HOME: folder.file('home') },
    };
    expect(await findConfig(context, undefined)).toEqual({
      file: full(file),
      workspace: full(workspace),
      redirect: null,
    });
  });

  test('XDG_CONFIG_HOME counts before HOME', async () => {
    await using folder = await tempFolder();
    await tree(folder);
    const env = { HOME: folder.file('home'), XDG_CONFIG_HOME: folder.file('xdg') };
    const cwd = folder.file('plain');
    const found = await findConfig({ cwd, ceiling: cwd, userHome: true, env }, undefined);
    expect(found.file).toBe(folder.file('xdg/bd/config.yaml'));
  });

  test.each<[string, string, boolean]>([
    ['with settings of bd only', 'metrics:\n    notice_shown: true\n', false],
    ['with one of our sections', 'metrics: {disabled: true}\nfederation: {remote: "file:///x"}\n', true],
    ['with a misspelt section', 'Federation: {remote: "file:///x"}\n', true],
    ['that is not valid YAML', 'metrics: [\n', true],
  ])("the user's file %s", async (_, text, counts) => {
    await using folder = await tempFolder();
    await tree(folder);
    const file = folder.file('home', '.config', 'bd', 'config.yaml');
    await writeFile(file, text);
    const cwd = folder.file('plain');
    const found = await findConfig(
      { cwd, ceiling: cwd, userHome: true, env: { HOME: folder.file('home') } },
      undefined,
    );
    expect(found.file).toBe(counts ? file : null);
  });

  test('a named file is relative to the working directory and must exist', async () => {
    await using folder = await tempFolder();
    await tree(folder);
    const context = contextIn(folder.file('plain'));
    expect((await findConfig(context, '../xdg/bd/config.yaml')).file).toBe(folder.file('xdg/bd/config.yaml'));
    const failure = await refusal(() => findConfig(context, 'none.yaml'));
    expect(failure).toMatchObject({ code: 'config-not-found', message: expect.stringContaining('none.yaml') });
  });

  test('a broken link is found, and reading it reports the error', async () => {
    await using folder = await tempFolder();
    await mkdir(folder.file('.beads'));
    await symlink(folder.file('gone'), folder.file('.beads/config.yaml'));
    expect((await findConfig(contextIn(folder.path), undefined)).file).toBe(folder.file('.beads/config.yaml'));
  });
});
