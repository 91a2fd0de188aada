import { expect, test } from '@jest/globals';
import { stringify } from 'yaml';
import { Failure } from '../../src/core/failure.ts';
import { NO_CREDENTIALS } from '../../src/dolt/engine-credentials.ts';
import { requireTableFiles } from '../../src/dolt/git-tables.ts';
import { NOWHERE } from '../../src/egress/host-rule.ts';
import { command } from '../helpers/commanding.ts';
import { makeDatabase, makeEmptyDatabase } from '../helpers/database.ts';
import { withEngines } from '../helpers/federating.ts';
import { git } from '../helpers/git.ts';
import { bareRepository } from '../helpers/servers/bare-repository.ts';
import { deleteTables, dropObjects, dropTables } from '../helpers/servers/git-tables.ts';
import { tempFolder } from '../helpers/temp-folder.ts';
import { failureOf } from '../helpers/thrown.ts';

const LIMIT = { milliseconds: 60_000, failure: () => new Failure('timeout', 'too slow') };

test('a git remote that lacks a table file of its manifest is not verified until all data is uploaded again', async () => {
  await using folder = await tempFolder();
  const local = await makeDatabase(folder.file('local'));
  const { path } = await bareRepository(folder.file('far.git'), { withBranch: true });
  const peers = stringify({ far: { endpoint: `git+file://${path}` } });
  const sync = async (drop: { readonly before?: string; readonly which?: (path: string) => boolean } = {}) => {
    let dropped: readonly string[] = [];
    const { result } = await command(folder, peers, {
      onEvent: ({ step }) => {
        if (step === drop.before && dropped.length === 0) dropped = dropTables(path, drop.which);
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
  const restoreObjects = dropObjects(path);
  expect((await sync()).far).toMatchObject({ status: 'unchanged', verified: true });
  restoreObjects();

  // The run pushes nothing, and the fetch was earlier.
  const later = await sync({ before: 'fetched' });
  expect(later.far).toMatchObject({ ...refused, state: 'up-to-date', pushedCommits: 0 });
  deleteTables(path);
  expect((await sync()).far).toMatchObject({ verified: true });
  expect((await sync({ before: 'fetched', which: (file) => file === 'manifest' })).far?.error).toMatchObject({
    code: 'missing-table-file',
    message: expect.stringContaining('no manifest'),
  });
});

test.each([
  ['only names, from a host that can omit contents', 'true'],
  ['all contents, from a host that cannot omit them', 'false'],
])('a machine without data of a git remote downloads %s', async (_, allowFilter) => {
  await using folder = await tempFolder();
  const local = await makeDatabase(folder.file('local'));
  await makeEmptyDatabase(folder.file('other'));
  const { path } = await bareRepository(folder.file('far.git'), { withBranch: true });
  await local.publish(`git+file://${path}`);
  await git(path, 'config', 'uploadpack.allowFilter', allowFilter);

  const place = { peer: 'far', url: `git+file://${path}`, ref: null, database: folder.file('other') };
  const check = () =>
    withEngines(folder.file('other'), folder.file('tmp'), (engines) =>
      engines.use(NO_CREDENTIALS, (engine) =>
        engine.runProgram(LIMIT, NOWHERE, (program) => requireTableFiles(place, program)),
      ),
    );
  await check();
  const restoreObjects = dropObjects(path);
  const withoutContents = await check().then(
    () => 'checked',
    () => 'refused',
  );
  restoreObjects();
  expect(withoutContents).toBe(allowFilter === 'true' ? 'checked' : 'refused');
  const [gone = ''] = dropTables(path);
  expect(await failureOf(check)).toMatchObject({
    code: 'missing-table-file',
    message: expect.stringContaining(gone.replace('.darc', '')),
  });
});
