import { expect, test } from '@jest/globals';
import { ACCEPTS } from '../../src/contract/vocabulary.ts';
import { BEADS_TABLES, issues } from '../helpers/beads-schema.ts';
import { mailbox } from '../helpers/mailbox.ts';
import { tempFolder } from '../helpers/temp-folder.ts';

const COMMENTS = Array.from(
  { length: 25 },
  (_, index) => `('c-${index}', 'x-1', 'ann', 'text ${index}', '2026-01-01')`,
);

/** A database of June 2026: `events` is committed, and the version is 49. */
const JUNE = [
  ...BEADS_TABLES.filter((statement) => !/schema_migrations VALUES|dolt_ignore/.test(statement)),
  'CREATE TABLE events (id CHAR(36) PRIMARY KEY, issue_id VARCHAR(40), FOREIGN KEY (issue_id) REFERENCES issues (id) ON DELETE CASCADE)',
  "INSERT INTO schema_migrations VALUES (49, '2026-01-01', NULL)",
  "INSERT INTO dolt_ignore VALUES ('wisps', TRUE), ('wisp_%', TRUE)",
  issues('x-1', 'x-2'),
  `INSERT INTO comments VALUES ${COMMENTS.join(', ')}`,
  "INSERT INTO events VALUES ('e-1', 'x-1')",
];

/** Upgrades it like bd 1.3.0: seeds patterns, moves `events`, gives comments their derived ids, adds columns. */
const UPGRADE = [
  'DROP TABLE events',
  // `-A` does not commit the removal of an ignored table (Dolt 2.3.0).
  "CALL DOLT_COMMIT('-A', '-m', 'drop events')",
  "INSERT INTO dolt_ignore VALUES ('local_metadata', TRUE), ('events', TRUE)",
  "UPDATE comments SET id = CONCAT('derived-', id)",
  'ALTER TABLE issues ADD COLUMN storage_class VARCHAR(16)',
  "INSERT INTO schema_migrations VALUES (66, '2026-01-02', 'h66')",
];

test('an upgraded peer waits for this database, and needs no consent once this database is upgraded', async () => {
  await using folder = await tempFolder();
  const box = await mailbox(folder, ...JUNE);
  await box.keep("INSERT INTO events VALUES ('e-south', 'x-2')");
  await box.send(...UPGRADE);

  const ahead = (await box.receiveUnchanged()).run('partner');
  expect(ahead.failure?.code).toBe('schema-ahead');
  expect(ahead.failure?.message).toBe(
    'partner is at version 66 of the schema of beads, but this database is at 49\nNothing was merged from or pushed to partner.',
  );
  expect(ahead.failure?.hint).toContain('Upgrade bd here');
  expect(ahead.notices.map(({ code }) => code)).not.toContain('schema-skew');

  await box.keep(...UPGRADE, "INSERT INTO comments VALUES ('c-south', 'x-2', 'bob', 'own', '2026-01-03')");
  // An upgrade leaves the events of each database in a table that stays local.
  const local = 'CREATE TABLE events (id CHAR(36) PRIMARY KEY)';
  await box.north.sql(local, "INSERT INTO events VALUES ('of-north')");
  await box.south.sql(local, "INSERT INTO events VALUES ('of-south')");
  await box.send("INSERT INTO comments VALUES ('c-north', 'x-2', 'ann', 'own', '2026-01-03')");
  const merged = (await box.receive()).run('partner');
  expect(merged.failure).toBeNull();
  expect(merged.notices.map(({ code }) => code)).toEqual([]);
  expect(await box.south.rows('SELECT COUNT(*) AS n FROM comments')).toEqual([{ n: 27 }]);
  expect(await box.south.rows('SELECT id FROM events')).toEqual([{ id: 'of-south' }]);
});

test('patterns that bd seeds pass, other patterns do not, and two histories of the schema are never merged', async () => {
  await using folder = await tempFolder();
  const box = await mailbox(folder, ...BEADS_TABLES);
  await box.send("INSERT INTO dolt_ignore VALUES ('leases', TRUE)");
  expect((await box.receive()).run('partner').failure).toBeNull();

  await box.send("INSERT INTO dolt_ignore VALUES ('repo_mtimes', FALSE), ('items', TRUE)");
  const local = (await box.receiveUnchanged()).run('partner');
  expect(local.failure?.code).toBe('peer-changes-local-tables');
  expect(local.held.map(({ key }) => key['pattern'])).toEqual(['items', 'repo_mtimes']);

  await box.send("INSERT INTO schema_migrations VALUES (67, '2026-01-02', 'of north')");
  await box.keep("INSERT INTO schema_migrations VALUES (67, '2026-01-02', 'of south')");
  const fork = (await box.receiveUnchanged({ accept: ACCEPTS })).run('partner');
  expect(fork.failure?.code).toBe('schema-fork');
  expect(fork.failure?.message).toContain('1 version (67)');
});
