import { isAuditColumn } from '../dolt/schema/audit-columns.ts';
import { isTemporal } from '../dolt/schema/columns.ts';
import { ordinaryColumns, type TableShape } from '../dolt/schema/table-shape.ts';
import type { Cells } from '../dolt/sql/cell.ts';
import { folded } from '../dolt/sql/identifier.ts';
import { instant } from './clock/cell-time.ts';
import { compareValues } from './compare-values.ts';
import { otherSide, type Side } from './merging.ts';
import type { TablePolicy } from './table-policy.ts';

/** Columns that are taken from one row together, and how that row is chosen. */
interface AuditGroup {
  readonly columns: readonly string[];
  /** Compares the first of the columns. A row without a value there never wins; under `known` only such rows may differ. */
  readonly from: 'smaller' | 'greater' | 'known';
}

const GROUPS: readonly AuditGroup[] = [
  { columns: ['created_at', 'created_by'], from: 'smaller' },
  { columns: ['applied_at'], from: 'smaller' },
  { columns: ['updated_at', 'updated_by'], from: 'greater' },
];

const NOTHING_NAMED: Extract<TablePolicy, { readonly kind: 'cells' }> = { kind: 'cells' };

/**
 * The audit columns of a table. A table that has no other columns besides its key has none, unless its policy says so:
 * in `lock(name, created_by)` the author is the content.
 * @param unique names of the columns in unique keys, which are never audit columns
 */
export function auditColumnsOf(shape: TableShape, unique: ReadonlySet<string>, policy: TablePolicy): Set<string> {
  const named = policy.kind === 'cells' ? policy : NOTHING_NAMED;
  const extra = new Set([...(named.latest ?? []), ...(named.known ?? [])]);
  const others = ordinaryColumns(shape).filter((name) => !shape.key.includes(name));
  const found = others.filter((name) => !unique.has(name) && (isAuditColumn(name) || extra.has(folded(name))));
  const isAuditOnly = others.every((name) => found.includes(name));
  return new Set(isAuditOnly && named.auditOnly !== true ? [] : found);
}

/**
 * Which of two rows that differ only in audit columns wins each of these columns.
 * @returns null if the rows differ in another column as well
 */
export function chooseAudit(
  rows: { readonly ours: Cells; readonly theirs: Cells },
  conflicting: readonly string[],
  table: { readonly shape: TableShape; readonly audit: ReadonlySet<string>; readonly policy: TablePolicy },
): { readonly column: string; readonly side: Side }[] | null {
  if (conflicting.length === 0 || !conflicting.every((column) => table.audit.has(column))) return null;
  const named = table.policy.kind === 'cells' ? table.policy : NOTHING_NAMED;
  const groups = [
    ...GROUPS,
    ...(named.latest ?? []).map((column): AuditGroup => ({ columns: [column], from: 'greater' })),
    ...(named.known ?? []).map((column): AuditGroup => ({ columns: [column], from: 'known' })),
  ];
  const found: { readonly column: string; readonly side: Side }[] = [];
  for (const group of groups) {
    const columns = group.columns.map((name) => conflicting.find((column) => folded(column) === name) ?? null);
    const differing = columns.filter((column) => column !== null);
    if (differing.length === 0) continue;
    const side = sideOf(rows, columns, { shape: table.shape, from: group.from });
    if (side === null) return null;
    found.push(...differing.map((column) => ({ column, side })));
  }
  return found;
}

/** @param columns those of a group in order, null if the rows do not differ */
function sideOf(
  rows: { readonly ours: Cells; readonly theirs: Cells },
  columns: readonly (string | null)[],
  how: { readonly shape: TableShape; readonly from: AuditGroup['from'] },
): Side | null {
  for (const [place, column] of columns.entries()) {
    if (column === null) continue;
    const [ours, theirs] = [rows.ours[column] ?? null, rows.theirs[column] ?? null];
    const type = how.shape.columns.find(({ name }) => name === column)?.type ?? '';
    const missing = lacking({ ours, theirs }, type);
    if (missing !== null) return otherSide(missing);
    if (ours === null || theirs === null || how.from === 'known') return null;
    const greater = compareValues(ours, theirs, type) > 0 ? 'ours' : 'theirs';
    // Of two rows written at the same time, the greater value decides.
    return place === 0 && how.from === 'smaller' ? otherSide(greater) : greater;
  }
  return null;
}

/** The side that lacks a value, or has no date where the other has one, such as `0000-00-00`; null: neither. */
function lacking(values: { readonly ours: string | null; readonly theirs: string | null }, type: string): Side | null {
  const { ours, theirs } = values;
  if (ours === null || theirs === null) return ours === null ? 'ours' : 'theirs';
  const [here, there] = isTemporal(type) ? [instant(ours), instant(theirs)] : [ours, theirs];
  if ((here === null) === (there === null)) return null;
  return here === null ? 'ours' : 'theirs';
}
