import { describe, expect, test } from '@jest/globals';
import { anotherSecond } from '../../helpers/another-second.ts';
import { federateDatabase, filePeer } from '../../helpers/federating.ts';
import { committing, scenario } from '../../helpers/scenario.ts';
import { tempFolder } from '../../helpers/temp-folder.ts';

/** Statements that commit, and push to a mailbox. */
const sent = (name: string, box: string, ...statements: readonly string[]) => [
  ...committing(name, statements),
  `CALL DOLT_PUSH('${box}', 'main')`,
];

describe('the fold', () => {
  test('two databases that fold the same two heads, seconds apart and with pull-only peers, make the same commit', async () => {
    await using folder = await tempFolder();
    const made = await scenario(folder)
      .database('north')
      .database('south')
      .mailbox('north-box')
      .mailbox('south-box')
      .build();
    const north = made.database('north');
    await north.sql(...sent('n', 'north-box', "UPDATE items SET title = 'N' WHERE id = 1"));
    await made.database('south').sql(...sent('s', 'south-box', "UPDATE items SET owner = 'S' WHERE id = 1"));
    const sync = (local: string, peer: string) =>
      federateDatabase({
        local: folder.file(local),
        tempDir: folder.file('tmp'),
        peers: [filePeer('other', folder.file(`${peer}-box`), 'upstream')],
      });

    const inNorth = await sync('north', 'south');
    // Dates in seconds or in the local clock would differ now.
    await anotherSecond();
    const inSouth = await sync('south', 'north');
    expect(inNorth.head).toBe(inSouth.head);
    expect(await north.rows('SELECT committer, email, message FROM dolt_log LIMIT 1')).toEqual([
      {
        committer: 'dolt-federation',
        email: 'merge@dolt-federation.invalid',
        message: expect.stringMatching(/^federation merge v2\nengine: dolt [0-9]+\.[0-9]+$/),
      },
    ]);
  });

  test('three heads give one hash in every database, in any order of the peers', async () => {
    await using folder = await tempFolder();
    const names = ['a', 'b', 'c'] as const;
    const made = await scenario(folder)
      .database('a')
      .database('b')
      .database('c')
      .mailbox('a-box')
      .mailbox('b-box')
      .mailbox('c-box')
      .build();
    for (const [index, name] of names.entries()) {
      const insert = `INSERT INTO items VALUES (${10 + index}, '${name}', '${name}')`;
      await made.database(name).sql(...sent(name, `${name}-box`, insert));
    }
    const heads = new Set<string>();
    for (const [index, name] of names.entries()) {
      const peers = names
        .filter((other) => other !== name)
        .map((other) => filePeer(other, folder.file(`${other}-box`), 'upstream'));
      const outcome = await federateDatabase({
        local: folder.file(name),
        tempDir: folder.file('tmp'),
        peers: index === 1 ? peers.reverse() : peers,
      });
      heads.add(outcome.head);
    }
    expect(heads.size).toBe(1);
    expect(await made.database('b').rows('SELECT title FROM items WHERE id >= 10 ORDER BY id')).toEqual(
      names.map((title) => ({ title })),
    );
  });

  test('a head that cannot be merged is left out with the heads that contain it, and the others are merged', async () => {
    await using folder = await tempFolder();
    const made = await scenario(folder)
      .database('ours', "UPDATE items SET title = 'O' WHERE id = 1")
      .database('clean')
      .database('clash')
      .database('after')
      .mailbox('clean-box')
      .mailbox('clash-box')
      .mailbox('after-box')
      .build();
    await made.database('clean').sql(...sent('c', 'clean-box', "INSERT INTO items VALUES (20, 'clean', 'c')"));
    await made.database('clash').sql(...sent('x', 'clash-box', "UPDATE items SET title = 'X' WHERE id = 1"));
    await made
      .database('after')
      .sql(
        "CALL DOLT_PULL('clash-box', 'main')",
        ...sent('a', 'after-box', "INSERT INTO items VALUES (21, 'after', 'a')"),
      );
    const sync = async (names: Readonly<Record<string, string>>) =>
      await federateDatabase({
        local: folder.file('ours'),
        tempDir: folder.file('tmp'),
        peers: Object.entries(names).map(([name, box]) => ({
          ...filePeer(name, folder.file(`${box}-box`), box === 'clash' ? 'upstream' : 'peer'),
          strategy: 'manual',
        })),
      });
    const outcome = await sync({ after: 'after', clash: 'clash', clean: 'clean' });
    expect(outcome.run('clash').failure?.code).toBe('conflict');
    expect(outcome.run('after').failure?.code).toBe('conflict');
    expect(outcome.run('clash').conflicts[0]).toMatchObject({ ours: { title: 'O' }, theirs: { title: 'X' } });
    expect(outcome.run('clean')).toMatchObject({ failure: null, verified: true, head: outcome.head });
    expect(await made.database('ours').rows('SELECT id FROM items WHERE id >= 20')).toEqual([{ id: 20 }]);

    // A later head has the refused one, and takes back what did not fit.
    const back = sent('b', 'after-box', "UPDATE items SET title = 'one' WHERE id = 1");
    await made.database('after').sql(...back);
    const decided = await sync({ clash: 'clash', last: 'after' });
    expect([decided.run('clash'), decided.run('last')]).toMatchObject([
      { failure: null, conflicts: [], verified: true },
      { failure: null, verified: true, head: decided.head },
    ]);
    expect(await made.database('ours').rows('SELECT id, title FROM items WHERE id IN (1, 20, 21) ORDER BY id')).toEqual(
      [
        { id: 1, title: 'O' },
        { id: 20, title: 'clean' },
        { id: 21, title: 'after' },
      ],
    );
  });
});
