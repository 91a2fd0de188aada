import { z } from 'zod';
import { type Cells, cellsBytes, cellsSchema } from './cell.ts';
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

/** Bytes that a row in conflict takes, about. */
export function conflictBytes({ base, ours, theirs }: ConflictRow): number {
  return cellsBytes(base) + cellsBytes(ours) + cellsBytes(theirs);
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

const fieldRow = z.object({ Field: z.string(), Type: z.string() });
const sizeRow = z.object({ bytes: z.coerce.number() });
/** Of these types a value may be of any size; all others are bounded by the size of a row (64 KiB). */
const UNBOUNDED = /text|blob|json|geometry|point|linestring|polygon|vector/i;

/** Whether rows with such columns may be of any size. */
export function mayHoldLarge(columns: readonly { readonly type: string }[]): boolean {
  return columns.some(({ type }) => UNBOUNDED.test(type));
}

/** Bytes of the rows that are worked on together. */
export const PAGE_BYTES = 16 * 1024 * 1024;

/**
 * How many of the next rows in conflict fit into memory together, at least one. Dolt adds the sizes up without holding
 * the values (2.3.0: 240 MB for 8 GB of values, measured).
 * @param page as for `conflictRows`; its limit is the most
 */
export async function rowsThatFit(
  sql: Sql,
  table: string,
  page: { readonly limit: number; readonly without?: 'their-deletions' },
): Promise<number> {
  const conflicts = quoted(`dolt_conflicts_${table}`);
  const fields = await sql.rows(fieldRow, `DESCRIBE ${conflicts}`);
  const large = fields
    .filter(({ Type }) => UNBOUNDED.test(Type))
    .map(({ Field }) => `COALESCE(LENGTH(${quoted(Field)}), 0)`);
  if (large.length === 0) return page.limit;
  const where = page.without === undefined ? '' : " WHERE their_diff_type <> 'removed'";
  const rows = await sql.rows(
    sizeRow,
    `SELECT ${large.join(' + ')} AS bytes FROM ${conflicts}${where} LIMIT ${page.limit}`,
  );
  let sum = 0;
  const tooMany = rows.findIndex(({ bytes }) => {
    sum += bytes;
    return sum > PAGE_BYTES;
  });
  return tooMany === -1 ? page.limit : Math.max(1, tooMany);
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
