import { describe, expect, test } from '@jest/globals';
import { tempFolder } from '../helpers/temp-folder.ts';
import { ask, EMBEDDED, type Files, lay } from '../helpers/workspace.ts';

describe('a worktree', () => {
  const git = { 'main/.git/worktrees/wt/commondir': '../..\n', 'wt/.git': 'gitdir: %/repo/main/.git/worktrees/wt\n' };
  const bare = { 'p.git/worktrees/wt/commondir': '../..\n', 'wt/.git': 'gitdir: ../p.git/worktrees/wt' };
  const jj = { 'main/.jj/repo/': '', 'wt/.jj/repo': '../../main/.jj/repo' };
  const checkedOut = { 'wt/.beads/metadata.json': EMBEDDED, 'wt/.beads/config.yaml': 'x: 1', 'wt/sub/': '' };
  const data = (holder: string) => ({
    [`${holder}/.beads/metadata.json`]: EMBEDDED,
    [`${holder}/.beads/embeddeddolt/north/.dolt/noms/`]: '',
  });
  const inWorktree = { workspace: 'wt/.beads', cwd: 'repo/wt/sub' };

  test.each<[string, Files, string, string]>([
    ['of a repository', git, 'main', 'main/.beads/embeddeddolt/north'],
    ['of a bare repository', bare, 'p.git', 'p.git/.beads/embeddeddolt/north'],
    ['of jujutsu', jj, 'main', 'main/.beads/embeddeddolt/north'],
  ])('%s is refused, whether or not .beads is checked out', async (_, links, holder, real) => {
    await using folder = await tempFolder();
    await lay(folder, { ...links, ...checkedOut, ...data(holder) });
    const refused = { code: 'workspace-unknown', message: expect.stringContaining(folder.file('repo', real)) };
    await expect(ask(folder, inWorktree)).rejects.toMatchObject(refused);
    await expect(ask(folder, { ...inWorktree, workspace: null })).rejects.toMatchObject(refused);
  });

  test('with a database of its own keeps it', async () => {
    await using folder = await tempFolder();
    await lay(folder, { ...git, ...checkedOut, ...data('main'), ...data('wt') });
    expect(await ask(folder, inWorktree)).toBe(folder.file('repo', 'wt', '.beads', 'embeddeddolt', 'north'));
  });

  test('gets no clone of its own, also where no database is anywhere', async () => {
    await using folder = await tempFolder();
    await lay(folder, { ...git, ...checkedOut, 'main/.beads/metadata.json': EMBEDDED });
    await expect(ask(folder, inWorktree)).rejects.toMatchObject({
      code: 'workspace-unknown',
      hint: expect.stringContaining(folder.file('repo', 'main')),
    });
  });

  test('inside of its repository finds the workspace of the repository', async () => {
    await using folder = await tempFolder();
    await lay(folder, {
      ...data('main'),
      'main/.git/worktrees/w/commondir': '../..',
      'main/w/.git': 'gitdir: ../.git/worktrees/w',
    });
    const inside = { workspace: 'main/.beads', cwd: 'repo/main/w' };
    expect(await ask(folder, inside)).toBe(folder.file('repo', 'main', '.beads', 'embeddeddolt', 'north'));
  });

  test('a submodule is none', async () => {
    await using folder = await tempFolder();
    await lay(folder, {
      ...checkedOut,
      'wt/.git': 'gitdir: ../main/.git/modules/wt',
      'main/.git/modules/wt/HEAD': 'x',
      ...data('main'),
    });
    expect(await ask(folder, inWorktree)).toBe(folder.file('repo', 'wt', '.beads', 'embeddeddolt', 'north'));
  });
});
