import { createHash } from 'node:crypto';
import { z } from 'zod';
import { groupBy } from '../../core/lists.ts';
import { isAuditColumn } from '../schema/audit-columns.ts';
import { bareType, columnsAt, keyNames, valueText } from '../schema/columns.ts';
import { type Cells, cellsSchema } from '../sql/cell.ts';
import { differences } from '../sql/differences.ts';
import { folded, quoted } from '../sql/identifier.ts';
import type { Sql } from '../sql/sql.ts';

/** A row whose key changed between two commits. */
export interface MovedRow {
  readonly from: Cells;
  readonly to: Cells;
}

export interface MovedRows {
  /** Rows that the second commit added. */
  readonly added: number;
  /** Deleted rows that were added again under another key, if as many with equal contents were added as deleted. */
  readonly moved: readonly MovedRow[];
}

/** A range that adds or deletes more rows of a table is an import and is not compared. */
const MAX_ROWS = 20_000;
/** Columns of these names are indistinguishable from Dolt's own in a diff (Dolt 2.3.0). */
const SHADOWED: ReadonlySet<string> = new Set(['commit', 'commit_date']);

const count = z.coerce.number().int();
const kindRow = z.object({ kind: z.string(), n: count });

/**
 * Finds rows that were deleted under one key and added under another with equal contents: every column outside the key
 * except audit columns. The engine compares values by their bytes.
 * @param table its name in both commits
 * @param aside further columns that do not count, in lower case
 */
export async function movedRows(
  sql: Sql,
  range: { readonly from: string; readonly to: string },
  table: string,
  aside: readonly string[],
): Promise<MovedRows> {
  const { text, values } = await differences(sql, range, table);
  // Dolt's own counts have no rows of a recreated table (Dolt 2.3.0).
  const kinds = await sql.rows(
    kindRow,
    `SELECT diff_type AS kind, COUNT(*) AS n FROM ${text} GROUP BY diff_type`,
    values,
  );
  const countOf = (wanted: string): number => kinds.find(({ kind }) => kind === wanted)?.n ?? 0;
  const [added, deleted] = [countOf('added'), countOf('removed')];
  if (added === 0 || deleted === 0 || Math.max(added, deleted) > MAX_ROWS) return { added, moved: [] };
  const before = new Set((await columnsAt(sql, table, range.from)).map(({ name }) => name));
  const columns = (await columnsAt(sql, table, range.to)).filter(({ name }) => before.has(name));
  const keys = keyNames(columns);
  const contents = columns.flatMap((column) =>
    column.primary || isAuditColumn(column.name) || aside.includes(folded(column.name))
      ? []
      : [{ name: column.name, type: bareType(column) }],
  );
  const isShadowed = columns.some(({ name }) => SHADOWED.has(folded(name)));
  if (keys.length === 0 || contents.length === 0 || isShadowed) return { added, moved: [] };
  const read = (side: 'from_' | 'to_'): Promise<Cells[]> => {
    const names = keys.map((name, index) => `${quoted(`${side}${name}`)} AS k${index}`);
    return sql.rows(
      cellsSchema,
      `SELECT ${names.join(', ')}, ${digestOf(contents, side)} AS digest FROM ${text} WHERE diff_type = ?`,
      [...values, side === 'from_' ? 'removed' : 'added'],
    );
  };
  const names = { keys, contents: contents.map(({ name }) => name) };
  return { added, moved: pairsOf(await read('from_'), await read('to_'), names) };
}

/**
 * A digest of a row, as SQL: values can be large.
 * @param columns with their bare types
 * @param side of a row of `dolt_diff`; empty for a row of a table
 */
export function digestOf(
  columns: readonly { readonly name: string; readonly type: string }[],
  side: 'from_' | 'to_' | '',
): string {
  const values = columns.map(({ name, type }) => `COALESCE(${valueText(quoted(`${side}${name}`), type)}, '-')`);
  return `SHA2(CONCAT_WS(',', ${values.join(', ')}), 256)`;
}

/** Pairs rows of equal contents in the order of their keys, if as many were added as deleted. */
function pairsOf(
  removed: readonly Cells[],
  added: readonly Cells[],
  names: { readonly keys: readonly string[]; readonly contents: readonly string[] },
): MovedRow[] {
  const nothing = createHash('sha256')
    .update(names.contents.map(() => '-').join(','))
    .digest('hex');
  const contentOf = (row: Cells): string => row['digest'] ?? '';
  const gained = groupBy(added, contentOf);
  const keyFrom = (row: Cells): Cells =>
    Object.fromEntries(names.keys.map((name, index) => [name, row[`k${index}`] ?? null]));
  return [...groupBy(removed, contentOf)].flatMap(([digest, rows]) => {
    const others = gained.get(digest) ?? [];
    if (digest === nothing || others.length !== rows.length) return [];
    return rows.flatMap((row, index) => {
      const other = others[index];
      return other === undefined ? [] : [{ from: keyFrom(row), to: keyFrom(other) }];
    });
  });
}
