import { groupBy } from '../core/group-by.ts';
import type { Cells } from '../dolt/cell.ts';
import { keyOf, keyText } from '../dolt/row-key.ts';
import type { Sql } from '../dolt/sql.ts';
import { rowsByKey } from '../dolt/stored-rows.ts';
import { type TableShape, tableShape } from '../dolt/table-shape.ts';
import { rowsUnderOneKey } from '../dolt/unique-index.ts';
import type { Violation } from '../dolt/violations.ts';
import type { LeftRow } from './conflicts-file.ts';
import { contestable, type OpenMerge } from './open-rows.ts';

/** Two rows of an open merge, one of each side, that cannot both stay. */
export interface OpenDuplicate {
  readonly shape: TableShape;
  readonly left: LeftRow;
  readonly ours: Cells;
  readonly theirs: Cells;
}

/** Reads the pairs of rows that broke a unique key when the heads came together. */
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
    const keys = group.map(({ row }) => keyOf(shape, row));
    const known = await rowsByKey(sql, shape, { keys, commit: merge.onto });
    const atOnto = new Set(known.map((row) => keyText(shape, row)));
    for (const rows of await rowsUnderOneKey(sql, shape, { name: first.name, keys })) {
      const onto = rows.find((row) => atOnto.has(keyText(shape, row)));
      const other = rows.find((row) => !atOnto.has(keyText(shape, row)));
      if (onto === undefined || other === undefined) continue;
      const [ours, theirs] = merge.swapped ? [other, onto] : [onto, other];
      const duplicate = { shape, ours, theirs, left: duplicateRow(shape, ours, theirs) };
      found.set(`${shape.name} ${keyText(shape, ours)} ${keyText(shape, theirs)}`, duplicate);
    }
  }
  return [...found.values()];
}

function duplicateRow(shape: TableShape, ours: Cells, theirs: Cells): LeftRow {
  const columns = contestable(shape).filter((name) => ours[name] !== theirs[name]);
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
