/** The tables of a beads database that merges depend on, as bd 1.3.0 keeps them in a clone: `events` is not committed. */
export const BEADS_TABLES: readonly string[] = [
  'CREATE TABLE issues (id VARCHAR(40) PRIMARY KEY, title VARCHAR(500) NOT NULL, description TEXT, notes LONGTEXT, status VARCHAR(32) NOT NULL, priority INT NOT NULL, assignee VARCHAR(80), created_at DATETIME, created_by VARCHAR(80), updated_at DATETIME DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP, closed_at DATETIME, closed_by_session VARCHAR(80), close_reason LONGTEXT, metadata JSON DEFAULT (JSON_OBJECT()), is_blocked TINYINT(1) NOT NULL DEFAULT 0, row_lock BIGINT NOT NULL DEFAULT 0)',
  "CREATE TABLE dependencies (id CHAR(36) PRIMARY KEY, issue_id VARCHAR(40) NOT NULL, depends_on_issue_id VARCHAR(40), depends_on_wisp_id VARCHAR(40), depends_on_external VARCHAR(200), type VARCHAR(32) NOT NULL, created_at DATETIME, created_by VARCHAR(80), metadata JSON DEFAULT ('{}'), UNIQUE KEY uk_dep_issue_target (issue_id, depends_on_issue_id), FOREIGN KEY (issue_id) REFERENCES issues (id) ON DELETE CASCADE ON UPDATE CASCADE, FOREIGN KEY (depends_on_issue_id) REFERENCES issues (id) ON DELETE CASCADE ON UPDATE CASCADE)",
  'CREATE TABLE labels (issue_id VARCHAR(40), label VARCHAR(80), PRIMARY KEY (issue_id, label), FOREIGN KEY (issue_id) REFERENCES issues (id) ON DELETE CASCADE ON UPDATE CASCADE)',
  'CREATE TABLE comments (id CHAR(36) PRIMARY KEY, issue_id VARCHAR(40) NOT NULL, author VARCHAR(80), text TEXT, created_at DATETIME, FOREIGN KEY (issue_id) REFERENCES issues (id) ON DELETE CASCADE ON UPDATE CASCADE)',
  'CREATE TABLE child_counters (parent_id VARCHAR(40) PRIMARY KEY, last_child INT, FOREIGN KEY (parent_id) REFERENCES issues (id) ON DELETE CASCADE ON UPDATE CASCADE)',
  'CREATE TABLE config (`key` VARCHAR(80) PRIMARY KEY, value TEXT)',
  'CREATE TABLE metadata (`key` VARCHAR(80) PRIMARY KEY, value TEXT)',
  'CREATE TABLE schema_migrations (version INT PRIMARY KEY, applied_at DATETIME, content_hash VARCHAR(64))',
  "INSERT INTO schema_migrations VALUES (66, '2026-01-01', 'h66')",
  "INSERT INTO dolt_ignore VALUES ('wisps', TRUE), ('wisp_%', TRUE), ('events', TRUE), ('local_metadata', TRUE)",
];

/** Issues as bd makes them: open, of priority 2, on 1 January 2026. */
export function issues(...ids: readonly string[]): string {
  const rows = ids.map(
    (id, index) => `('${id}', 'title of ${id}', 'open', 2, '2026-01-01', '2026-01-01', ${index + 1})`,
  );
  return `INSERT INTO issues (id, title, status, priority, created_at, updated_at, row_lock) VALUES ${rows.join(', ')}`;
}

/** An edge between two issues. */
export function edge(
  id: string,
  issue: string,
  on: string,
  made: { readonly by: string; readonly at: string },
  type = 'blocks',
): string {
  return `INSERT INTO dependencies (id, issue_id, depends_on_issue_id, type, created_at, created_by) VALUES ('${id}', '${issue}', '${on}', '${type}', '${made.at}', '${made.by}')`;
}

/** An edit of an issue, with the time and the lock that bd would write. */
export function edit(id: string, set: string, at: { readonly day: number; readonly lock: number }): string {
  return `UPDATE issues SET ${set}, updated_at = '2026-01-0${at.day}', row_lock = ${at.lock} WHERE id = '${id}'`;
}
