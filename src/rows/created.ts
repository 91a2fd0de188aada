import type { Cells } from '../dolt/cell.ts';
import type { RowWrite } from '../dolt/row-writes.ts';
import type { TableShape } from '../dolt/table-shape.ts';
import { instant } from './instant.ts';
import type { SideHistory } from './side-history.ts';

const TEMPORAL: ReadonlySet<string> = new Set(['date', 'datetime', 'timestamp']);

/** When a row says that it was created, or null where it does not. */
function namedCreation(shape: TableShape, row: Cells): string | null {
  const column = shape.columns.find(({ name, type }) => name.toLowerCase() === 'created_at' && TEMPORAL.has(type));
  const value = column === undefined ? null : (row[column.name] ?? null);
  return value === null ? null : instant(value);
}

/**
 * When a row that was added since the merge base counts as created: what the row says, as long as that is neither before
 * the merge base nor after the first commit that has the row; else the effective date of that commit.
 * @param added.row the row at the head
 * @param added.writes the commits since the merge base that wrote it
 */
export function createdTime(
  shape: TableShape,
  added: { readonly row: Cells; readonly writes: readonly RowWrite[] },
  history: Pick<SideHistory, 'base' | 'head' | 'effective'>,
): string {
  const dates = added.writes.flatMap(({ from, isMerge, commit }) =>
    from === null && !isMerge ? [history.effective(commit)] : [],
  );
  const first = dates.sort().at(0) ?? history.head;
  const named = namedCreation(shape, added.row);
  return named !== null && named >= history.base && named <= first ? named : first;
}
