import { expect, test } from '@jest/globals';
import type { Engines } from '../../src/dolt/server/engines.ts';
import { branchesOf, missing } from '../helpers/branches.ts';
import { cloneDatabase, makeDatabase, type TestDatabase } from '../helpers/database.ts';
import { federateDatabase, federateIn, filePeer, withEngines } from '../helpers/federating.ts';
import { tempFolder } from '../helpers/temp-folder.ts';

/** Runs `write` between two engines, once, after it is next wanted. */
function withGap(engines: Engines, gap: { wanted: boolean; readonly write: () => Promise<unknown> }): Engines {
  return {
    ...engines,
    async use(engineCredentials, work) {
      if (gap.wanted) {
        gap.wanted = false;
        await engines.close();
        await gap.write();
      }
      return await engines.use(engineCredentials, work);
    },
  };
}

const WRITERS: readonly (readonly [string, string, (town: TestDatabase) => Promise<unknown>])[] = [
  ['a commit', 'contention', (town) => town.commit('meanwhile', "INSERT INTO items VALUES (7, 'seven', 'eve')")],
  ['an uncommitted change', 'uncommitted-changes', (town) => town.sql("INSERT INTO items VALUES (7, 'seven', 'eve')")],
];

test.each(WRITERS)('%s between two engines: nothing is lost, and it is reported', async (what, code, write) => {
  await using folder = await tempFolder();
  const town = await makeDatabase(folder.file('town'));
  const at = { tempDir: folder.file('tmp'), peers: [filePeer('box', folder.file('box'))] };
  await federateDatabase({ town: town.path, ...at });
  const other = await cloneDatabase(`file://${folder.file('box')}`, folder.file('other'));
  const theirs = await other.commit('theirs', "UPDATE items SET owner = 'cid' WHERE id = 1");
  await other.dolt('push', 'origin', 'main');
  const ours = await town.commit('ours', "UPDATE items SET title = 'uno' WHERE id = 1");

  const gap = { wanted: false, write: () => write(town) };
  const first = await withEngines(town.path, at.tempDir, (engines) =>
    federateIn(withGap(engines, gap), {
      peers: at.peers,
      onEvent({ step }) {
        if (step === 'verifying') gap.wanted = true;
      },
    }),
  );
  expect(first.run('box')).toMatchObject({ verified: true, pushedCommits: 2, failure: { code } });
  expect(first.head).toBe(await town.head());
  expect(await branchesOf(town)).toEqual({ main: first.head });
  expect(await town.rows('SELECT title FROM items WHERE id = 7')).toEqual([{ title: 'seven' }]);

  if (what !== 'a commit') await town.commit('at last');
  const second = await federateDatabase({ town: town.path, ...at });
  expect(second.run('box')).toMatchObject({ failure: null, verified: true, head: await town.head() });
  expect(await missing(town, second.head, [ours, theirs, first.head])).toEqual([]);
  expect(await town.rows('SELECT COUNT(*) AS n FROM items')).toEqual([{ n: 3 }]);
});
