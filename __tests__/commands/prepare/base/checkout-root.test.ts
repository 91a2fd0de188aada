import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { expect, test } from '@jest/globals';
import { checkoutRoot } from '../../../../src/commands/prepare/base/checkout-root.ts';
import { tempFolder } from '../../../helpers/temp-folder.ts';

test.each<readonly [string, Readonly<Record<string, string>>, path: string, root: string | null]>([
  ['the workspace of the job', { '.git/HEAD': '' }, '.beads/config.yaml', '.'],
  ['a checkout in a folder of the workspace', { 'sub/.git/HEAD': '' }, 'sub/.beads/config.yaml', 'sub'],
  ['not a jujutsu repository, which a commit can contain', { '.git/HEAD': '', '.beads/.jj/repo': 'x' }, '.beads', '.'],
  [
    'not a submodule, whose files belong to another repository',
    { '.git/HEAD': '', '.git/modules/b/HEAD': '', '.beads/.git': 'gitdir: ../.git/modules/b' },
    '.beads/config.yaml',
    '.',
  ],
  [
    'a linked worktree',
    { 'main/.git/worktrees/w/commondir': '../..', 'w/.git': 'gitdir: ../main/.git/worktrees/w' },
    'w/.beads',
    'w',
  ],
  ['not a link to a folder with a checkout', { '.git/HEAD': '', other: 'link: .' }, 'other/.beads', '.'],
  ['the workspace, if it contains no checkout', {}, 'sub/.beads', '.'],
  ['null outside of the workspace', {}, '../.beads', null],
])('the root of the checkout is %s', async (_, files, path, root) => {
  await using folder = await tempFolder();
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(folder.file('job', name)), { recursive: true });
    const [, target] = /^link: (.+)$/.exec(text) ?? [];
    if (target === undefined) await writeFile(folder.file('job', name), text);
    else await symlink(target, folder.file('job', name));
  }
  const found = await checkoutRoot(folder.file('job', path), folder.file('job'));
  expect(found).toBe(root === null ? null : folder.file('job', root).replace(/\/\.$/, ''));
});
