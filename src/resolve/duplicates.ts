import { groupBy } from '../core/lists.ts';
import { keyOf, keyText } from '../dolt/rows/row-key.ts';
import { removeRows, rowsByKey } from '../dolt/rows/stored-rows.ts';
import { columnNamesAt, hasTriggers, type TableShape, tableShape } from '../dolt/schema/table-shape.ts';
import { rowsUnderOneKey } from '../dolt/schema/unique-index.ts';
import type { Cells } from '../dolt/sql/cell.ts';
import type { Sql } from '../dolt/sql/sql.ts';
import type { Violation } from '../dolt/sql/violations.ts';
import { firesTriggers } from '../rows/constraints/restore.ts';
import { rowName, type UnresolvedRow } from './conflicts-file.ts';
import type { Decided } from './decide.ts';
import { comparableColumns, type OpenMerge } from './open-rows.ts';

/** Two rows of an open merge, one of each side, of which only one can stay. */
export interface OpenDuplicate {
  readonly shape: TableShape;
  readonly unresolved: UnresolvedRow;
  readonly ours: Cells;
  readonly theirs: Cells;
}

/** Reads the pairs of rows that broke a unique key in the merge. */
export async function openDuplicates(
  sql: Sql,
  broken: readonly Violation[],
  merge: OpenMerge,
): Promise<OpenDuplicate[]> {
  const found = new Map<string, OpenDuplicate>();
  const unique = broken.filter(({ type }) => type === 'unique index');
  for (const group of groupBy(unique, ({ table, name }) => JSON.stringify([table, name])).values()) {
    const [first] = group;
    if (first === undefined) continue;
    const shape = await tableShape(sql, first.table);
    // Under another name of the key, no row is known to be of that side.
    const names = await columnNamesAt(sql, shape.name, merge.onto);
    if (!shape.key.every((name) => names.has(name))) continue;
    const keys = group.map(({ row }) => keyOf(shape, row));
    const known = await rowsByKey(sql, shape, { keys, commit: merge.onto });
    const atOnto = new Set(known.map((row) => keyText(shape, row)));
    for (const rows of await rowsUnderOneKey(sql, shape, { name: first.name, keys })) {
      const onto = rows.find((row) => atOnto.has(keyText(shape, row)));
      const other = rows.find((row) => !atOnto.has(keyText(shape, row)));
      if (onto === undefined || other === undefined) continue;
      const [ours, theirs] = merge.swapped ? [other, onto] : [onto, other];
      const duplicate = { shape, ours, theirs, unresolved: duplicateRow(shape, ours, theirs) };
      found.set(`${shape.name} ${keyText(shape, ours)} ${keyText(shape, theirs)}`, duplicate);
    }
  }
  return [...found.values()];
}

function duplicateRow(shape: TableShape, ours: Cells, theirs: Cells): UnresolvedRow {
  const columns = comparableColumns(shape).filter((name) => ours[name] !== theirs[name]);
  const cells = columns.map((name) => {
    return [name, { ours: ours[name] ?? null, theirs: theirs[name] ?? null, choose: null }] as const;
  });
  return {
    table: shape.name,
    key: keyOf(shape, ours),
    otherKey: keyOf(shape, theirs),
    kind: 'duplicate',
    cells: Object.fromEntries(cells),
    choose: null,
  };
}

/**
 * Removes the row of each pair that was not chosen.
 * @throws Failure `constraint-violation` if that would fire a trigger
 */
export async function removeDuplicates(
  sql: Sql,
  duplicates: readonly OpenDuplicate[],
  decided: Decided,
): Promise<void> {
  const gone = new Map<string, { readonly shape: TableShape; readonly row: Cells }>();
  for (const { shape, unresolved, ours, theirs } of duplicates) {
    const decision = decided.decisions.get(rowName(unresolved));
    if (decision?.kind !== 'row') continue;
    const row = decision.take === 'ours' ? theirs : ours;
    gone.set(`${shape.name} ${keyText(shape, row)}`, { shape, row });
  }
  for (const { shape, row } of gone.values()) {
    if (await hasTriggers(sql, shape.name)) throw firesTriggers(shape.name, 'removing');
    await removeRows(sql, shape, [keyOf(shape, row)]);
  }
}
