import type { LostChoice, LostRow } from './conflicts-file.ts';

/** The lost row to which a row belongs, if it is in the same list. */
export function rootOf(row: LostRow, all: readonly LostRow[]): LostRow | null {
  const root = row.with;
  if (root === undefined) return null;
  const key = keyOf(root.key);
  const found = all.find(
    (one) => one.table === root.table && one.head === row.head && keyOf(one.key ?? one.row) === key,
  );
  return found === row ? null : (found ?? null);
}

function keyOf(values: LostRow['row']): string {
  return JSON.stringify(Object.entries(values).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

/**
 * The decision about a lost row. Without one of its own, a row that was removed with another one follows it; dropping a
 * row also drops the rows that refer to it.
 */
export function decisionOf(row: LostRow, all: readonly LostRow[]): LostChoice | null {
  if (row.choose !== null) return row.choose;
  const root = rootOf(row, all)?.choose ?? null;
  if (root === null || root === 'drop') return root;
  return row.kind === 'dependant' ? 'restore' : null;
}

/** The rows that wait for a decision of their own: those that follow another one do not. */
export function openLost(lost: readonly LostRow[]): LostRow[] {
  return lost.filter((row) => {
    if (row.choose !== null || decisionOf(row, lost) !== null) return false;
    return row.kind !== 'dependant' || rootOf(row, lost) === null;
  });
}
