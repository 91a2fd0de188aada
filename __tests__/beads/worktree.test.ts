import { describe, expect, test } from '@jest/globals';
import { tempFolder } from '../helpers/temp-folder.ts';
import { ask, askPlace, EMBEDDED, type Files, writeFiles } from '../helpers/workspace.ts';

describe('a worktree', () => {
  const git = { 'main/.git/worktrees/wt/commondir': '../..\n', 'wt/.git': 'gitdir: %/repo/main/.git/worktrees/wt\n' };
  const bare = { 'p.git/worktrees/wt/commondir': '../..\n', 'wt/.git': 'gitdir: ../p.git/worktrees/wt' };
  const jj = { 'main/.jj/repo/': '', 'wt/.jj/repo': '../../main/.jj/repo' };
  const checkedOut = { 'wt/.beads/metadata.json': EMBEDDED, 'wt/.beads/config.yaml': 'x: 1', 'wt/sub/': '' };
  const data = (holder: string) => ({
    [`${holder}/.beads/metadata.json`]: EMBEDDED,
    [`${holder}/.beads/embeddeddolt/north/.dolt/noms/`]: '',
  });
  const inWorktree = { cwd: 'repo/wt/sub' };

  test.each<[string, Files, string, string]>([
    ['of a repository', git, 'main', 'main/.beads/embeddeddolt/north'],
    ['of a bare repository', bare, 'p.git', 'p.git/.beads/embeddeddolt/north'],
    ['of jujutsu', jj, 'main', 'main/.beads/embeddeddolt/north'],
  ])('%s uses the database of its repository, whether or not .beads is checked out', async (_, links, holder, real) => {
    await using folder = await tempFolder();
    await writeFiles(folder, { ...links, 'wt/sub/': '', ...data(holder) });
    expect(await ask(folder, inWorktree)).toBe(folder.file('repo', ...real.split('/')));
    await writeFiles(folder, checkedOut);
    expect(await ask(folder, inWorktree)).toBe(folder.file('repo', ...real.split('/')));
  });

  test('with a redirect follows it', async () => {
    await using folder = await tempFolder();
    await writeFiles(folder, {
      ...git,
      ...checkedOut,
      ...data('main'),
      ...data('third'),
      'wt/.beads/redirect': '../third/.beads',
    });
    expect(await ask(folder, inWorktree)).toBe(folder.file('repo', 'third', '.beads', 'embeddeddolt', 'north'));
  });

  test('with a redirect to a folder that is not a workspace is refused', async () => {
    await using folder = await tempFolder();
    await writeFiles(folder, { ...git, ...checkedOut, ...data('main'), 'wt/.beads/redirect': '\n../none' });
    const refused = { code: 'workspace-unknown', location: { file: folder.file('repo/wt/.beads/redirect'), line: 2 } };
    await expect(ask(folder, inWorktree)).rejects.toMatchObject(refused);
  });

  test('does not reach a main repository outside the workspace of the job', async () => {
    await using folder = await tempFolder();
    await writeFiles(folder, { ...git, ...checkedOut, ...data('main') });
    const asked = ask(folder, { ...inWorktree, ceiling: 'repo/wt' });
    await expect(asked).rejects.toMatchObject({ code: 'outside-workspace' });
  });

  test('uses its own database if it has one', async () => {
    await using folder = await tempFolder();
    await writeFiles(folder, { ...git, ...checkedOut, ...data('main'), ...data('wt') });
    expect(await ask(folder, inWorktree)).toBe(folder.file('repo', 'wt', '.beads', 'embeddeddolt', 'north'));
  });

  test('is refused and gets no clone of its own if no database exists', async () => {
    await using folder = await tempFolder();
    await writeFiles(folder, { ...git, ...checkedOut, 'main/.beads/metadata.json': EMBEDDED });
    await expect(ask(folder, inWorktree)).rejects.toMatchObject({
      code: 'workspace-unknown',
      hint: expect.stringContaining(folder.file('repo', 'main')),
    });
  });

  test('inside its repository uses the workspace of the repository', async () => {
    await using folder = await tempFolder();
    await writeFiles(folder, {
      ...data('main'),
      'main/.git/worktrees/w/commondir': '../..',
      'main/w/.git': 'gitdir: ../.git/worktrees/w',
    });
    const inside = { cwd: 'repo/main/w' };
    expect(await ask(folder, inside)).toBe(folder.file('repo', 'main', '.beads', 'embeddeddolt', 'north'));
  });

  test('a submodule is not a worktree', async () => {
    await using folder = await tempFolder();
    await writeFiles(folder, {
      ...checkedOut,
      'wt/.git': 'gitdir: ../main/.git/modules/wt',
      'main/.git/modules/wt/HEAD': 'x',
      ...data('main'),
    });
    expect(await ask(folder, inWorktree)).toBe(folder.file('repo', 'wt', '.beads', 'embeddeddolt', 'north'));
  });
});

describe('a redirect', () => {
  const data = (holder: string, name: string) => ({
    [`${holder}/metadata.json`]: EMBEDDED.replace('north', name),
    [`${holder}/embeddeddolt/north/.dolt/noms/`]: '',
    [`${holder}/embeddeddolt/south/.dolt/noms/`]: '',
  });

  test.each<[string, Files, string]>([
    [
      'is relative to the folder of .beads',
      { '.beads/redirect': '\n# moved\nother\n', ...data('other', 'south') },
      'other/embeddeddolt/south',
    ],
    ['may be absolute', { '.beads/redirect': '%/repo/other', ...data('other', 'south') }, 'other/embeddeddolt/south'],
    [
      'keeps the database name of its own workspace',
      { '.beads/redirect': 'other', ...data('.beads', 'north'), ...data('other', 'south') },
      'other/embeddeddolt/north',
    ],
    [
      'is followed once',
      { '.beads/redirect': 'other', 'other/redirect': 'third', ...data('other', 'south'), ...data('third', 'north') },
      'other/embeddeddolt/south',
    ],
    [
      'with only comments has no effect',
      { '.beads/redirect': '# other\n\n', ...data('.beads', 'north'), ...data('other', 'south') },
      '.beads/embeddeddolt/north',
    ],
  ])('%s', async (_, files, place) => {
    await using folder = await tempFolder();
    await writeFiles(folder, files);
    expect(await ask(folder)).toBe(folder.file('repo', ...place.split('/')));
  });

  test('to a folder that is not a workspace is ignored with a notice', async () => {
    await using folder = await tempFolder();
    await writeFiles(folder, { '.beads/redirect': 'empty', 'empty/': '', ...data('.beads', 'north') });
    expect(await askPlace(folder)).toMatchObject({
      path: folder.file('repo', '.beads', 'embeddeddolt', 'north'),
      notices: [{ code: 'workspace-unknown', message: expect.stringContaining(folder.file('repo', 'empty')) }],
    });
  });

  test('stays inside the workspace of the job, unless a variable names its target', async () => {
    await using folder = await tempFolder();
    await writeFiles(folder, { '.beads/redirect': '../outside', '../outside/metadata.json': EMBEDDED });
    const inJob = { ceiling: 'repo' };
    await expect(ask(folder, inJob)).rejects.toMatchObject({ code: 'outside-workspace' });
    const env = { BEADS_DIR: '%/outside' };
    expect(await ask(folder, { ...inJob, env })).toBe(folder.file('outside', 'embeddeddolt', 'north'));
    const untrusted = ask(folder, { ...inJob, env, untrusted: true });
    await expect(untrusted).rejects.toMatchObject({ code: 'outside-workspace' });
  });
});

describe('the search for a workspace', () => {
  test.each<[string, Files, string | null]>([
    ['ends at the root of the repository', { 'in/.git/': '' }, null],
    ['continues to the folders above without a repository', {}, '.beads/embeddeddolt/north'],
    ['skips a .beads without files of beads', { 'in/.beads/README.md': '' }, '.beads/embeddeddolt/north'],
  ])('%s', async (_, files, place) => {
    await using folder = await tempFolder();
    await writeFiles(folder, { ...files, 'in/deep/': '', '.beads/metadata.json': EMBEDDED, '.beads/config.yaml': '' });
    const found = await ask(folder, { cwd: 'repo/in/deep' });
    expect(found).toBe(place === null ? null : folder.file('repo', ...place.split('/')));
  });
});
