import { folded } from '../dolt/sql/identifier.ts';
/**
 * How `newest` treats a table. `cells`: cell by cell; a row added on both sides is a collision unless only audit
 * columns differ. `whole`: rows are settings and are taken whole, also if both sides added one. `maximum`: this column
 * is a counter, and its greater value always wins.
 */
export type TablePolicy =
  | {
      readonly kind: 'cells';
      /** Columns that get the greater value of both sides in every merge. */
      readonly greater?: readonly string[];
      /** More audit columns; the greater value counts. */
      readonly latest?: readonly string[];
      /** More audit columns that count as equal if one side has NULL. */
      readonly known?: readonly string[];
      /** Whether a table may have only audit columns besides its key. */
      readonly auditOnly?: boolean;
    }
  | { readonly kind: 'whole' }
  | { readonly kind: 'maximum'; readonly column: string };

const CELLS: TablePolicy = { kind: 'cells' };

/** Tables of a beads database that need another policy (beads of January to November 2026). */
const BEADS: Readonly<Record<string, TablePolicy>> = {
  issues: { kind: 'cells', greater: ['updated_at'] },
  child_counters: { kind: 'maximum', column: 'last_child' },
  issue_counter: { kind: 'maximum', column: 'last_id' },
  config: { kind: 'whole' },
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
const BEADS_TABLES = ['issues', 'dependencies', 'labels'];
const ONE_OF_BEADS_TABLES = ['events', 'child_counters', 'issue_counter'];

/** More tables that bd needs, without a policy of their own. */
const OTHER_BEADS_TABLES = ['events', 'dependencies', 'comments', 'routes'];

/** Whether bd reads a table of this name in its database. */
export function isTableOfBeads(table: string): boolean {
  const name = folded(table);
  return Object.hasOwn(BEADS, name) || OTHER_BEADS_TABLES.includes(name);
}

/** Whether these are the tables of a beads database. */
export function isBeadsDatabase(tables: readonly string[]): boolean {
  // SQL finds a table in any case, and a peer may rename one.
  const names = new Set(tables.map((table) => folded(table)));
  return BEADS_TABLES.every((name) => names.has(name)) && ONE_OF_BEADS_TABLES.some((name) => names.has(name));
}

/** The policy of each table of a database. @param tables names of all its tables */
export function tablePolicies(tables: readonly string[]): (table: string) => TablePolicy {
  const isBeads = isBeadsDatabase(tables);
  return (table) => {
    const name = folded(table);
    return (isBeads && Object.hasOwn(BEADS, name) ? BEADS[name] : undefined) ?? CELLS;
  };
}
