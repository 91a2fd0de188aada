import { z } from 'zod';
import { groupBy } from '../core/group-by.ts';
import { type Cells, cellsSchema } from './cell.ts';
import { quoted } from './identifier.ts';
import { hasKey } from './row-key.ts';
import type { Sql } from './sql.ts';
import type { TableShape } from './table-shape.ts';

const partRow = z.object({ name: z.string(), prefix: z.coerce.number().int().nullable() });
const RANK = 'dolt_federation_rank';

/**
 * Some rows of a table, those together that have one key in a unique index: as the index compares, by the collations of
 * its columns and over its prefixes.
 */
export async function rowsUnderOneKey(
  sql: Sql,
  shape: TableShape,
  index: { readonly name: string; readonly keys: readonly Cells[] },
): Promise<Cells[][]> {
  const parts = await sql.rows(
    partRow,
    'SELECT column_name AS name, sub_part AS prefix FROM information_schema.statistics WHERE table_schema = DATABASE() AND table_name = ? AND index_name = ? ORDER BY seq_in_index',
    [shape.name, index.name],
  );
  const compared = parts.map(({ name, prefix }) =>
    prefix === null ? quoted(name) : `LEFT(${quoted(name)}, ${prefix})`,
  );
  const where = hasKey(shape, index.keys);
  const rows = await sql.rows(
    cellsSchema,
    `SELECT t.*, DENSE_RANK() OVER (ORDER BY ${compared.join(', ')}) AS ${RANK} FROM ${quoted(shape.name)} t WHERE ${where.text}`,
    where.values,
  );
  return [...groupBy(rows, (row) => row[RANK]).values()].map((group) => group.map(({ [RANK]: _, ...row }) => row));
}

const columnRow = z.object({ name: z.string() });

/** Names of the columns of a table that are part of a unique key, the primary key aside. */
export async function uniqueColumns(sql: Sql, table: string): Promise<ReadonlySet<string>> {
  const rows = await sql.rows(
    columnRow,
    "SELECT DISTINCT column_name AS name FROM information_schema.statistics WHERE table_schema = DATABASE() AND table_name = ? AND non_unique = 0 AND index_name <> 'PRIMARY' AND column_name IS NOT NULL",
    [table],
  );
  return new Set(rows.map(({ name }) => name));
}
