import { expect, test } from '@jest/globals';
import { rowWrites } from '../../../src/dolt/rows/row-writes.ts';
import { tableShape } from '../../../src/dolt/schema/table-shape.ts';
import { makeDatabase } from '../../helpers/database.ts';
import { withDatabase } from '../../helpers/federating.ts';
import { tempFolder } from '../../helpers/temp-folder.ts';

test.each([
  { onto: 'writer', other: 'bystander' },
  { onto: 'bystander', other: 'writer' },
])('the commit that wrote a row is found through a merge onto the branch of the $onto', async ({ onto, other }) => {
  await using folder = await tempFolder();
  const local = await makeDatabase(folder.file('local'));
  const base = await local.head();
  await local.dolt('checkout', '-b', 'writer');
  await local.commit('wrote', "UPDATE items SET title = 'written' WHERE id = 1");
  const wrote = await local.head('writer');
  await local.dolt('checkout', '-b', 'bystander', base);
  await local.commit('elsewhere', "UPDATE items SET title = 'other' WHERE id = 2");
  await local.dolt('checkout', onto);
  await local.dolt('merge', '--no-ff', '-m', 'met', other);
  const head = await local.head(onto);

  await withDatabase(local.path, folder.file('tmp'), async (database) => {
    const shape = await tableShape(database, 'items');
    const history = { database: database.name, head, shape, columns: ['title'], keys: [{ id: '1' }] };
    const genuine = async (...since: string[]) =>
      [...(await rowWrites(database, { ...history, since })).values()].flat().filter(({ isMerge }) => !isMerge);
    expect(await genuine(base)).toMatchObject([{ commit: wrote, from: { title: 'one' }, to: { title: 'written' } }]);
    expect((await genuine()).map(({ commit }) => commit)).toEqual([wrote, base]);
  });
});
