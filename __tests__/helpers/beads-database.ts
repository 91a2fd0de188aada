import { makeDatabase, type TestDatabase } from './database.ts';

/** Makes a database with tables like those of a beads workspace, an ignored one among them, and one commit of them. */
export async function makeBeadsDatabase(path: string): Promise<TestDatabase> {
  const local = await makeDatabase(path);
  await local.commit(
    'a tracker',
    'CREATE TABLE issues (id VARCHAR(40) PRIMARY KEY, title TEXT, status VARCHAR(20), source_system VARCHAR(40), updated_at DATETIME)',
    'CREATE TABLE dependencies (id CHAR(36) PRIMARY KEY DEFAULT (UUID()), issue_id VARCHAR(40), depends_on_id VARCHAR(40), UNIQUE (issue_id, depends_on_id), FOREIGN KEY (issue_id) REFERENCES issues (id))',
    'CREATE TABLE config (`key` VARCHAR(40) PRIMARY KEY, value TEXT)',
    'CREATE TABLE wisps (id VARCHAR(40) PRIMARY KEY, title TEXT)',
    "INSERT INTO dolt_ignore VALUES ('wisps', TRUE)",
    "INSERT INTO issues VALUES ('bd-1', 'first', 'open', 'here', '2026-01-02 03:04:05'), ('bd-2', 'second', 'open', 'here', '2026-01-02 03:04:05')",
    "INSERT INTO dependencies (issue_id, depends_on_id) VALUES ('bd-2', 'bd-1')",
    "INSERT INTO config VALUES ('issue_prefix', 'bd')",
    "INSERT INTO wisps VALUES ('w-1', 'private')",
  );
  return local;
}
