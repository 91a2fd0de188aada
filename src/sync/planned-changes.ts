import { z } from 'zod';
import type { PlannedChanges } from '../contract/result.ts';
import { countRowsAt } from '../dolt/rows/deleted-rows.ts';
import { type TableChange, tableChanges, tableHashes } from '../dolt/schema/table-changes.ts';
import { differences, isComparable } from '../dolt/sql/differences.ts';
import { newestCommits } from '../dolt/sql/history.ts';
import { isDoltTable } from '../dolt/sql/identifier.ts';
import type { Sql } from '../dolt/sql/sql.ts';

/** A person reads a plan. Every table is in the difference of the two commits. */
const MAX_TABLES = 50;
const MAX_SUBJECTS = 10;

type PlannedTable = PlannedChanges['tables'][number];

/** Two commits; `from` is null for a side that has nothing yet. */
export interface CommitRange {
  readonly from: string | null;
  readonly to: string;
}

/**
 * The changes that one side gets.
 * @param lacking the commits that it lacks
 * @param commits their number
 * @param range the commits whose tables are compared
 */
export async function plannedChanges(
  sql: Sql,
  lacking: CommitRange,
  commits: number,
  range: CommitRange = lacking,
): Promise<PlannedChanges> {
  const { from, to } = range;
  const subjects = await newestCommits(sql, lacking, MAX_SUBJECTS);
  const all = from === null ? await allTables(sql, to) : await tableChanges(sql, from, to);
  const changes = all.filter((change) => !isDoltTable(nameOf(change))).toSorted(byName);
  const tables: PlannedTable[] = [];
  for (const change of changes.slice(0, MAX_TABLES)) tables.push(await plannedTable(sql, range, change));
  return { commits, subjects, tables, moreTables: changes.length - tables.length };
}

async function allTables(sql: Sql, head: string): Promise<TableChange[]> {
  return [...(await tableHashes(sql, head)).keys()].map((to) => ({
    from: null,
    to,
    dataChanged: true,
    definitionChanged: true,
    redefined: true,
    comparable: true,
    recreated: false,
    explained: true,
  }));
}

function nameOf({ from, to }: TableChange): string {
  return to ?? from ?? '';
}

function byName(a: TableChange, b: TableChange): number {
  return nameOf(a) < nameOf(b) ? -1 : 1;
}

async function plannedTable(sql: Sql, range: CommitRange, change: TableChange): Promise<PlannedTable> {
  const { from, to } = change;
  const table = nameOf(change);
  if (to === null) {
    const removed = from === null || range.from === null ? 0 : await countRowsAt(sql, from, range.from);
    return { table, change: 'dropped', definition: true, rows: { added: 0, changed: 0, removed } };
  }
  if (from === null || range.from === null) {
    const added = await countRowsAt(sql, to, range.to);
    return { table, change: 'added', definition: true, rows: { added, changed: 0, removed: 0 } };
  }
  const between = { from: range.from, to: range.to };
  const isReadable = change.comparable && (await isComparable(sql, between, to));
  const rows = isReadable ? await rowChanges(sql, between, to) : null;
  const definition = change.redefined;
  return from === to
    ? { table, change: 'changed', definition, rows }
    : { table, change: 'renamed', from, definition, rows };
}

const kindRow = z.object({ diff_type: z.string(), n: z.coerce.number().int() });

async function rowChanges(
  sql: Sql,
  range: { readonly from: string; readonly to: string },
  table: string,
): Promise<PlannedTable['rows']> {
  const { text, values } = await differences(sql, range, table);
  const kinds = await sql.rows(kindRow, `SELECT diff_type, COUNT(*) AS n FROM ${text} GROUP BY diff_type`, values);
  const of = (kind: string): number => kinds.find(({ diff_type }) => diff_type === kind)?.n ?? 0;
  return { added: of('added'), changed: of('modified'), removed: of('removed') };
}
