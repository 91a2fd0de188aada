import { expect, test } from '@jest/globals';
import { filePeer } from '../helpers/federating.ts';
import { mailbox } from '../helpers/mailbox.ts';
import { tempFolder } from '../helpers/temp-folder.ts';

const LEVELS = 40;

/** Views that each read the one before twice. Dolt would resolve all of them while it makes the last one, so the first is last. */
const nested = [
  ...Array.from({ length: LEVELS }, (_, level) => `CREATE VIEW v${level} AS SELECT 1 AS x`),
  ...Array.from({ length: LEVELS - 1 }, (_, index) => LEVELS - 1 - index).map(
    (level) => `CREATE OR REPLACE VIEW v${level} AS SELECT a.x FROM v${level - 1} a JOIN v${level - 1} b`,
  ),
];

test('nested views do not delay a later merge of another peer with rows in conflict', async () => {
  await using folder = await tempFolder();
  const box = await mailbox(
    folder,
    'CREATE TABLE documents (id INT PRIMARY KEY, body JSON)',
    "INSERT INTO documents VALUES (1, '{}')",
  );
  await box.send(...nested);
  const received = await box.receive({ options: { mergeTimeoutMs: 20_000 } });
  expect(received.run('partner').failure).toBeNull();

  const other = folder.file('other');
  await box.north.sql(
    `CALL DOLT_REMOTE('add', 'other', 'file://${other}')`,
    "UPDATE items SET title = 'theirs' WHERE id = 100",
    `UPDATE documents SET body = '{"a": 1}' WHERE id = 1`,
    "CALL DOLT_COMMIT('-A', '-m', 'innocent')",
    "CALL DOLT_PUSH('other', 'main')",
  );
  await box.keep(
    "UPDATE items SET title = 'ours' WHERE id = 100",
    `UPDATE documents SET body = '{"b": 2}' WHERE id = 1`,
  );
  const done = await box.receive({ others: [filePeer('other', other)], options: { mergeTimeoutMs: 20_000 } });
  expect(done.run('other')).toMatchObject({ failure: null, conflicts: [{ table: 'items' }] });
  expect(await box.south.rows('SELECT body FROM documents')).toEqual([{ body: { a: 1, b: 2 } }]);
});
