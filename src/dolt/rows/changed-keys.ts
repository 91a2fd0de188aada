import { isDeepStrictEqual } from 'node:util';
import { inParts } from '../../core/lists.ts';
import { valueDigest } from '../schema/columns.ts';
import type { TableShape } from '../schema/table-shape.ts';
import { type Cells, cellsSchema } from '../sql/cell.ts';
import { quoted } from '../sql/identifier.ts';
import type { Sql } from '../sql/sql.ts';
import { hasKey } from './row-key.ts';

const KEYS_PER_STATEMENT = 500;

/** A version of a table: a commit, HEAD or WORKING, and the columns to compare. A column that it lacks is NULL. */
export interface ComparedVersion {
  readonly at: string;
  readonly columns: readonly string[];
}

interface Compared {
  readonly from: ComparedVersion;
  readonly to: ComparedVersion;
  /** Whether both have the definition of the shape: then only digests of values are read, whatever their size. */
  readonly byDigest?: boolean;
}

/**
 * The keys whose rows differ between two versions. The table itself finds the rows, so that 'new' also finds 'NEW'
 * under a case-insensitive collation. The columns of `dolt_diff` have no collation (Dolt 2.3.0, measured).
 */
export async function changedKeys(
  sql: Sql,
  shape: TableShape,
  range: Compared & { readonly keys: readonly Cells[] },
): Promise<Cells[]> {
  const names = [...new Set([...range.from.columns, ...range.to.columns])];
  const types = new Map(shape.columns.map(({ name, type }) => [name, type]));
  const read = (name: string): string =>
    range.byDigest === true ? `${valueDigest(name, types.get(name) ?? '')} AS ${quoted(name)}` : quoted(name);
  const rowsOf = async ({ at, columns }: ComparedVersion, keys: readonly Cells[]): Promise<Cells[]> => {
    const where = hasKey(shape, keys);
    const values = names.map((name) => (columns.includes(name) ? read(name) : `NULL AS ${quoted(name)}`));
    const statement = `SELECT ${values.join(', ')} FROM ${quoted(shape.name)} AS OF ? WHERE ${where.text}`;
    const order = shape.key.map(quoted).join(', ');
    return await sql.rows(cellsSchema, `${statement} ORDER BY ${order}`, [at, ...where.values]);
  };
  // Halves until each key is known to differ or not: only the engine can compare it with the keys of the rows.
  const among = async (keys: readonly Cells[]): Promise<readonly Cells[]> => {
    if (isDeepStrictEqual(await rowsOf(range.from, keys), await rowsOf(range.to, keys))) return [];
    if (keys.length === 1) return keys;
    const middle = Math.ceil(keys.length / 2);
    return [...(await among(keys.slice(0, middle))), ...(await among(keys.slice(middle)))];
  };
  const found: Cells[] = [];
  for (const page of inParts(range.keys, KEYS_PER_STATEMENT)) found.push(...(await among(page)));
  return found;
}
