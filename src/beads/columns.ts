import { folded } from '../dolt/sql/identifier.ts';

/** The columns of the tables that bd 1.3.0 reads in its database. */
const COLUMNS: Readonly<Record<string, readonly string[]>> = {
  issues: [
    ...['id', 'content_hash', 'title', 'description', 'design', 'acceptance_criteria', 'notes', 'status', 'priority'],
    ...['issue_type', 'assignee', 'estimated_minutes', 'created_at', 'created_by', 'owner', 'updated_at', 'closed_at'],
    ...['closed_by_session', 'external_ref', 'spec_id', 'compaction_level', 'compacted_at', 'compacted_at_commit'],
    ...['original_size', 'sender', 'ephemeral', 'wisp_type', 'pinned', 'is_template', 'mol_type', 'work_type'],
    ...['source_system', 'metadata', 'source_repo', 'close_reason', 'event_kind', 'actor', 'target', 'payload'],
    ...['await_type', 'await_id', 'timeout_ns', 'waiters', 'due_at', 'defer_until', 'no_history', 'started_at'],
    ...['is_blocked', 'row_lock', 'storage_class'],
  ],
  dependencies: [
    ...['id', 'issue_id', 'type', 'created_at', 'created_by', 'metadata', 'thread_id'],
    ...['depends_on_issue_id', 'depends_on_wisp_id', 'depends_on_external'],
  ],
  labels: ['issue_id', 'label'],
  comments: ['id', 'issue_id', 'author', 'text', 'created_at'],
  events: ['id', 'issue_id', 'event_type', 'actor', 'old_value', 'new_value', 'comment', 'created_at'],
  child_counters: ['parent_id', 'last_child'],
  issue_counter: ['prefix', 'last_id'],
  config: ['key', 'value'],
  metadata: ['key', 'value'],
  schema_migrations: ['version', 'content_hash'],
  custom_statuses: ['name', 'category'],
  custom_types: ['name'],
  federation_peers: ['name', 'remote_url', 'username', 'password_encrypted', 'sovereignty', 'last_sync'],
  routes: ['prefix', 'path'],
};

/** The columns that bd reads of a table; none if it does not read the table. */
export function columnsOfBeads(table: string): readonly string[] {
  const name = folded(table);
  return Object.hasOwn(COLUMNS, name) ? (COLUMNS[name] ?? []) : [];
}
