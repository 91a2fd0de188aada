import type { Cells } from '../dolt/cell.ts';
import type { TableShape } from '../dolt/table-shape.ts';
import type { Side } from './side.ts';

/** Rows of one table that lost their key to another row, and the side that has them. */
export interface LosingRows {
  readonly shape: TableShape;
  readonly side: Side;
  readonly keys: readonly Cells[];
}
