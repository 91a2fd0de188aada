import { expect, test } from '@jest/globals';
import { BEADS_TABLES, edit, issues } from '../helpers/beads-schema.ts';
import { branchHeads, resolveBranches, twoBranches } from '../helpers/workshop.ts';

const BASE = [...BEADS_TABLES, issues('x-1', 'x-2')];
const at = (day: number, lock: number) => ({ day, lock });
const LOCKS = 'SELECT id, title, description, row_lock NOT IN (0, 101, 102, 201, 202) AS fresh FROM issues';

test('a run under `manual` merges an issue of which both sides changed other columns, and computes its lock', async () => {
  const databases = await twoBranches(...BASE);
  await databases.edit([edit('x-1', "title = 'ann'", at(2, 101))], [edit('x-1', "description = 'bob'", at(2, 201))]);
  const progress = (await databases.run('south', { strategy: 'manual' })).run('north');
  expect([progress.failure, progress.conflicts]).toEqual([null, []]);
  expect(await databases.south.rows(`${LOCKS} WHERE id = 'x-1'`)).toMatchObject([
    { title: 'ann', description: 'bob', fresh: 1 },
  ]);
});

test('a person chooses no lock, neither in the report nor in the conflicts file', async () => {
  const ours = [edit('x-1', "title = 'ann'", at(2, 101)), edit('x-2', "title = 'ann'", at(2, 102))];
  const theirs = [edit('x-1', "title = 'bob'", at(2, 201)), edit('x-2', "description = 'bob'", at(2, 202))];
  const databases = await twoBranches(...BASE);
  await databases.edit(ours, theirs);
  const progress = (await databases.run('south', { strategy: 'manual' })).run('north');
  expect(progress.failure?.code).toBe('conflict');
  expect(progress.conflicts).toMatchObject([{ key: { id: 'x-1' }, columns: ['title'], left: true }]);

  const heads = await branchHeads({ base: BASE, ours, theirs });
  const { rows, read } = await resolveBranches(heads, (row) => ({ ...row, choose: 'theirs' }));
  expect(rows.map(({ key, cells }) => [key['id'], Object.keys(cells)])).toEqual([['x-1', ['title']]]);
  expect(await read(LOCKS.replace('issues', 'issues MERGED').concat(' ORDER BY id'))).toMatchObject([
    { id: 'x-1', title: 'bob' },
    { id: 'x-2', title: 'ann', description: 'bob', fresh: 1 },
  ]);
  expect(await read("SELECT row_lock FROM issues MERGED WHERE id = 'x-1'")).toEqual([{ row_lock: '201' }]);
});
