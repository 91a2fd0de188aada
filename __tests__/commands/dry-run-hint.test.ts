import { expect, test } from '@jest/globals';
import { command } from '../helpers/commanding.ts';
import { cloneDatabase, makeDatabase } from '../helpers/database.ts';
import { tempFolder } from '../helpers/temp-folder.ts';

test('the hint of a conflict in a dry run says to sync first, because nothing is recorded', async () => {
  await using folder = await tempFolder();
  const local = await makeDatabase(folder.file('local'));
  const url = `file://${folder.file('box')}`;
  await local.publish(url);
  const other = await cloneDatabase(url, folder.file('other'));
  await other.commit('theirs', "UPDATE items SET title = 'theirs' WHERE id = 1");
  await other.publish(url);
  await local.commit('ours', "UPDATE items SET title = 'ours' WHERE id = 1");
  const peers = `box: {endpoint: "${url}", conflict: manual}`;

  const dry = (await command(folder, peers, { dryRun: true })).result.peers[0];
  expect(dry?.error).toMatchObject({
    code: 'conflict',
    hint: expect.stringMatching(/^Run `dolt-federation sync` first/),
  });
  const real = (await command(folder, peers)).result.peers[0];
  expect(real?.error).toMatchObject({
    code: 'conflict',
    hint: expect.stringMatching(/^Run `dolt-federation resolve`/),
  });
});
