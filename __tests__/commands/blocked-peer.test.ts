import { expect, test } from '@jest/globals';
import { exitCodeOf } from '../../src/commands/outcome/exit-code.ts';
import { EXIT } from '../../src/contract/exit-codes.ts';
import { runResultSchema } from '../../src/contract/result.ts';
import { command } from '../helpers/commanding.ts';
import { mailbox } from '../helpers/mailbox.ts';
import { tempFolder } from '../helpers/temp-folder.ts';

const MIGRATIONS = [
  'CREATE TABLE schema_migrations (version INT AUTO_INCREMENT PRIMARY KEY)',
  'INSERT INTO schema_migrations VALUES (48)',
];

test('a blocked peer ends the run with exit code 4, its rows, and all other details', async () => {
  await using folder = await tempFolder();
  const box = await mailbox(folder, ...MIGRATIONS, "INSERT INTO items VALUES (1, 'tagged', 'ann')");
  await box.south.sql("CALL DOLT_TAG('v1', 'main')");
  await box.keep("INSERT INTO items VALUES (2, 'south', 'sue')");
  await box.send(
    'INSERT INTO schema_migrations VALUES (49)',
    'ALTER TABLE items ADD COLUMN size INT',
    'CREATE VIEW big AS SELECT * FROM items WHERE size > 9',
    'DELETE FROM items WHERE id > 110',
    "CALL DOLT_TAG('v1', 'main')",
    "CALL DOLT_PUSH('mailbox', 'v1')",
  );
  const peers = `partner: file://${folder.file('mailbox')}`;
  const held = await command(folder, peers, { database: 'south' });
  expect(runResultSchema.parse(held.result)).toEqual(held.result);
  expect(exitCodeOf(held.result, 'any')).toBe(EXIT.conflict);
  expect(held.result.peers[0]).toMatchObject({
    status: 'conflict',
    error: { code: 'mass-deletion', retryable: false },
  });
  expect(held.result.peers[0]?.held).toHaveLength(5);
  expect(held.result.problems.map(({ severity, code, peer, message }) => [severity, code, peer, message])).toEqual([
    [
      'warning',
      'schema-skew',
      'partner',
      'partner is at migration 49 in schema_migrations, but this database is at 48',
    ],
    ['notice', 'peer-brings-views', 'partner', 'partner changes 1 definition (view big, new)'],
    ['notice', 'definitions-differ', 'partner', 'partner changes the definition of 1 table (items)'],
    ['notice', 'tags-restored', null, 'restored 1 tag (v1) that a fetch had moved'],
  ]);

  const raised = await command(folder, peers, { database: 'south', maxDelete: 80 });
  expect(raised.result.peers[0]).toMatchObject({ status: 'synced', error: null });
  expect(raised.result.peers[0]).not.toHaveProperty('held');

  await box.south.sql(
    "INSERT INTO items VALUES (3, 'x', 'y', 1)",
    "CALL DOLT_COMMIT('-a', '-m', 'x', '--author', 'S <s@x>')",
  );
  const accepting = `partner: {endpoint: "file://${folder.file('mailbox')}", accept: [deletion]}`;
  expect((await command(folder, accepting, { database: 'south' })).result.status).toBe('success');
});
