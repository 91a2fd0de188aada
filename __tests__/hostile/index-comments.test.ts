import { expect, test } from '@jest/globals';
import { mailbox } from '../helpers/mailbox.ts';
import { tempFolder } from '../helpers/temp-folder.ts';

/** A functional index, made before the comment that hides it: Dolt could not parse its own text afterwards. */
const SLOW = "ALTER TABLE items ADD INDEX b1 ((LENGTH(title) + SLEEP(1))) COMMENT ', KEY zz (owner) COMMENT '";
const odd = (comment: string): string => `ALTER TABLE items ADD INDEX a1 (title) COMMENT ${comment}`;

test.each([
  ['a quote', [SLOW, odd("'it''s'")], false],
  ['a backslash, in a text that Dolt can parse', [SLOW, odd("'z\\\\'")], false],
  ['a quote, with commits of our own', [SLOW, odd("'it''s'")], true],
  [
    'a quote before a foreign key',
    [odd("'it''s'"), 'ALTER TABLE items ADD CONSTRAINT k FOREIGN KEY (id) REFERENCES parents (id)'],
    false,
  ],
])('the comment of an index hides no definition after it: %s', async (_, sends, isMerge) => {
  await using folder = await tempFolder();
  const rows = Array.from({ length: 40 }, (_row, index) => `(${index + 100})`).join();
  const box = await mailbox(folder, 'CREATE TABLE parents (id INT PRIMARY KEY)', `INSERT INTO parents VALUES ${rows}`);
  if (isMerge) await box.keep("UPDATE items SET owner = 'sue' WHERE id = 100");
  // One row, so that the index is made in a second.
  if (sends.includes(SLOW)) await box.north.sql('DELETE FROM items WHERE id > 100');
  await box.send(...sends);
  const held = await box.receiveUnchanged({ accept: ['deletion', 'expressions', 'recreated'] });
  expect(held.run('partner').failure).toMatchObject({
    code: 'dolt-defect',
    message: 'the comment of the index a1 of items contains a quote or a backslash, and this Dolt cannot print it',
    hint: expect.stringContaining('No `accept` allows this.'),
  });
});

test('a new expression after a comment of both sides is blocked', async () => {
  await using folder = await tempFolder();
  const box = await mailbox(folder, odd("'it''s'"));
  await box.send('ALTER TABLE items ADD COLUMN n INT DEFAULT (SLEEP(0))', 'DELETE FROM items WHERE id = 139');
  const held = await box.receiveUnchanged();
  expect(held.run('partner').failure).toMatchObject({
    code: 'peer-brings-code',
    message: expect.stringContaining('items that cannot be read because of quotes in names or comments'),
  });
});

test('rows of a table with such a comment are accepted', async () => {
  await using folder = await tempFolder();
  const box = await mailbox(folder, odd("'it''s'"));
  await box.keep("UPDATE items SET title = 'ours' WHERE id = 100");
  await box.send(
    "UPDATE items SET title = 'theirs' WHERE id = 101",
    "ALTER TABLE items ADD INDEX c1 (owner) COMMENT 'plain'",
  );
  expect((await box.receive()).run('partner').failure).toBeNull();
});
