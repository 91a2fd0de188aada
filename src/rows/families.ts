import type { ConflictRow } from '../dolt/rows/conflict-rows.ts';
import type { TableShape } from '../dolt/schema/table-shape.ts';
import { folded } from '../dolt/sql/identifier.ts';
import type { RowConflict } from './classify.ts';
import type { TablePolicy } from './table-policy.ts';

/** The columns of a table that are one cell with a column, in the order of the policy; only itself if there are none. */
export function familyOf(column: string, shape: TableShape, policy: TablePolicy): readonly string[] {
  const families = policy.kind === 'cells' ? (policy.families ?? []) : [];
  const family = families.find((names) => names.includes(folded(column)));
  if (family === undefined) return [column];
  return family.flatMap((name) => shape.columns.find((one) => folded(one.name) === name)?.name ?? []);
}

/** The same conflict; if one column of a family is in conflict, all of them that differ are. */
export function widenToFamilies(
  row: ConflictRow,
  rowConflict: RowConflict,
  of: { readonly shape: TableShape; readonly policy: TablePolicy },
): RowConflict {
  if (rowConflict.kind !== 'changed' || of.policy.kind !== 'cells' || of.policy.families === undefined)
    return rowConflict;
  const inConflict = new Set(
    rowConflict.conflicting.flatMap((column) =>
      familyOf(column, of.shape, of.policy).filter(
        (name) => name === column || (row.ours?.[name] ?? null) !== (row.theirs?.[name] ?? null),
      ),
    ),
  );
  return {
    ...rowConflict,
    conflicting: of.shape.columns.flatMap(({ name }) => (inConflict.has(name) ? [name] : [])),
    theirs: rowConflict.theirs.filter((name) => !inConflict.has(name)),
  };
}
