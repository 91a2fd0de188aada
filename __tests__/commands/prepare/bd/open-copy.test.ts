import { expect, test } from '@jest/globals';
import { needsDatabase } from '../../../../src/commands/prepare/bd/open-copy.ts';
import { DEFAULT_SYNC_REQUEST, NO_REWRITES } from '../../../../src/commands/request.ts';
import { copyForReading } from '../../../../src/dolt/reading-copy.ts';
import { configure } from '../../../helpers/configuring.ts';
import { makeDatabase, openTestDatabase } from '../../../helpers/database.ts';
import { inDatabase, testEngines } from '../../../helpers/federating.ts';
import { tempFolder } from '../../../helpers/temp-folder.ts';

const HEAD = new Map([['origin', 'a'.repeat(32)]]);

test.each<[string, Parameters<typeof needsDatabase>[0], string, boolean]>([
  ['a sync', DEFAULT_SYNC_REQUEST, 'register: run', false],
  ['a push', { ...DEFAULT_SYNC_REQUEST, command: 'push' }, 'register: run', false],
  ['a run that only reads', { ...DEFAULT_SYNC_REQUEST, command: 'status' }, 'register: run', true],
  ['a dry run', { ...DEFAULT_SYNC_REQUEST, dryRun: true }, 'register: run', true],
  ['adopt', { ...DEFAULT_SYNC_REQUEST, rewrites: { ...NO_REWRITES, adopt: HEAD } }, 'register: run', true],
  ['merge-rewritten', { ...DEFAULT_SYNC_REQUEST, rewrites: { ...NO_REWRITES, merge: HEAD } }, 'register: run', true],
  ['force-with-lease', { ...DEFAULT_SYNC_REQUEST, leases: HEAD }, 'register: run', true],
  ['fix-remotes', { ...DEFAULT_SYNC_REQUEST, fixRemotes: true }, 'register: run', true],
  ['permanent remotes', DEFAULT_SYNC_REQUEST, 'register: keep', true],
  ['inboxes', DEFAULT_SYNC_REQUEST, 'register: run, inbox: true', true],
  ['a commit of uncommitted rows', DEFAULT_SYNC_REQUEST, 'register: run, dirty: commit', true],
])('%s decides if the run needs the database instead of a copy', (_, request, federation, expected) => {
  expect(needsDatabase(request, configure(`federation: {${federation}}`))).toBe(expected);
});

test('an engine of ours holds a database during a copy, including uncommitted rows', async () => {
  await using folder = await tempFolder();
  const database = await makeDatabase(folder.file('local'));
  await database.sql("INSERT INTO items VALUES (9, 'nine', 'uncommitted')");
  const engines = testEngines(database.path, folder.file('tmp'));
  try {
    await inDatabase(engines, async () => {
      if (process.platform === 'linux') expect(await copyForReading(database.path, folder.file('other'))).toBe('busy');
      expect(await copyForReading(database.path, folder.file('copy'), true)).toBe('copied');
    });
  } finally {
    await engines.close();
  }
  const copied = await openTestDatabase(folder.file('copy')).rows('SELECT id FROM items WHERE id = 9');
  expect(copied).toEqual([{ id: 9 }]);
});
