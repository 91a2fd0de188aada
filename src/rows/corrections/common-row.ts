import type { Cells } from '../../dolt/sql/cell.ts';
import { planDocument } from '../document-merge.ts';

/**
 * The row that a merge of several commits would have; null if it would have none. It lacks the columns to which the
 * commits gave different values. A change survives a deletion.
 * @param versions the row in each commit
 * @param before the row in their common ancestor
 * @param documents the JSON columns: documents are merged key by key, unless the commits gave a key different values
 */
export function commonRow(
  versions: readonly (Cells | null)[],
  before: Cells | null,
  documents: ReadonlySet<string>,
): Cells | null {
  const present = versions.flatMap((version) => (version === null ? [] : [version]));
  const columns = [...new Set(present.flatMap((version) => Object.keys(version)))];
  const changes = (version: Cells): boolean =>
    before === null || columns.some((name) => differs(version, before, name));
  const isDeleted = before !== null && present.length < versions.length;
  if (present.length === 0 || (isDeleted && !present.some(changes))) return null;
  return Object.fromEntries(
    columns.flatMap((name) => {
      const value = commonValue(name, present, { before, isDocument: documents.has(name) });
      return value === undefined ? [] : [[name, value]];
    }),
  );
}

/** The value of a cell; undefined if it has none. */
function commonValue(
  name: string,
  versions: readonly Cells[],
  { before, isDocument }: { readonly before: Cells | null; readonly isDocument: boolean },
): string | null | undefined {
  const holders = versions.filter((version) => Object.hasOwn(version, name));
  const changed = before === null ? holders : holders.filter((version) => differs(version, before, name));
  const values = new Set((changed.length > 0 ? changed : holders).map((version) => version[name] ?? null));
  const [first = null, ...others] = values;
  if (others.length === 0) return first;
  return isDocument ? commonDocument([first, ...others], before?.[name] ?? null) : undefined;
}

function commonDocument(versions: readonly (string | null)[], before: string | null): string | undefined {
  const [first = null, ...others] = versions;
  let merged = first;
  for (const other of others) {
    const plan = planDocument(before, merged, other);
    if (plan === null || plan.clashes.length > 0) return undefined;
    merged = plan.merged(() => 'ours');
  }
  return merged ?? undefined;
}

function differs(version: Cells, before: Cells, name: string): boolean {
  if (!Object.hasOwn(version, name)) return false;
  return !Object.hasOwn(before, name) || version[name] !== before[name];
}
