import { folded } from '../dolt/sql/identifier.ts';
import type { TablePolicy } from '../rows/table-policy.ts';

/** Whether an issue is closed, when, why and by which session: one cell, as in bd. */
const CLOSE_GROUP = ['status', 'closed_at', 'close_reason', 'closed_by_session'] as const;

/** Tables of a beads database that need a policy of their own (bd 1.3.0, and databases of June 2026). */
export const POLICIES: Readonly<Record<string, TablePolicy>> = {
  issues: {
    kind: 'cells',
    greater: ['updated_at'],
    families: [CLOSE_GROUP],
    appended: ['notes'],
    left: ['notes', 'metadata'],
    derived: ['is_blocked', 'row_lock'],
    origin: ['source_system'],
  },
  child_counters: { kind: 'maximum', column: 'last_child' },
  issue_counter: { kind: 'maximum', column: 'last_id' },
  config: { kind: 'whole', automatic: { column: 'key', prefixes: ['kv.memory.'] } },
  metadata: { kind: 'whole' },
  // Old binaries write no hash; two hashes of one version mean two histories of the schema.
  schema_migrations: { kind: 'cells', known: ['content_hash'], auditOnly: true },
  labels: { kind: 'cells', auditOnly: true },
  custom_statuses: { kind: 'cells', auditOnly: true },
  custom_types: { kind: 'cells', auditOnly: true },
  federation_peers: { kind: 'cells', latest: ['last_sync'] },
};

/**
 * Tables of every beads database of any version: each name is common, but not all together. `events` is local since
 * schema version 62, so a clone by Dolt has none.
 */
const COMMON_TABLES = ['issues', 'dependencies', 'labels'];
const ONE_OF = ['events', 'child_counters', 'issue_counter'];

/** Whether these are the tables of a beads database. */
export function isBeadsDatabase(tables: readonly string[]): boolean {
  // SQL finds a table in any case, and a peer may rename one.
  const names = new Set(tables.map((table) => folded(table)));
  return COMMON_TABLES.every((name) => names.has(name)) && ONE_OF.some((name) => names.has(name));
}
