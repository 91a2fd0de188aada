import { z } from 'zod';
import { Failure } from '../../core/failure.ts';
import { columnsAt, keyNames } from '../schema/columns.ts';
import { baseTablesAt, shapeOf, type TableShape } from '../schema/table-shape.ts';
import { type Cells, cellsSchema } from '../sql/cell.ts';
import { differenceCounts } from '../sql/differences.ts';
import { folded, quoted } from '../sql/identifier.ts';
import type { Sql } from '../sql/sql.ts';
import { hasKey, keyText } from './row-key.ts';

const statRow = z.object({ same: z.coerce.number().int() });
const anyRow = z.object({ n: z.coerce.number() });

/** Rows in these tables are written by programs that set a database up. */
const SET_UP = ['schema_migrations', 'config', 'metadata'];

/** Maximum number of rows to compare if the definitions differ, which makes Dolt's count meaningless. */
const SAMPLE = 200;

/**
 * Whether two commits share an equal row in a common table, while their base has none of the common tables. The cost
 * depends on the difference. Columns are never read from a diff, where a user column can shadow Dolt's own.
 */
export async function holdEqualRows(
  sql: Sql,
  heads: { readonly base: string; readonly ours: string; readonly theirs: string },
): Promise<boolean> {
  const theirTables = new Set(await baseTablesAt(sql, heads.theirs));
  const shared = (await baseTablesAt(sql, heads.ours)).filter((table) => theirTables.has(table));
  const before = await baseTablesAt(sql, heads.base);
  if (shared.some((table) => before.includes(table))) return false;
  for (const table of shared) {
    if (!SET_UP.includes(folded(table)) && (await holdEqualRow(sql, table, heads))) return true;
  }
  return false;
}

interface Sides {
  readonly ours: string;
  readonly theirs: string;
}

/** Whether a row has the same key and values at both commits; never for a table without a key. */
async function holdEqualRow(sql: Sql, table: string, { ours, theirs }: Sides): Promise<boolean> {
  const [here, there] = [await columnsAt(sql, table, ours), await columnsAt(sql, table, theirs)];
  const [keys, theirKeys] = [keyNames(here), keyNames(there)];
  if (keys.length === 0 || JSON.stringify(keys) !== JSON.stringify(theirKeys)) return false;
  if (JSON.stringify(here) === JSON.stringify(there)) {
    const counted = await countEqual(sql, table, { ours, theirs });
    if (counted !== null) return counted > 0;
  }
  const common = here.filter(({ name }) => there.some((other) => other.name === name)).map(({ name }) => name);
  return await sampleEqual(sql, { ...shapeOf(table, here), common }, { ours, theirs });
}

/** @returns null if Dolt cannot count, as beside a VIRTUAL column, or for a table recreated with other column tags */
async function countEqual(sql: Sql, table: string, { ours, theirs }: Sides): Promise<number | null> {
  const counts = await differenceCounts(sql, { from: ours, to: theirs }, table);
  if (counts === null) return null;
  try {
    const [stat] = await sql.rows(statRow, `SELECT rows_unmodified AS same FROM ${counts.text}`, counts.values);
    if (stat !== undefined) return stat.same;
    // Dolt 2.3.0 does not list a table that is the same at both commits.
    return (await sql.rows(anyRow, `SELECT 1 AS n FROM ${quoted(table)} AS OF ? LIMIT 1`, [ours])).length;
  } catch (thrown) {
    if (thrown instanceof Failure && thrown.code === 'unknown') return null;
    throw thrown;
  }
}

async function sampleEqual(
  sql: Sql,
  shape: TableShape & { readonly common: readonly string[] },
  { ours, theirs }: Sides,
): Promise<boolean> {
  const table = quoted(shape.name);
  const order = shape.key.map(quoted).join(', ');
  const here = await sql.rows(cellsSchema, `SELECT * FROM ${table} AS OF ? ORDER BY ${order} LIMIT ${SAMPLE}`, [ours]);
  if (here.length === 0) return false;
  const where = hasKey(shape, here);
  const there = await sql.rows(cellsSchema, `SELECT * FROM ${table} AS OF ? WHERE ${where.text}`, [
    theirs,
    ...where.values,
  ]);
  const values = (cells: Cells): string => JSON.stringify(shape.common.map((name) => cells[name] ?? null));
  const known = new Map(there.map((cells) => [keyText(shape, cells), values(cells)]));
  return here.some((cells) => known.get(keyText(shape, cells)) === values(cells));
}
