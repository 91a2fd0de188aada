import { z } from 'zod';
import { actingKeys, foreignKeys, type KeyAction, type NamedForeignKey } from '../schema/foreign-keys.ts';
import { hasShadowedDiff } from '../schema/readability.ts';
import { type TableChange, tableChanges, WORKING } from '../schema/table-changes.ts';
import { columnNamesAt } from '../schema/table-shape.ts';
import { atRevision } from '../sql/at-revision.ts';
import { differences, isComparable } from '../sql/differences.ts';
import { folded, isAmong, quoted } from '../sql/identifier.ts';
import type { Sql } from '../sql/sql.ts';
import { ignoredTables } from '../sql/working-set.ts';

/** The tables that changed between two revisions. */
interface Changes {
  readonly from: string;
  readonly to: string;
  readonly tables: readonly TableChange[];
}

/** A table whose uncommitted changes do not fit a move. */
export interface Orphaned {
  readonly table: string;
  readonly why: string;
}

/** A merge keeps the parents of committed rows. */
export const ORPHANED_HINT =
  'Commit the rows that refer to other rows. Correct or delete those of ignored tables. Then run again.';

const anyRow = z.object({ n: z.coerce.number() });

/** Conditions of `dolt_diff` for the changes that are left. */
const UNSETTLED: Readonly<Record<KeyAction, string>> = {
  delete: " AND diff_type <> 'removed'",
  update: " AND diff_type = 'removed'",
};

/**
 * The uncommitted tables of the session's branch whose rows would lose a parent in a move, or that lack parents of incoming
 * rows. Dolt only compares the tables that a move changes. Rows that had no parent before do not count. Nor do rows of
 * ignored tables whose key says what a deletion or a change of the parent does to them, as the events of bd 1.3.0: they stay
 * without it, as after a merge by Dolt, and are never committed.
 * @param uncommitted tables with uncommitted changes, ignored ones included
 */
export async function orphanedBy(
  sql: Sql,
  uncommitted: readonly string[],
  { from, to }: { readonly from: string; readonly to: string },
): Promise<Orphaned[]> {
  if (uncommitted.length === 0) return [];
  const coming = await changesBetween(sql, from, to);
  if (coming.tables.length === 0) return [];
  const here = await changesBetween(sql, 'HEAD', WORKING);
  const found: Orphaned[] = [];
  const acting = await actingKeys(sql, await ignoredTables(sql));
  for (const key of await foreignKeys(sql)) {
    const settled = acting(key);
    if (!isAmong(uncommitted, key.table) || !(await leavesOrphans(sql, key, coming, here, settled))) continue;
    found.push({ table: key.table, why: `it refers to rows of ${key.parent} that are gone there` });
  }
  for (const key of await atRevision(sql, to, foreignKeys)) {
    if (!isAmong(uncommitted, key.parent) || !(await leavesOrphans(sql, key, here, coming))) continue;
    found.push({ table: key.parent, why: `${key.table} refers there to rows that are gone here` });
  }
  return found;
}

async function changesBetween(sql: Sql, from: string, to: string): Promise<Changes> {
  return { from, to, tables: await tableChanges(sql, from, to) };
}

/**
 * Whether rows that some changes write refer to rows that others remove or change.
 * @param settled the kinds of changes that do not count
 */
async function leavesOrphans(
  sql: Sql,
  { parent, parentColumns, table, columns }: NamedForeignKey,
  parents: Changes,
  children: Changes,
  settled: readonly KeyAction[] = [],
): Promise<boolean> {
  if (settled.length === 2) return false;
  const removed = parents.tables.find(({ from }) => from !== null && folded(from) === folded(parent));
  const added = children.tables.find(({ to }) => to !== null && folded(to) === folded(table));
  if (removed === undefined || added === undefined) return false;
  for (const revision of [parents.from, parents.to, children.to]) {
    const present = await columnNamesAt(sql, parent, revision);
    // A key of an uncommitted table whose parent is gone waits anyway.
    if (!parentColumns.every((column) => present.has(column))) return false;
  }
  // Rows of two primary keys do not correspond, and shadowed columns have no condition, so all rows count. So do those
  // that Dolt cannot compare.
  const were =
    removed.comparable && !hasShadowedDiff(parentColumns) && (await isComparable(sql, parents, parent))
      ? { ...(await differences(sql, parents, parent)), prefix: 'from_' }
      : { text: `${quoted(parent)} AS OF ?`, values: [parents.from], prefix: '' };
  const now =
    added.comparable && added.from !== null && !hasShadowedDiff(columns) && (await isComparable(sql, children, table))
      ? { ...(await differences(sql, children, table)), prefix: 'to_' }
      : { text: `${quoted(table)} AS OF ?`, values: [children.to], prefix: '' };
  const selected = (names: readonly string[], prefix: string): string =>
    names.map((name, index) => `${quoted(prefix + name)} AS v${index}`).join(', ');
  const equal = (alias: string): string => columns.map((_, index) => `${alias}.v${index} = r.v${index}`).join(' AND ');
  const same = parentColumns.map((name) => `${quoted(`from_${name}`)} <=> ${quoted(`to_${name}`)}`).join(' AND ');
  const statement =
    `SELECT 1 AS n FROM (SELECT DISTINCT ${selected(parentColumns, were.prefix)} FROM ${were.text}` +
    `${were.prefix === '' ? '' : ` WHERE NOT (${same})${settled.map((action) => UNSETTLED[action]).join('')}`}) r ` +
    `JOIN (SELECT ${selected(columns, now.prefix)} FROM ${now.text}) c ON ${equal('c')} ` +
    `JOIN (SELECT ${selected(parentColumns, '')} FROM ${quoted(parent)} AS OF ?) b ON ${equal('b')} ` +
    `LEFT JOIN (SELECT ${selected(parentColumns, '')} FROM ${quoted(parent)} AS OF ?) a ON ${equal('a')} ` +
    'WHERE a.v0 IS NULL LIMIT 1';
  const values = [...were.values, ...now.values, children.to, parents.to];
  return (await sql.rows(anyRow, statement, values)).length > 0;
}
