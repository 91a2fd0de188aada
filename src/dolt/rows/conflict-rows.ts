import { z } from 'zod';
import type { Budget } from '../../core/budget.ts';
import { Failure } from '../../core/failure.ts';
import { inParts } from '../../core/lists.ts';
import { defectsText } from '../schema/readability.ts';
import { ordinaryColumns, type TableShape } from '../schema/table-shape.ts';
import { type Cells, cellsBytes, cellsSchema } from '../sql/cell.ts';
import { quoted } from '../sql/identifier.ts';
import type { Sql } from '../sql/sql.ts';
import { type RowDiff, rowDiffs } from './differing-rows.ts';
import type { OpenMergeTable } from './open-merge-table.ts';
import { keyOf, keyText } from './row-key.ts';
import { rowsByKeyText } from './stored-rows.ts';

/** A row that both heads of a merge changed; null if it does not exist on that side. */
export interface ConflictRow {
  /** Identifies the conflict within its table while the merge is open. */
  readonly id: string;
  readonly base: Cells | null;
  readonly ours: Cells | null;
  readonly theirs: Cells | null;
  /** Dolt may have merged it without a conflict (src/rows/corrections/ambiguous-rows.ts); `id` is the text of the key. */
  readonly isAmbiguous?: true;
}

/** Approximate size of a row in conflict, in bytes. */
export function conflictBytes({ base, ours, theirs }: ConflictRow): number {
  return cellsBytes(base) + cellsBytes(ours) + cellsBytes(theirs);
}

const tableRow = z.object({ table: z.string() });
const SIDES = { base: 'base_', ours: 'our_', theirs: 'their_' } as const;

/** The tables with rows in conflict in the session's open merge, sorted by name. */
export async function tablesInConflict(sql: Sql): Promise<string[]> {
  return (await sql.rows(tableRow, 'SELECT `table` FROM dolt_conflicts ORDER BY `table`')).map((row) => row.table);
}

/**
 * Rows in conflict of one table, sorted by key. Use `readConflicts` if Dolt shows them wrongly.
 * @param page maximum number of rows; a caller that resolves and removes them gets the next ones with another call
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
/** Types with values of any size; all others are bounded by the size of a row (64 KiB). */
const UNBOUNDED = /text|blob|json|geometry|point|linestring|polygon|vector/i;

/** Whether rows with such columns can be of any size. */
export function mayHoldLarge(columns: readonly { readonly type: string }[]): boolean {
  return columns.some(({ type }) => UNBOUNDED.test(type));
}

/** Expressions for the bytes of those columns whose values can be of any size. */
export function unboundedSizes(columns: readonly { readonly name: string; readonly type: string }[]): string[] {
  return columns.flatMap(({ name, type }) => (UNBOUNDED.test(type) ? [`COALESCE(LENGTH(${quoted(name)}), 0)`] : []));
}

/** Bytes of the rows that are processed together. */
export const PAGE_BYTES = 16 * 1024 * 1024;

/**
 * How many of the next rows in conflict fit into memory together, at least one. Dolt adds the sizes without holding the
 * values (2.3.0: 240 MB for 8 GB of values, measured).
 * @param page as for `conflictRows`; its limit is the maximum
 */
export async function rowsThatFit(
  sql: Sql,
  table: string,
  page: { readonly limit: number; readonly without?: 'their-deletions' },
): Promise<number> {
  const conflicts = quoted(`dolt_conflicts_${table}`);
  const fields = await sql.rows(fieldRow, `DESCRIBE ${conflicts}`);
  const large = unboundedSizes(fields.map(({ Field, Type }) => ({ name: Field, type: Type })));
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

/** Parses one row of `dolt_conflicts_<table>`. */
function conflictRow(cells: Cells): ConflictRow {
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

/** The key of a row in conflict, from any side that has it. */
export function anySide(row: ConflictRow, shape: TableShape): Cells {
  return keyOf(shape, row.ours ?? row.theirs ?? row.base ?? {});
}

const countRow = z.object({ n: z.coerce.number().int() });
const KEYS_PER_STATEMENT = 200;

/**
 * Rows in conflict of a table whose `dolt_conflicts_<table>` cannot be read: rows that both sides changed, compared at
 * the three commits of the merge. Dolt keeps a row in conflict as our side has it, and merges all others.
 * @param ambiguous the keys of ambiguous rows as texts: they are left out, and Dolt may count them
 * @throws Failure `dolt-defect` if their number differs from Dolt's count
 */
export async function conflictsByCommit(
  sql: Sql,
  shape: TableShape,
  open: OpenMergeTable,
  { ambiguous, budget }: { readonly ambiguous: ReadonlySet<string>; readonly budget?: Budget | undefined },
): Promise<ConflictRow[]> {
  const { heads } = open;
  const changed = await keysChangedOnBothSides(sql, shape, open);
  const keys = changed.filter((key) => !ambiguous.has(keyText(shape, key)));
  const found: ConflictRow[] = [];
  for (const wanted of inParts(keys, KEYS_PER_STATEMENT)) {
    const byKey = (commit?: string) => rowsByKeyText(sql, shape, { keys: wanted, commit });
    const [base, ours, theirs] = [await byKey(heads.base), await byKey(heads.ours), await byKey(heads.theirs)];
    const merged = await byKey();
    for (const key of wanted) {
      const id = keyText(shape, key);
      const row = { id, base: base.get(id) ?? null, ours: merged.get(id) ?? null, theirs: theirs.get(id) ?? null };
      if (!isInConflict(row, ours.get(id) ?? null, { shape, open })) continue;
      budget?.take(conflictBytes(row));
      found.push(row);
    }
  }
  const [counted] = await sql.rows(countRow, 'SELECT num_conflicts AS n FROM dolt_conflicts WHERE `table` = ?', [
    shape.name,
  ]);
  const count = counted?.n ?? 0;
  if (count < found.length || count > found.length + ambiguous.size) {
    throw new Failure(
      'dolt-defect',
      `the rows in conflict of ${shape.name} cannot be read: Dolt counts ${count} but shows them wrongly because of ${defectsText(open.conflicts)}, and the commits show ${found.length}`,
      {
        hint: `Give the rows of ${shape.name} that both sides changed the same values on both sides, commit, then run again.`,
      },
    );
  }
  return found;
}

async function keysChangedOnBothSides(sql: Sql, shape: TableShape, { heads }: OpenMergeTable): Promise<Cells[]> {
  const changed = async (to: string): Promise<Map<string, Cells>> => {
    const diffs = await rowDiffs(sql, { from: heads.base, to }, shape.name);
    return new Map(
      diffs.flatMap((diff) => {
        const key = keyOfDiff(shape, diff);
        return key === null ? [] : [[keyText(shape, key), key]];
      }),
    );
  };
  const [ours, theirs] = [await changed(heads.ours), await changed(heads.theirs)];
  return [...ours].flatMap(([id, key]) => (theirs.has(id) ? [key] : []));
}

function keyOfDiff(shape: TableShape, { from, to }: RowDiff): Cells | null {
  const cells = to ?? from;
  return cells === null ? null : keyOf(shape, cells);
}

/** @param before the row in the commit of our side */
function isInConflict(
  { base, ours, theirs }: ConflictRow,
  before: Cells | null,
  { shape, open }: { readonly shape: TableShape; readonly open: OpenMergeTable },
): boolean {
  if (ours === null || theirs === null) return ours !== theirs;
  const columns = ordinaryColumns(shape);
  const isMerged = columns.some((name) => open.ours?.columns.includes(name) === true && ours[name] !== before?.[name]);
  if (isMerged) return false;
  return columns.some((name) => {
    const [here, there] = [ours[name] ?? null, theirs[name] ?? null];
    if (base === null) return here !== there;
    const old = base[name] ?? null;
    return open.theirs?.columns.includes(name) === true && here !== there && here !== old && there !== old;
  });
}
