import { expect, test } from '@jest/globals';
import { stringify } from 'yaml';
import { command } from '../helpers/commanding.ts';
import { makeDatabase } from '../helpers/database.ts';
import { bareRepository } from '../helpers/servers/bare-repository.ts';
import { deleteTables, dropObjects, dropTables } from '../helpers/servers/git-tables.ts';
import { tempFolder } from '../helpers/temp-folder.ts';

const isTable = (path: string) => path !== 'manifest';

test('a git remote without a table file of its manifest is never verified, until everything was uploaded again', async () => {
  await using folder = await tempFolder();
  const local = await makeDatabase(folder.file('local'));
  const { path } = await bareRepository(folder.file('far.git'), { withBranch: true });
  const peers = stringify({ far: { endpoint: `git+file://${path}` } });
  const sync = async (drop: { readonly before?: string; readonly which?: (path: string) => boolean } = {}) => {
    let dropped: readonly string[] = [];
    const { result } = await command(folder, peers, {
      onEvent: ({ step }) => {
        if (step === drop.before && dropped.length === 0) dropped = dropTables(path, drop.which ?? isTable);
      },
    });
    return { far: result.peers[0], dropped };
  };
  const refused = { verified: false, status: 'failed', error: { code: 'missing-table-file' } };

  const pushed = await sync({ before: 'verifying' });
  expect(pushed.far).toMatchObject(refused);
  expect(pushed.dropped.length).toBeGreaterThan(0);
  const [name = ''] = pushed.dropped;
  expect(pushed.far?.error?.message).toMatch(/^the git repository of far names .* and does not have/);
  expect(pushed.far?.error?.message).toContain(name.replace('.darc', ''));
  expect((await sync()).far).toMatchObject(refused);

  deleteTables(path);
  expect((await sync()).far).toMatchObject({ status: 'pushed', verified: true, remoteHead: await local.head() });
  // The host could not send their content again: only names are read.
  const restoreObjects = dropObjects(path, isTable);
  expect((await sync()).far).toMatchObject({ status: 'unchanged', verified: true });
  restoreObjects();

  // Nothing is pushed, and the fetch was before.
  const later = await sync({ before: 'fetched' });
  expect(later.far).toMatchObject({ ...refused, state: 'up-to-date', pushedCommits: 0 });
  deleteTables(path);
  expect((await sync()).far).toMatchObject({ verified: true });
  expect((await sync({ before: 'fetched', which: (file) => file === 'manifest' })).far?.error).toMatchObject({
    code: 'missing-table-file',
    message: expect.stringContaining('no manifest'),
  });
});
