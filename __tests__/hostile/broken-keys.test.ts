import { describe, expect, test } from '@jest/globals';
import { filePeer } from '../helpers/federating.ts';
import { mailbox } from '../helpers/mailbox.ts';
import { tempFolder } from '../helpers/temp-folder.ts';

const ALL = ['deletion', 'expressions', 'recreated', 'triggers', 'ignored-tables'] as const;
const UNCHECKED = 'SET foreign_key_checks = 0';
const OWN = "INSERT INTO items VALUES (5, 'five', 'sue')";

describe('a foreign key that refers to no table', () => {
  const forms: readonly (readonly [string, readonly string[], string])[] = [
    [
      'of a new table',
      [UNCHECKED, 'CREATE TABLE c (id INT PRIMARY KEY, p INT, FOREIGN KEY (p) REFERENCES nowhere (id))'],
      'the foreign key c_ibfk_1 of c refers to nowhere, which does not exist',
    ],
    [
      'to a table with another spelling',
      [UNCHECKED, 'CREATE TABLE c (id INT PRIMARY KEY, p INT, CONSTRAINT k FOREIGN KEY (p) REFERENCES PARENTS (id))'],
      'the foreign key k of c refers to PARENTS, which does not exist',
    ],
  ];
  test.each(
    forms.flatMap((form) => [[...form, 'as a fast-forward', false] as const, [...form, 'as a merge', true] as const]),
  )('%s is blocked: %#', async (_, sends, says, _form, isMerge) => {
    await using folder = await tempFolder();
    const box = await mailbox(folder, 'CREATE TABLE parents (id INT PRIMARY KEY)');
    if (isMerge) await box.keep(OWN);
    await box.send(...sends);
    const held = await box.receiveUnchanged({ accept: [...ALL] });
    expect(held.run('partner').failure).toMatchObject({
      code: 'constraint-violation',
      message: expect.stringContaining(says),
    });
    // The next commit of ours still works, and reaches another peer.
    const other = filePeer('other', folder.file('other-box'));
    await box.keep("UPDATE items SET title = 'mine' WHERE id = 104");
    expect((await box.receive({ others: [other] })).run('other')).toMatchObject({ failure: null, verified: true });
  });

  test('does not block a head if its table exists or is its own', async () => {
    await using folder = await tempFolder();
    const box = await mailbox(folder, 'CREATE TABLE parents (id INT PRIMARY KEY)');
    await box.send(
      'CREATE TABLE c (id INT PRIMARY KEY, p INT, FOREIGN KEY (p) REFERENCES parents (id), FOREIGN KEY (p) REFERENCES c (id))',
    );
    expect((await box.receive()).run('partner')).toMatchObject({ failure: null, pulledCommits: 1 });
  });
});

describe('a merge in which one side adds a foreign key and the other removes its table', () => {
  const KEY = ['CREATE TABLE c (id INT PRIMARY KEY, p INT, CONSTRAINT k FOREIGN KEY (p) REFERENCES parents (id))'];
  const SEED = ['CREATE TABLE parents (id INT PRIMARY KEY, v INT)', 'INSERT INTO parents VALUES (1, 1)'];
  test.each([
    ['they drop the table', KEY, ['DROP TABLE parents']],
    ['they rename the table', KEY, ['RENAME TABLE parents TO elders']],
    ['we drop the table', ['DROP TABLE parents'], KEY],
    [
      'we rename the table, and the key is on a table of both',
      ['RENAME TABLE parents TO elders'],
      [
        'ALTER TABLE items ADD COLUMN p INT',
        'ALTER TABLE items ADD CONSTRAINT k FOREIGN KEY (p) REFERENCES parents (id)',
      ],
    ],
  ])('is blocked if %s', async (_, keeps, sends) => {
    await using folder = await tempFolder();
    const box = await mailbox(folder, ...SEED);
    await box.keep(...keeps);
    await box.send(...sends);
    const held = await box.receiveUnchanged({ accept: [...ALL] });
    expect(held.run('partner').failure).toMatchObject({
      code: 'constraint-violation',
      message: expect.stringMatching(
        /the foreign key k of (?:c|items) to parents, and the other side has no such table/i,
      ),
    });
  });

  test('loses the key in Dolt, which is the reason for the refusal', async () => {
    await using folder = await tempFolder();
    const { north } = await mailbox(folder, ...SEED);
    await north.sql("CALL DOLT_BRANCH('other')", ...KEY, "CALL DOLT_COMMIT('-A', '-m', 'key')");
    await north.sql("CALL DOLT_CHECKOUT('other')", 'DROP TABLE parents', "CALL DOLT_COMMIT('-A', '-m', 'drop')");
    await north.sql("CALL DOLT_MERGE('other', '-m', 'both')");
    expect(JSON.stringify(await north.rows('SHOW CREATE TABLE c'))).not.toContain('FOREIGN KEY');
  });

  test('is accepted if both removed the key and the table, or the table has another key', async () => {
    await using folder = await tempFolder();
    const box = await mailbox(folder, ...SEED, ...KEY);
    await box.keep('ALTER TABLE c ADD COLUMN note TEXT');
    await box.send('ALTER TABLE c DROP FOREIGN KEY k', 'DROP TABLE parents');
    expect((await box.receive({ accept: ['deletion'] })).run('partner')).toMatchObject({ failure: null });
  });
});
