import type { DatabaseRules } from '../rows/table-policy.ts';

/** The effects of bd's upgrades on a database besides new columns and tables (bd 1.3.0). */
export const UPGRADES: DatabaseRules['upgrades'] = {
  versions: 'schema_migrations',
  // bd adds the missing ones whenever it opens a database to write.
  ignored: [
    { pattern: 'wisps', since: 0 },
    { pattern: 'wisp_%', since: 0 },
    { pattern: 'local_metadata', since: 0 },
    { pattern: 'repo_mtimes', since: 0 },
    { pattern: 'ignored_schema_migrations', since: 0 },
    { pattern: 'leases', since: 0 },
    { pattern: 'bd_events_journal', since: 0 },
    { pattern: 'bd_events_seq', since: 0 },
    { pattern: 'events', since: 62 },
  ],
  moved: ['events'],
  rekeyed: ['comments', 'dependencies'],
};
