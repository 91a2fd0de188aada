import { writeFile } from 'node:fs/promises';
import { makeEmptyDatabase, type TestDatabase } from './database.ts';
import type { TempFolder } from './temp-folder.ts';

const TEXTS = ['description', 'design', 'acceptance_criteria', 'notes'];
const WORDS = [
  ...['spec_id', 'created_by', 'owner', 'closed_by_session', 'external_ref', 'compacted_at_commit', 'sender'],
  ...['wisp_type', 'mol_type', 'work_type', 'source_system', 'event_kind', 'actor', 'target', 'await_type', 'await_id'],
];
const TIMES = ['started_at', 'closed_at', 'compacted_at', 'due_at', 'defer_until'];
const COLUMNS = [
  'id VARCHAR(255) PRIMARY KEY',
  'title VARCHAR(500) NOT NULL',
  ...TEXTS.map((name) => `${name} LONGTEXT`),
  "status VARCHAR(32) NOT NULL DEFAULT 'open'",
  'priority INT NOT NULL DEFAULT 2',
  "issue_type VARCHAR(32) NOT NULL DEFAULT 'task'",
  'assignee VARCHAR(255)',
  'estimated_minutes INT',
  "created_at DATETIME NOT NULL DEFAULT '2026-01-02 03:04:05'",
  "updated_at DATETIME NOT NULL DEFAULT '2026-01-02 03:04:05'",
  ...WORDS.map((name) => `${name} VARCHAR(255)`),
  ...TIMES.map((name) => `${name} DATETIME(6)`),
  'close_reason LONGTEXT, payload TEXT, waiters TEXT, metadata JSON',
  'compaction_level INT DEFAULT 0, original_size INT, timeout_ns BIGINT DEFAULT 0, row_lock BIGINT DEFAULT 0',
  'ephemeral TINYINT(1) DEFAULT 0, no_history TINYINT(1) DEFAULT 0, pinned TINYINT(1) DEFAULT 0',
  'is_template TINYINT(1) DEFAULT 0, is_blocked TINYINT(1) DEFAULT 0, storage_class VARCHAR(16)',
];
const EDGE =
  "id CHAR(36) PRIMARY KEY DEFAULT (UUID()), issue_id VARCHAR(255), type VARCHAR(32) DEFAULT 'blocks', created_at DATETIME DEFAULT '2026-01-02 03:04:05', created_by VARCHAR(255) DEFAULT 'Ann', metadata JSON DEFAULT (JSON_OBJECT()), thread_id VARCHAR(255) DEFAULT '', depends_on_issue_id VARCHAR(255), depends_on_wisp_id VARCHAR(255), depends_on_external VARCHAR(255)";
const COMMENT =
  "id CHAR(36) PRIMARY KEY, issue_id VARCHAR(255), author VARCHAR(255), text LONGTEXT, created_at DATETIME DEFAULT '2026-01-02 03:04:05'";

/** The tables of bd 1.3.0 that an export reads, those that stay local included. */
const TABLES = ['', 'wisp_'].flatMap((prefix) => [
  `CREATE TABLE ${prefix === '' ? 'issues' : 'wisps'} (${COLUMNS.join(', ')}) COLLATE utf8mb4_0900_bin`,
  `CREATE TABLE ${prefix}dependencies (${EDGE}) COLLATE utf8mb4_0900_bin`,
  `CREATE TABLE ${prefix}labels (issue_id VARCHAR(255), label VARCHAR(255), PRIMARY KEY (issue_id, label)) COLLATE utf8mb4_0900_bin`,
  `CREATE TABLE ${prefix}comments (${COMMENT}) COLLATE utf8mb4_0900_bin`,
]);

/**
 * A beads workspace in a folder, with its database in embedded mode and one commit.
 * @param settings text of config.yaml
 */
export async function makeTracker(
  folder: TempFolder,
  name: string,
  settings = 'sync: {mode: belt-and-suspenders}\n',
): Promise<TestDatabase> {
  const database = await makeEmptyDatabase(folder.file(name, '.beads', 'embeddeddolt', 'north'));
  await writeFile(folder.file(name, '.beads', 'config.yaml'), settings);
  const metadata = { backend: 'dolt', dolt_mode: 'embedded', dolt_database: 'north' };
  await writeFile(folder.file(name, '.beads', 'metadata.json'), JSON.stringify(metadata));
  await database.commit(
    'tables',
    ...TABLES,
    'CREATE TABLE child_counters (parent_id VARCHAR(255) PRIMARY KEY, last_child INT)',
    'CREATE TABLE config (`key` VARCHAR(255) PRIMARY KEY, value TEXT)',
    "INSERT INTO dolt_ignore VALUES ('wisp%', TRUE)",
    "INSERT INTO config VALUES ('issue_prefix', 'bd')",
  );
  return database;
}
