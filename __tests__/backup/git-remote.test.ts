import { expect, test } from '@jest/globals';
import { backUp, remoteRefs } from '../helpers/backing-up.ts';
import { makeDatabase } from '../helpers/database.ts';
import { bareRepository } from '../helpers/servers/bare-repository.ts';
import { deleteTables, dropTables } from '../helpers/servers/git-tables.ts';
import { tempFolder } from '../helpers/temp-folder.ts';

test('a backup in a git repository that lacks files of the tag is no copy, even without a drill', async () => {
  await using folder = await tempFolder();
  const local = await makeDatabase(folder.file('local'));
  const head = await local.head();
  const { path } = await bareRepository(folder.file('far.git'), { withBranch: true });
  const url = `git+file://${path}`;
  const peers = `far: {endpoint: "${url}", role: backup}`;
  const elsewhere = `far: {endpoint: "${url}", role: backup, ref: refs/dolt/elsewhere}`;

  let readings = 0;
  const lost = await backUp(folder, peers, {
    drill: 'off',
    onEvent: ({ step, detail }) => {
      if (step !== 'fetching' || detail !== 'the tag v1') return;
      readings += 1;
      // The second reading is after the push of the tag.
      if (readings === 2) dropTables(path);
    },
  });
  expect(readings).toBe(2);
  expect(lost.result).toMatchObject({
    status: 'failed',
    peers: [{ name: 'far', status: 'failed', verified: false, error: { code: 'missing-table-file' } }],
    backup: { copies: 0 },
  });
  expect(lost.result.peers[0]?.error?.message).toMatch(/^the git repository of far names /);

  deleteTables(path);
  const { result } = await backUp(folder, peers, { drill: 'full' });
  const drill = { kind: 'proven', tag: 'pushed', tables: [{ name: 'items', rows: 2 }] };
  expect(result).toMatchObject({ status: 'success', peers: [{ name: 'far', drill }], backup: { copies: 1 } });
  expect(await remoteRefs(folder, url)).toEqual({ main: head, tags: { v1: head } });
  const other = await backUp(folder, elsewhere, { drill: 'head' });
  expect(other.result).toMatchObject({ status: 'success', peers: [{ drill: { kind: 'proven', tag: 'pushed' } }] });
});
