import { expect, test } from '@jest/globals';
import { stringify } from 'yaml';
import { command } from '../helpers/commanding.ts';
import type { TestDatabase } from '../helpers/database.ts';
import { scenario } from '../helpers/scenario.ts';
import { tempFolder } from '../helpers/temp-folder.ts';

const title = (text: string) => `UPDATE items SET title = '${text}' WHERE id = 1`;
const titleOf = async (local: TestDatabase) => (await local.rows('SELECT title FROM items WHERE id = 1'))[0]?.['title'];

test('a merge that another database made under `newest` is named under `manual`, and a later conflict is unresolved', async () => {
  await using folder = await tempFolder();
  const made = await scenario(folder).database('manual').database('newest').mailbox('box').build();
  const [manual, newest, endpoint] = [made.database('manual'), made.database('newest'), made.mailbox('box').url];
  const run = async (database: 'manual' | 'newest') =>
    (await command(folder, stringify({ box: endpoint }), { database, overrides: { strategy: database } })).result;

  // The database under `manual` pushes first, so the other one merges.
  await manual.commit('one', title('manual 1'));
  await newest.commit('two', title('newest 1'));
  expect(await run('manual')).toMatchObject({ peers: [{ status: 'pushed' }] });
  expect(await run('newest')).toMatchObject({ peers: [{ status: 'synced' }], problems: [] });
  const received = await run('manual');
  expect(received.peers).toMatchObject([{ status: 'pulled', conflicts: [{ elsewhere: true }] }]);
  expect(received.problems).toMatchObject([
    {
      code: 'merged-elsewhere',
      severity: 'warning',
      peer: 'box',
      message: expect.stringMatching(/^1 row of this database/),
    },
  ]);
  expect(await titleOf(manual)).toBe(await titleOf(newest));
  expect(await run('manual')).toMatchObject({ status: 'unchanged', problems: [] });

  // The other one pushes first, so a person decides.
  await newest.commit('three', title('newest 2'));
  await manual.commit('four', title('manual 2'));
  expect(await run('newest')).toMatchObject({ peers: [{ status: 'pushed' }] });
  for (const _ of [1, 2]) {
    const asked = await run('manual');
    expect(asked).toMatchObject({ status: 'conflict', open: 1, peers: [{ error: { code: 'conflict' } }] });
    expect(await run('newest')).toMatchObject({ status: 'unchanged' });
  }
  expect([await titleOf(manual), await titleOf(newest)]).toEqual(['manual 2', 'newest 2']);
});
