import type { Budget } from '../core/budget.ts';
import { Failure } from '../core/failure.ts';
import { type ConflictRow, conflictBytes, conflictRows, conflictsByCommit } from '../dolt/rows/conflict-rows.ts';
import { type OpenMergeTable, openMergeTable, renamedColumns } from '../dolt/rows/open-merge-table.ts';
import { keyText } from '../dolt/rows/row-key.ts';
import { defectsText } from '../dolt/schema/readability.ts';
import type { TableShape } from '../dolt/schema/table-shape.ts';
import type { Sql } from '../dolt/sql/sql.ts';
import type { AmbiguousTable } from './corrections/ambiguous-rows.ts';

/** The client reserves these names (mysql2 3: `can't be the same as an object's private property`). */
const UNREADABLE = /^__(?:proto|(?:define|lookup)[GS]etter)__$/;

/**
 * Checks a table with rows in conflict before any of them is resolved.
 * @throws Failure `dolt-defect` if its rows cannot be read, or would be read from the wrong columns
 */
export async function readableTable(sql: Sql, shape: TableShape): Promise<OpenMergeTable> {
  const { name } = shape;
  const open = await openMergeTable(sql, name);
  const unreadable = shape.columns.find((column) => UNREADABLE.test(column.name));
  if (unreadable !== undefined) {
    throw new Failure(
      'dolt-defect',
      `${name} has rows in conflict and a column ${unreadable.name}, which dolt-federation cannot read`,
      {
        hint: `Rename the column ${unreadable.name} on both sides, commit, then run again.`,
      },
    );
  }
  if (shape.key.length === 0 && open.conflicts.length > 0) {
    throw new Failure(
      'dolt-defect',
      `${name} has rows in conflict and no primary key, and this Dolt shows its conflicts wrongly because of ${defectsText(open.conflicts)}`,
      { hint: `Make the rows of ${name} the same on both sides, commit, then run again.` },
    );
  }
  const renamed = renamedColumns(open);
  if (renamed.length > 0) {
    throw new Failure(
      'dolt-defect',
      `${name} has rows in conflict and renamed columns (${renamed.map(({ from, to }) => `${from} to ${to}`).join(', ')}), and this Dolt shows the values of one side under the old names`,
      {
        hint: `Give the rows of ${name} that both sides changed the same values on both sides, commit, then run again. A rename without such rows merges.`,
      },
    );
  }
  return open;
}

/**
 * Rows in conflict of a table, from `dolt_conflicts_<table>`, or from the commits if that shows them wrongly.
 * @param ambiguous its ambiguous rows; those that are in conflict are added
 */
export async function readConflicts(
  sql: Sql,
  shape: TableShape,
  open: OpenMergeTable,
  { ambiguous, budget }: { readonly ambiguous: AmbiguousTable | undefined; readonly budget?: Budget | undefined },
): Promise<readonly ConflictRow[]> {
  const added = ambiguous?.conflicts ?? [];
  if (open.conflicts.length > 0) {
    const keys = new Set(ambiguous?.keys.map((key) => keyText(shape, key)));
    return [...(await conflictsByCommit(sql, shape, open, { ambiguous: keys, budget })), ...added];
  }
  const rows = await conflictRows(sql, shape.name);
  for (const row of rows) budget?.take(conflictBytes(row));
  return [...rows, ...added];
}
