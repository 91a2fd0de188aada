import { z } from 'zod';
import { type Cells, cellsSchema } from './cell.ts';
import { quoted } from './identifier.ts';
import type { Sql } from './sql.ts';
import type { TableShape } from './table-shape.ts';

/** A row that both heads of a merge changed; null where it does not exist on that side. */
export interface ConflictRow {
  /** Names the conflict within its table, as long as the merge is open. */
  readonly id: string;
  readonly base: Cells | null;
  readonly ours: Cells | null;
  readonly theirs: Cells | null;
}

const tableRow = z.object({ table: z.string() });
const SIDES = { base: 'base_', ours: 'our_', theirs: 'their_' } as const;

/** The tables with rows in conflict in the session's open merge, in order of their names. */
export async function tablesInConflict(sql: Sql): Promise<string[]> {
  return (await sql.rows(tableRow, 'SELECT `table` FROM dolt_conflicts ORDER BY `table`')).map((row) => row.table);
}

/**
 * Rows in conflict of one table, in the order of their keys. Where Dolt shows them wrongly, `readConflicts` reads them.
 * @param page how many at most; whoever settles and removes them gets the next ones by asking again
 * @param without leaves out the rows that their side deleted
 */
export async function conflictRows(
  sql: Sql,
  table: string,
  page: { readonly limit?: number; readonly without?: 'their-deletions' } = {},
): Promise<ConflictRow[]> {
  const where = page.without === undefined ? '' : " WHERE their_diff_type <> 'removed'";
  const limit = page.limit === undefined ? '' : ` LIMIT ${page.limit}`;
  const rows = await sql.rows(cellsSchema, `SELECT * FROM ${quoted(`dolt_conflicts_${table}`)}${where}${limit}`);
  return rows.map(conflictRow);
}

/** One row of `dolt_conflicts_<table>`, taken apart. */
export function conflictRow(cells: Cells): ConflictRow {
  return {
    id: cells['dolt_conflict_id'] ?? '',
    base: side(cells, 'base'),
    ours: side(cells, 'ours'),
    theirs: side(cells, 'theirs'),
  };
}

function side(cells: Cells, which: keyof typeof SIDES): Cells | null {
  const prefix = SIDES[which];
  const own = Object.entries(cells).filter(([name]) => name.startsWith(prefix) && name !== `${prefix}diff_type`);
  const absent =
    which === 'base' ? own.every(([, value]) => value === null) : cells[`${prefix}diff_type`] === 'removed';
  return absent ? null : Object.fromEntries(own.map(([name, value]) => [name.slice(prefix.length), value]));
}

/** The key of a row in conflict, from whichever side has it. */
export function anySide(row: ConflictRow, shape: TableShape): Cells {
  const found = row.ours ?? row.theirs ?? row.base ?? {};
  return Object.fromEntries(shape.key.map((name) => [name, found[name] ?? null]));
}
