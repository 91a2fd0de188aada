import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { filePeer } from '../helpers/federating.ts';
import { mailbox } from '../helpers/mailbox.ts';
import { type Mailboxes, mailboxes } from '../helpers/mailboxes.ts';
import { type TempFolder, tempFolder } from '../helpers/temp-folder.ts';

const ALL = ['deletion', 'expressions', 'recreated', 'triggers', 'ignored-tables'] as const;
const UNCHECKED = 'SET foreign_key_checks = 0';
const OWN = "INSERT INTO items VALUES (5, 'five', 'sue')";

/** Foreign keys without their tables, and the message about each. */
const NO_TABLE = {
  'new-table': [
    'CREATE TABLE c (id INT PRIMARY KEY, p INT, FOREIGN KEY (p) REFERENCES nowhere (id))',
    'the foreign key c_ibfk_1 of c refers to nowhere, which does not exist',
  ],
  'another-spelling': [
    'CREATE TABLE c (id INT PRIMARY KEY, p INT, CONSTRAINT k FOREIGN KEY (p) REFERENCES PARENTS (id))',
    'the foreign key k of c refers to PARENTS, which does not exist',
  ],
} as const;

const KEY = 'CREATE TABLE c (id INT PRIMARY KEY, p INT, CONSTRAINT k FOREIGN KEY (p) REFERENCES parents (id))';
const [DROP, RENAME] = ['DROP TABLE parents', 'RENAME TABLE parents TO elders'];
/** A side that adds a foreign key, and one that removes its table. */
const APART: Readonly<Record<string, { readonly keeps: string; readonly sends: readonly string[] }>> = {
  'they-drop-the-table': { keeps: KEY, sends: [DROP] },
  'they-rename-the-table': { keeps: KEY, sends: [RENAME] },
  'we-drop-the-table': { keeps: DROP, sends: [KEY] },
  'we-rename-the-table-of-a-key-on-a-table-of-both': {
    keeps: RENAME,
    sends: [
      'ALTER TABLE items ADD COLUMN p INT',
      'ALTER TABLE items ADD CONSTRAINT k FOREIGN KEY (p) REFERENCES parents (id)',
    ],
  },
};

const SEED = ['CREATE TABLE parents (id INT PRIMARY KEY, v INT)', 'INSERT INTO parents VALUES (1, 1)'];
let folder: TempFolder;
let scene: Mailboxes;
beforeAll(async () => {
  folder = await tempFolder();
  const keys = Object.entries(NO_TABLE).map(
    ([name, [statement]]) => [name, { sends: [UNCHECKED, statement] }] as const,
  );
  scene = await mailboxes(folder, SEED, {
    ...Object.fromEntries(keys),
    ...APART,
    allowed: {
      sends: [
        'CREATE TABLE c (id INT PRIMARY KEY, p INT, FOREIGN KEY (p) REFERENCES parents (id), FOREIGN KEY (p) REFERENCES c (id))',
      ],
    },
  });
});
beforeEach(() => scene.startAgain());
afterAll(async () => {
  await scene[Symbol.asyncDispose]();
  await folder[Symbol.asyncDispose]();
});

describe('a foreign key that refers to no table', () => {
  test.each([
    ['as a fast-forward', []],
    ['as a merge', [OWN]],
  ] as const)('is blocked %s, and the next commit of ours reaches another peer', async (form, own) => {
    if (own.length > 0) await scene.keep(...own);
    const names = Object.keys(NO_TABLE);
    const { run } = await scene.receiveUnchanged(names, { accept: [...ALL] });
    expect(Object.fromEntries(names.map((name) => [name, run(name).failure]))).toMatchObject(
      Object.fromEntries(
        Object.entries(NO_TABLE).map(([name, [, says]]) => [
          name,
          { code: 'constraint-violation', message: expect.stringContaining(says) },
        ]),
      ),
    );
    const other = filePeer('other', folder.file(`other ${form}`));
    await scene.keep("UPDATE items SET title = 'mine' WHERE id = 104");
    expect((await scene.receive(names, { others: [other] })).run('other')).toMatchObject({
      failure: null,
      verified: true,
    });
  });

  test('does not block a head if its table exists or is its own', async () => {
    expect((await scene.receive(['allowed'])).run('allowed')).toMatchObject({ failure: null, pulledCommits: 1 });
  });
});

describe('a merge in which one side adds a foreign key and the other removes its table', () => {
  test.each(Object.entries(APART))('is blocked: %s', async (name, { keeps }) => {
    await scene.keep(keeps);
    const held = await scene.receiveUnchanged([name], { accept: [...ALL] });
    expect(held.run(name).failure).toMatchObject({
      code: 'constraint-violation',
      message: expect.stringMatching(
        /the foreign key k of (?:c|items) to parents, and the other side has no such table/i,
      ),
    });
  });

  test('loses the key in Dolt, which is the reason for the refusal', async () => {
    const commit = "CALL DOLT_COMMIT('-A', '-m', 'half')";
    await scene.sql("CALL DOLT_BRANCH('half')", KEY, commit);
    await scene.sql("CALL DOLT_CHECKOUT('half')", DROP, commit);
    await scene.sql("CALL DOLT_MERGE('half', '-m', 'both')");
    expect(JSON.stringify(await scene.rows('SHOW CREATE TABLE c'))).not.toContain('FOREIGN KEY');
  });

  test('is accepted if both removed the key and the table, or the table has another key', async () => {
    await using own = await tempFolder();
    const box = await mailbox(own, ...SEED, KEY);
    await box.keep('ALTER TABLE c ADD COLUMN note TEXT');
    await box.send('ALTER TABLE c DROP FOREIGN KEY k', 'DROP TABLE parents');
    expect((await box.receive({ accept: ['deletion'] })).run('partner')).toMatchObject({ failure: null });
  });
});
