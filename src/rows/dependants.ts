import type { Cells } from '../dolt/cell.ts';
import type { Sql } from '../dolt/sql.ts';
import type { TableShape } from '../dolt/table-shape.ts';
import type { Merging } from './merging.ts';
import type { Side } from './side.ts';
import type { ToldRow } from './told-row.ts';

/** Rows of one table that one side added and that the merge removed. */
export interface LosingRows {
  readonly shape: TableShape;
  readonly side: Side;
  readonly keys: readonly Cells[];
}

/** Removes the rows that were added with losing rows and refer to them. */
export async function loseDependants(_sql: Sql, _merging: Merging, _losers: readonly LosingRows[]): Promise<ToldRow[]> {
  return [];
}
