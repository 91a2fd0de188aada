import { expect, test } from '@jest/globals';
import { stringify } from 'yaml';
import { sync } from '../../src/commands/sync.ts';
import { commandContext, requestOf } from '../helpers/commanding.ts';
import { makeDatabase } from '../helpers/database.ts';
import { startRemotesrv } from '../helpers/servers/remotesrv.ts';
import { tempFolder } from '../helpers/temp-folder.ts';

test('phases share engines: a run starts one for each change of credentials that it needs, and none to push nothing', async () => {
  await using folder = await tempFolder();
  await using server = await startRemotesrv(folder.path);
  const local = await makeDatabase(folder.file('local'));
  const url = (name: string) => `${server.url}/org/${name}`;
  const peers = stringify({ ann: url('ann'), bob: url('bob'), near: `file://${folder.file('near')}` });
  const of = (user: string) => ({ url: url(user), user, password: `secret-of-${user}` });
  const credentials = { text: stringify({ ann: of('ann'), bob: of('bob') }) };
  const run = async () => {
    let engines = 0;
    const context = {
      ...commandContext(folder, {}, []),
      onResource: ({ kind }: { readonly kind: string }) => {
        if (kind === 'process') engines += 1;
      },
    };
    const { result } = await sync(requestOf(peers, { credentials }), context);
    expect(result.peers.map(({ error, verified }) => [error, verified])).toEqual([...Array(3)].map(() => [null, true]));
    return [result.status, engines];
  };

  // The first one; the fetches of bob, ann and near, and the merge; the pushes to near, ann and bob; the proofs of bob,
  // ann and near, and the rest.
  const all = 1 + 3 + 2 + 2;
  expect(await run()).toEqual(['success', all]);
  expect(await run()).toEqual(['unchanged', 1 + 3]);
  await local.commit('a row', "INSERT INTO items VALUES (3, 'three', 'ann')");
  expect(await run()).toEqual(['success', all]);
});
