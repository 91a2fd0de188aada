import { z } from 'zod';
import { migrationAt } from '../../dolt/schema/code-tables.ts';
import { columnsAt } from '../../dolt/schema/columns.ts';
import { folded, quoted } from '../../dolt/sql/identifier.ts';
import type { Sql } from '../../dolt/sql/sql.ts';
import type { DatabaseRules } from '../../rows/table-policy.ts';
import { type IncomingChanges, type TablesOfHeads, tableNamed } from './incoming-changes.ts';

const forkRow = z.object({ version: z.string() });

/** How the schema of a head relates to ours, in a database whose program numbers its migrations. */
export interface SchemaVersions {
  readonly ours: number;
  readonly theirs: number;
  /** Versions under which the two sides have different migrations. */
  readonly forks: readonly string[];
}

/** @returns null if a side has no such versions, or both have the same */
export async function readVersions(
  sql: Sql,
  heads: { readonly ours: string; readonly theirs: string; readonly rules: DatabaseRules },
  tables: TablesOfHeads,
): Promise<SchemaVersions | null> {
  const { upgrades } = heads.rules;
  const [mine, other] = [tableNamed(tables.ours, upgrades.versions), tableNamed(tables.theirs, upgrades.versions)];
  if (mine === null || other === null || tables.ours.get(mine) === tables.theirs.get(other)) return null;
  const [ours, theirs] = [await migrationAt(sql, mine, heads.ours), await migrationAt(sql, other, heads.theirs)];
  if (ours === null || theirs === null) return null;
  const hashed = async (table: string, commit: string): Promise<boolean> =>
    (await columnsAt(sql, table, commit)).some(({ name }) => folded(name) === 'content_hash');
  const isHashed = (await hashed(mine, heads.ours)) && (await hashed(other, heads.theirs));
  const forks = isHashed
    ? await sql.rows(
        forkRow,
        `SELECT CAST(a.version AS CHAR) AS version FROM ${quoted(mine)} AS OF ? AS a JOIN ${quoted(other)} AS OF ? AS b ON a.version = b.version WHERE a.content_hash <> '' AND b.content_hash <> '' AND a.content_hash <> b.content_hash ORDER BY a.version`,
        [heads.ours, heads.theirs],
      )
    : [];
  return { ours: Number(ours), theirs: Number(theirs), forks: forks.map(({ version }) => version) };
}

/** Whether the program itself adds a row of `dolt_ignore` in a database of a version. */
export function isSeeded(
  row: { readonly pattern: string; readonly ignored: boolean },
  version: number,
  { ignored }: DatabaseRules['upgrades'],
): boolean {
  return row.ignored && ignored.some(({ pattern, since }) => pattern === row.pattern && version >= since);
}

/**
 * The changes without those that an upgrade of the head explains: it moved tables to the ignored ones, and gave rows new
 * keys. Such a head is not merged before this database is upgraded, too.
 */
export function withoutUpgrade(
  changes: Pick<IncomingChanges, 'dropped' | 'lostColumns' | 'deletions'>,
  versions: SchemaVersions | null,
  { upgrades }: DatabaseRules,
): Pick<IncomingChanges, 'dropped' | 'lostColumns' | 'deletions'> {
  if (versions === null || versions.theirs <= versions.ours) return changes;
  return {
    lostColumns: [],
    dropped: changes.dropped.filter((table) => !upgrades.moved.includes(folded(table))),
    deletions: changes.deletions.filter(({ table }) => !upgrades.rekeyed.includes(folded(table))),
  };
}
