import { z } from 'zod';
import { isAuditColumn } from '../schema/audit-columns.ts';
import { bareType, keyNames } from '../schema/columns.ts';
import { storedColumnsAt } from '../schema/table-shape.ts';
import { differenceCounts, differences } from '../sql/differences.ts';
import { folded, quoted } from '../sql/identifier.ts';
import type { Sql } from '../sql/sql.ts';
import { digestOf } from './moved-rows.ts';

/** How much of a table was deleted. */
export interface DeletedRows {
  /** Rows of the first commit. */
  readonly before: number;
  /** Rows whose key the second commit lacks; if the primary key changed, those that it lacks under any key. */
  readonly deleted: number;
}

const count = z.coerce.number().int();
const countRow = z.object({ n: count });
const statRow = z.object({ rows_deleted: count, old_row_count: count.nullable() });

interface Range {
  readonly from: string;
  readonly to: string;
}

/**
 * How many rows of a table another commit deletes, computed from the difference if Dolt can. It cannot if the primary
 * key changed (Dolt 2.3.0: `primary key set changed`).
 * @param table its names in the two commits, and the result of `tableChanges` for its rows
 */
export async function deletedRows(
  sql: Sql,
  range: Range,
  table: {
    readonly from: string;
    readonly to: string;
    readonly comparable: boolean;
    readonly recreated: boolean;
  },
): Promise<DeletedRows> {
  if (!table.comparable) {
    const before = await countRowsAt(sql, table.from, range.from);
    return { before, deleted: (await rowsWithoutSuccessor(sql, range, table)) ?? before };
  }
  const source = await differences(sql, range, table.to);
  const counts = table.recreated ? null : await differenceCounts(sql, range, table.to);
  if (counts === null) {
    const statement = `SELECT COUNT(*) AS n FROM ${source.text} WHERE diff_type = 'removed'`;
    const [removed] = await sql.rows(countRow, statement, source.values);
    return { before: await countRowsAt(sql, table.from, range.from), deleted: removed?.n ?? 0 };
  }
  const [stat] = await sql.rows(statRow, `SELECT rows_deleted, old_row_count FROM ${counts.text}`, counts.values);
  if (stat === undefined || stat.rows_deleted === 0) return { before: 0, deleted: 0 };
  // A table without a primary key has no `old_row_count`.
  return { before: stat.old_row_count ?? (await countRowsAt(sql, table.from, range.from)), deleted: stat.rows_deleted };
}

const unmatchedRow = z.object({ n: count.nullable() });

/**
 * Counts the rows of a table that have no counterpart in a table with another primary key. The former key decides if no
 * column of it was dropped, otherwise all columns of both tables. Each row of the second commit is the counterpart of one.
 * @param table its names in the two commits
 * @returns null if no such column is left
 */
export async function rowsWithoutSuccessor(
  sql: Sql,
  range: Range,
  table: { readonly from: string; readonly to: string },
): Promise<number | null> {
  // A row can have VIRTUAL columns that Dolt cannot compute.
  const before = await storedColumnsAt(sql, table.from, range.from);
  const after = new Map(
    (await storedColumnsAt(sql, table.to, range.to)).map((column) => [folded(column.name), column]),
  );
  const pairs = before.flatMap((from) => {
    const to = after.get(folded(from.name));
    return to === undefined ? [] : [{ from, to }];
  });
  const key = pairs.filter(({ from }) => from.primary);
  const isKept = key.length > 0 && key.length === keyNames(before).length;
  const compared = isKept ? key : pairs.filter(({ from }) => !isAuditColumn(from.name));
  if (compared.length === 0) return null;
  const digest = (side: 'from' | 'to'): string =>
    digestOf(
      compared.map((pair) => ({ name: pair[side].name, type: bareType(pair[side]) })),
      '',
    );
  const rows =
    `SELECT ${digest('from')} AS h, 1 AS n FROM ${quoted(table.from)} AS OF ? ` +
    `UNION ALL SELECT ${digest('to')} AS h, -1 AS n FROM ${quoted(table.to)} AS OF ?`;
  const [row] = await sql.rows(
    unmatchedRow,
    `SELECT SUM(n) AS n FROM (SELECT SUM(n) AS n FROM (${rows}) AS r GROUP BY h) AS g WHERE n > 0`,
    [range.from, range.to],
  );
  return row?.n ?? 0;
}

/** How many rows a table has at a commit. */
export async function countRowsAt(sql: Sql, table: string, commit: string): Promise<number> {
  const [row] = await sql.rows(countRow, `SELECT COUNT(*) AS n FROM ${quoted(table)} AS OF ?`, [commit]);
  return row?.n ?? 0;
}
