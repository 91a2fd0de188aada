import type { Cells } from '../dolt/cell.ts';
import type { ConflictRow } from '../dolt/conflict-rows.ts';

/** What the two sides did to one row, column by column; nothing is decided yet. */
export interface Contest {
  /** `changed` on both sides, `added` on both, or changed on one and deleted on the other. */
  readonly kind: 'changed' | 'added' | 'deleted-by-ours' | 'deleted-by-theirs';
  /** Columns that both changed to different values; after a deletion, those that the other side changed. */
  readonly contested: readonly string[];
  /** Columns that only they changed. */
  readonly theirs: readonly string[];
}

/**
 * Compares the three versions of a row. What was changed and changed back counts as untouched.
 * @param columns the merged table's ordinary columns without the key
 * @param newHere of the columns that the base lacks, those that only they added
 */
export function contestOf(row: ConflictRow, columns: readonly string[], newHere: ReadonlySet<string>): Contest {
  const { base, ours, theirs } = row;
  if (ours === null) return { kind: 'deleted-by-ours', contested: differing(columns, base, theirs), theirs: [] };
  if (theirs === null) return { kind: 'deleted-by-theirs', contested: differing(columns, base, ours), theirs: [] };
  if (base === null) return { kind: 'added', contested: differing(columns, ours, theirs), theirs: [] };
  const contested: string[] = [];
  const onlyTheirs: string[] = [];
  for (const name of differing(columns, ours, theirs)) {
    const isOld = Object.hasOwn(base, name);
    if (!Object.hasOwn(theirs, name)) continue;
    if (isOld ? ours[name] === base[name] : newHere.has(name)) onlyTheirs.push(name);
    else if (!isOld || theirs[name] !== base[name]) contested.push(name);
  }
  return { kind: 'changed', contested, theirs: onlyTheirs };
}

function differing(columns: readonly string[], a: Cells | null, b: Cells | null): string[] {
  return columns.filter((name) => (a?.[name] ?? null) !== (b?.[name] ?? null));
}
