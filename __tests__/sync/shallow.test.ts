import { expect, test } from '@jest/globals';
import { openTestDatabase, remoteHead } from '../helpers/database.ts';
import { federateDatabase, filePeer } from '../helpers/federating.ts';
import { mailbox } from '../helpers/mailbox.ts';
import { tempFolder } from '../helpers/temp-folder.ts';

const STATE = [
  'SELECT name, hash FROM dolt_branches',
  'SELECT * FROM dolt_status',
  'SELECT is_merging FROM dolt_merge_status',
  'SELECT COUNT(*) FROM items',
];

test('a database cloned with --depth that lacks commits for a merge or a push reports it, and is unchanged', async () => {
  await using folder = await tempFolder();
  const box = await mailbox(folder);
  await box.south.sql(`CALL DOLT_REMOTE('add', 'elsewhere', 'file://${folder.file('elsewhere')}')`);
  await box.keep("INSERT INTO items VALUES (1, 'one', 'sue')");
  await box.south.sql("CALL DOLT_PUSH('elsewhere', 'main')");
  await box.send("INSERT INTO items VALUES (2, 'two', 'ann')");
  await box.north.dolt('clone', '--depth', '1', box.url, folder.file('shallow'));
  const shallow = openTestDatabase(folder.file('shallow'));
  const before = await shallow.sql(...STATE);

  const outcome = await federateDatabase({
    local: shallow.path,
    tempDir: folder.file('tmp'),
    peers: [
      filePeer('mailbox', folder.file('mailbox')),
      filePeer('elsewhere', folder.file('elsewhere')),
      filePeer('vault', folder.file('vault'), 'backup'),
    ],
  });
  expect(outcome.run('mailbox')).toMatchObject({ state: 'up-to-date', failure: null });
  expect(outcome.run('elsewhere')).toMatchObject({ state: 'unknown', failure: { code: 'shallow-clone' } });
  expect(outcome.run('elsewhere').failure?.hint).toContain('without `--depth`');
  expect(outcome.run('vault')).toMatchObject({ failure: { code: 'shallow-clone' }, pushedCommits: 0 });
  expect(await shallow.sql(...STATE)).toBe(before);
  expect(await remoteHead(`file://${folder.file('elsewhere')}`, folder.file('look', 'c'))).toBe(await box.south.head());
  expect(await remoteHead(`file://${folder.file('vault')}`, folder.file('look', 'd'))).toBeNull();
});
