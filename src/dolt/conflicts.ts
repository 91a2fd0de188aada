import { z } from 'zod';
import type { Conflict } from '../contract/result.ts';
import { cellSchema } from './cell.ts';
import { quoted } from './identifier.ts';
import type { Sql } from './sql.ts';

/** Rows read per table; a report has no use for more, and memory has a bound. */
const ROWS_PER_TABLE = 1_000;

const tableRow = z.object({ table: z.string(), num_conflicts: z.coerce.number().int() });
const keyRow = z.object({ name: z.string() });
const row = z.record(z.string(), cellSchema);
type Row = z.infer<typeof row>;

const SIDES = { base: 'base_', ours: 'our_', theirs: 'their_' } as const;

/** The rows in conflict of a stopped merge, table by table: in each, `ours` is what stands in the session's branch. */
export async function readConflicts(sql: Sql): Promise<Conflict[]> {
  const tables = await sql.rows(tableRow, 'SELECT `table`, num_conflicts FROM dolt_conflicts ORDER BY `table`');
  const found: Conflict[] = [];
  for (const { table } of tables) {
    const keys = await sql.rows(
      keyRow,
      "SELECT column_name AS name FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = ? AND column_key = 'PRI' ORDER BY ordinal_position",
      [table],
    );
    const rows = await sql.rows(row, `SELECT * FROM ${quoted(`dolt_conflicts_${table}`)} LIMIT ${ROWS_PER_TABLE}`);
    found.push(...rows.map((cells) => conflictOf(table, new Set(keys.map((key) => key.name)), cells)));
  }
  return found;
}

/** One row of `dolt_conflicts_<table>` as a conflict: its key, and the columns that clash. */
export function conflictOf(table: string, keys: ReadonlySet<string>, cells: Row): Conflict {
  const base = side(cells, 'base');
  const ours = side(cells, 'ours');
  const theirs = side(cells, 'theirs');
  const columns = clashing({ base, ours, theirs }).filter((name) => !keys.has(name));
  const anySide = ours ?? theirs ?? base ?? {};
  return {
    table,
    key: Object.fromEntries([...keys].map((name) => [name, anySide[name] ?? null])),
    columns,
    base: pick(base, columns),
    ours: pick(ours, columns),
    theirs: pick(theirs, columns),
    resolution: 'undone',
  };
}

interface Sides {
  readonly base: Row | null;
  readonly ours: Row | null;
  readonly theirs: Row | null;
}

/**
 * The columns that clash: changed on both sides to different values. Where a side deleted the row, those that the other
 * one changed; where both added it, those in which they differ.
 */
function clashing({ base, ours, theirs }: Sides): string[] {
  const names = [...new Set([base, ours, theirs].flatMap((row) => Object.keys(row ?? {})))];
  const differ = (a: Row | null, b: Row | null, name: string): boolean => (a?.[name] ?? null) !== (b?.[name] ?? null);
  return names.filter((name) => {
    if (ours === null) return differ(base, theirs, name);
    if (theirs === null) return differ(base, ours, name);
    if (!differ(ours, theirs, name)) return false;
    return base === null || (differ(base, ours, name) && differ(base, theirs, name));
  });
}

/** The values of one side, or null where the row does not exist there. */
function side(cells: Row, which: keyof typeof SIDES): Row | null {
  const prefix = SIDES[which];
  const own = Object.entries(cells).filter(([name]) => name.startsWith(prefix) && name !== `${prefix}diff_type`);
  const absent =
    which === 'base' ? own.every(([, value]) => value === null) : cells[`${prefix}diff_type`] === 'removed';
  return absent ? null : Object.fromEntries(own.map(([name, value]) => [name.slice(prefix.length), value]));
}

function pick(values: Row | null, columns: readonly string[]): Row | null {
  return values === null ? null : Object.fromEntries(columns.map((name) => [name, values[name] ?? null]));
}

/** The same conflict seen from the other side. */
export function swapSides(conflict: Conflict): Conflict {
  return { ...conflict, ours: conflict.theirs, theirs: conflict.ours };
}
