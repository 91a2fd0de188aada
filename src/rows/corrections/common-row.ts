import type { Cells } from '../../dolt/sql/cell.ts';

/**
 * The row that a merge of several commits would have; null if it would have none. It lacks the columns to which the
 * commits gave different values. A change survives a deletion.
 * @param versions the row in each commit
 * @param before the row in their common ancestor
 */
export function commonRow(versions: readonly (Cells | null)[], before: Cells | null): Cells | null {
  const present = versions.flatMap((version) => (version === null ? [] : [version]));
  const columns = [...new Set(present.flatMap((version) => Object.keys(version)))];
  const changes = (version: Cells): boolean =>
    before === null || columns.some((name) => differs(version, before, name));
  const isDeleted = before !== null && present.length < versions.length;
  if (present.length === 0 || (isDeleted && !present.some(changes))) return null;
  return Object.fromEntries(columns.flatMap((name) => commonCell(name, present, before)));
}

/** The cell as an entry of the row, or nothing. */
function commonCell(name: string, versions: readonly Cells[], before: Cells | null): [string, string | null][] {
  const holders = versions.filter((version) => Object.hasOwn(version, name));
  const changed = before === null ? holders : holders.filter((version) => differs(version, before, name));
  const values = new Set((changed.length > 0 ? changed : holders).map((version) => version[name] ?? null));
  const [value = null] = values;
  return values.size === 1 ? [[name, value]] : [];
}

function differs(version: Cells, before: Cells, name: string): boolean {
  if (!Object.hasOwn(version, name)) return false;
  return !Object.hasOwn(before, name) || version[name] !== before[name];
}
