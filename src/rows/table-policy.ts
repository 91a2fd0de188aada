/**
 * How `newest` treats a table. `cells`: cell by cell, and a row added on both sides is a collision. `whole`: the rows
 * are settings, taken whole, also where both sides added one. `maximum`: this column is a counter, whose greater value
 * always wins.
 */
export type TablePolicy =
  | { readonly kind: 'cells' }
  | { readonly kind: 'whole' }
  | { readonly kind: 'maximum'; readonly column: string };

const CELLS: TablePolicy = { kind: 'cells' };

/** Tables of a beads database that are no lists of things people made (beads of January to June 2026). */
const BEADS: Readonly<Record<string, TablePolicy>> = {
  child_counters: { kind: 'maximum', column: 'last_child' },
  issue_counter: { kind: 'maximum', column: 'last_id' },
  config: { kind: 'whole' },
  metadata: { kind: 'whole' },
};

/** What every beads database has, of whatever version: names common enough alone, but not together. */
const BEADS_TABLES = ['issues', 'dependencies', 'labels', 'events'];

/** The policy of each table of a database. @param tables names of all its tables */
export function tablePolicies(tables: readonly string[]): (table: string) => TablePolicy {
  const isBeads = BEADS_TABLES.every((name) => tables.includes(name));
  return (table) => (isBeads && Object.hasOwn(BEADS, table) ? BEADS[table] : undefined) ?? CELLS;
}
