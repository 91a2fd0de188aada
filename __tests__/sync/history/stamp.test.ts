import { cp, mkdir, writeFile } from 'node:fs/promises';
import { expect, test } from '@jest/globals';
import type { Diagnostic } from '../../../src/core/diagnostic.ts';
import { anotherSecond } from '../../helpers/another-second.ts';
import { BEADS_TABLES, issues } from '../../helpers/beads-schema.ts';
import { openTestDatabase } from '../../helpers/database.ts';
import { federateDatabase, filePeer } from '../../helpers/federating.ts';
import { scenario } from '../../helpers/scenario.ts';
import { tempFolder } from '../../helpers/temp-folder.ts';

const SOURCES = "SELECT id, source_system AS s, updated_at AS at FROM issues WHERE id LIKE 'x-%' ORDER BY id";

test('only new issues of this database get its name, before their first push', async () => {
  await using folder = await tempFolder();
  const made = await scenario(folder)
    .base(...BEADS_TABLES, 'ALTER TABLE issues ADD COLUMN source_system VARCHAR(10)', issues('x-both', 'x-gone'))
    .database(
      'local',
      issues('x-new'),
      issues('x-here'),
      "UPDATE issues SET source_system = 'github', updated_at = updated_at WHERE id = 'x-here'",
    )
    .database(
      'other',
      issues('x-other'),
      "DELETE FROM issues WHERE id = 'x-gone'",
      "UPDATE issues SET title = 'edited', updated_at = updated_at WHERE id = 'x-both'",
    )
    .mailbox('box')
    .build();
  const [local, other] = [made.database('local'), made.database('other')];
  await other.sql("CALL DOLT_PUSH('box', 'main')");
  await cp(local.path, folder.file('copy'), { recursive: true });
  await cp(folder.file('box'), folder.file('box-of-copy'), { recursive: true });

  const run = async (at: string, boxes: readonly string[], town = 'north') => {
    const notices: Diagnostic[] = [];
    const peers = boxes.map((name) => filePeer(name, folder.file(name)));
    const options = { attribution: 'stamp', town, notify: (notice: Diagnostic) => void notices.push(notice) } as const;
    const federated = await federateDatabase({ local: at, tempDir: folder.file('tmp'), peers, options });
    return { ...federated, codes: notices.map(({ code }) => code) };
  };
  const first = await run(local.path, ['box']);
  expect(first.codes).toEqual(['stamped']);
  expect(first.run('box').failure).toBeNull();
  const rows = await local.rows(SOURCES);
  const plain = { at: '2026-01-01 00:00:00' };
  expect(rows).toEqual([
    { id: 'x-both', ...plain },
    { id: 'x-here', s: 'github', ...plain },
    { id: 'x-new', s: 'north', ...plain },
    { id: 'x-other', ...plain },
  ]);
  const again = await run(local.path, ['box']);
  expect([again.codes, again.head]).toEqual([[], first.head]);

  // Another machine with the same heads makes the same commits, at any time.
  await anotherSecond();
  expect((await run(folder.file('copy'), ['box-of-copy'])).head).toBe(first.head);

  // A peer that cannot be read may have the rows already; a name that does not fit must not stop the exchange.
  await local.commit('more', issues('x-late'));
  await mkdir(folder.file('broken'));
  await writeFile(folder.file('broken/manifest'), 'no manifest');
  const unread = await run(local.path, ['box', 'broken']);
  expect(unread.codes).toEqual(['not-stamped']);
  expect(unread.run('box').failure).toBeNull();
  await local.commit('long', issues('x-long'));
  expect((await run(local.path, ['box'], 'a-name-that-is-too-long')).codes).toEqual(['not-stamped']);
  const box = openTestDatabase(other.path);
  await box.sql("CALL DOLT_PULL('box', 'main')");
  expect((await box.rows(SOURCES)).filter(({ id }) => id === 'x-late' || id === 'x-long')).toEqual([
    { id: 'x-late', ...plain },
    { id: 'x-long', ...plain },
  ]);
});
