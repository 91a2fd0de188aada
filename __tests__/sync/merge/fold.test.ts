import { describe, expect, test } from '@jest/globals';
import { anotherSecond } from '../../helpers/another-second.ts';
import { cloneDatabase, makeDatabase, type TestDatabase } from '../../helpers/database.ts';
import { federateDatabase, filePeer } from '../../helpers/federating.ts';
import { type TempFolder, tempFolder } from '../../helpers/temp-folder.ts';

/** Databases with a mailbox each, all with one first commit; `names` in the order in which they are made. */
async function databases(folder: TempFolder, names: readonly string[]): Promise<Map<string, TestDatabase>> {
  const [first = '', ...others] = names;
  const made = new Map([[first, await makeDatabase(folder.file(first))]]);
  for (const name of names) await made.get(first)?.dolt('remote', 'add', `${name}box`, box(folder, name));
  for (const name of names) await made.get(first)?.dolt('push', `${name}box`, 'main');
  for (const name of others) made.set(name, await cloneDatabase(box(folder, name), folder.file(name)));
  return made;
}

const box = (folder: TempFolder, name: string): string => `file://${folder.file(`${name}.box`)}`;

async function deliver(folder: TempFolder, name: string, local: TestDatabase | undefined): Promise<void> {
  await local?.dolt('remote', 'add', 'own', box(folder, name));
  await local?.dolt('push', 'own', 'main');
}

describe('the fold', () => {
  test('two databases that fold the same two heads, seconds apart and with pull-only peers, make the same commit', async () => {
    await using folder = await tempFolder();
    const made = await databases(folder, ['north', 'south']);
    const [north, south] = [made.get('north'), made.get('south')];
    await north?.commit('n', "UPDATE items SET title = 'N' WHERE id = 1");
    await south?.commit('s', "UPDATE items SET owner = 'S' WHERE id = 1");
    await deliver(folder, 'north', north);
    await deliver(folder, 'south', south);
    const sync = (local: string, peer: string) =>
      federateDatabase({
        local: folder.file(local),
        tempDir: folder.file('tmp'),
        peers: [filePeer('other', folder.file(`${peer}.box`), 'upstream')],
      });

    const inNorth = await sync('north', 'south');
    // Dates in seconds or in the local clock would differ now.
    await anotherSecond();
    const inSouth = await sync('south', 'north');
    expect(inNorth.head).toBe(inSouth.head);
    expect(await north?.rows('SELECT committer, email, message FROM dolt_log LIMIT 1')).toEqual([
      {
        committer: 'dolt-federation',
        email: 'merge@dolt-federation.invalid',
        message: expect.stringMatching(/^federation merge v2\nengine: dolt [0-9]+\.[0-9]+$/),
      },
    ]);
  });

  test('three heads give one hash in every database, in any order of the peers', async () => {
    await using folder = await tempFolder();
    const names = ['a', 'b', 'c'];
    const made = await databases(folder, names);
    for (const [index, name] of names.entries()) {
      await made.get(name)?.commit(name, `INSERT INTO items VALUES (${10 + index}, '${name}', '${name}')`);
      await deliver(folder, name, made.get(name));
    }
    const heads = new Set<string>();
    for (const [index, name] of names.entries()) {
      const peers = names
        .filter((other) => other !== name)
        .map((other) => filePeer(other, folder.file(`${other}.box`), 'upstream'));
      const outcome = await federateDatabase({
        local: folder.file(name),
        tempDir: folder.file('tmp'),
        peers: index === 1 ? peers.reverse() : peers,
      });
      heads.add(outcome.head);
    }
    expect(heads.size).toBe(1);
    expect(await made.get('b')?.rows('SELECT title FROM items WHERE id >= 10 ORDER BY id')).toEqual(
      names.map((title) => ({ title })),
    );
  });

  test('a head that cannot be merged is left out with the heads that contain it, and the others are merged', async () => {
    await using folder = await tempFolder();
    const made = await databases(folder, ['ours', 'clean', 'clash', 'after']);
    await made.get('ours')?.commit('o', "UPDATE items SET title = 'O' WHERE id = 1");
    await made.get('clean')?.commit('c', "INSERT INTO items VALUES (20, 'clean', 'c')");
    await made.get('clash')?.commit('x', "UPDATE items SET title = 'X' WHERE id = 1");
    await deliver(folder, 'clean', made.get('clean'));
    await deliver(folder, 'clash', made.get('clash'));
    const after = made.get('after');
    await after?.dolt('pull', 'origin', 'main');
    await after?.dolt('remote', 'add', 'clash', box(folder, 'clash'));
    await after?.dolt('pull', 'clash', 'main');
    await after?.commit('a', "INSERT INTO items VALUES (21, 'after', 'a')");
    await deliver(folder, 'after', after);

    const outcome = await federateDatabase({
      local: folder.file('ours'),
      tempDir: folder.file('tmp'),
      peers: ['after', 'clash', 'clean'].map((name) => ({
        ...filePeer(name, folder.file(`${name}.box`)),
        strategy: 'manual',
      })),
    });
    expect(outcome.run('clash').failure?.code).toBe('conflict');
    expect(outcome.run('after').failure?.code).toBe('conflict');
    expect(outcome.run('clash').conflicts[0]).toMatchObject({ ours: { title: 'O' }, theirs: { title: 'X' } });
    expect(outcome.run('clean')).toMatchObject({ failure: null, verified: true, head: outcome.head });
    expect(await made.get('ours')?.rows('SELECT id FROM items WHERE id >= 20')).toEqual([{ id: 20 }]);
  });
});
