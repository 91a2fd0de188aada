import { groupBy } from '../../core/lists.ts';
import { keyOf, keyText } from '../../dolt/rows/row-key.ts';
import { removeRows, rowsByKey } from '../../dolt/rows/stored-rows.ts';
import { parentsOf } from '../../dolt/schema/foreign-keys.ts';
import { hasTriggers, ordinaryColumns, type TableShape, tableShape } from '../../dolt/schema/table-shape.ts';
import type { Cells } from '../../dolt/sql/cell.ts';
import type { Sql } from '../../dolt/sql/sql.ts';
import type { Violation } from '../../dolt/sql/violations.ts';
import { baseRows } from '../corrections/row-bases.ts';
import type { Merging, SideRows } from '../merging.ts';
import { SIDES } from '../merging.ts';
import type { ResolvedRow } from '../resolved-row.ts';
import { firesTriggers, restoreFamily, restoreRows } from './restore.ts';

export interface ResolvedOrphans {
  readonly reported: readonly ResolvedRow[];
  /** Added rows that were removed because a row that they refer to was removed. */
  readonly losers: readonly SideRows[];
}

interface Broken {
  /** The broken foreign keys. */
  readonly orphans: readonly Violation[];
  /** Whether a missing parent is restored; never one that this merge removed. */
  readonly restore: boolean;
  readonly lost: readonly Pick<ResolvedRow, 'table' | 'key'>[];
}

/**
 * Resolves rows whose parent is missing. The parent is restored from the side that still has it, with what belongs to
 * it. If this merge removed the parent, an added row is removed too; a row of the base stays for the verification.
 * @throws Failure `constraint-violation` if that would fire a trigger
 */
export async function resolveOrphans(sql: Sql, merging: Merging, broken: Broken): Promise<ResolvedOrphans> {
  const reported: ResolvedRow[] = [];
  const losers: SideRows[] = [];
  for (const group of groupBy(broken.orphans, ({ table, name }) => JSON.stringify([table, name])).values()) {
    const [first] = group;
    if (first === undefined || first.parent === null) continue;
    const child = await tableShape(sql, first.table);
    const parent = await tableShape(sql, first.parent.table);
    const reference = {
      key: { table: child.name, columns: first.columns, parent: parent.name, parentColumns: first.parent.columns },
      child,
      parent,
    };
    const children = group.map(({ row }) => keyOf(child, row));
    const gone = new Set(
      broken.lost.flatMap(({ table, key }) => (table === parent.name ? [keyText(parent, key)] : [])),
    );
    for (const side of SIDES) {
      // Under another name there, no parent can be copied from it; the violation remains.
      const parents = (await parentsOf(sql, reference, { commit: merging[side], children })) ?? [];
      const keys = parents.filter((cells) => !gone.has(keyText(parent, cells)));
      if (keys.length < parents.length) {
        const orphaned: Cells[] = [];
        for (const one of children) {
          const own = (await parentsOf(sql, reference, { commit: merging[side], children: [one] })) ?? [];
          if (own.some((cells) => gone.has(keyText(parent, cells)))) orphaned.push(one);
        }
        const lost = await loseAdded(sql, merging, child, orphaned);
        reported.push(...lost.reported);
        losers.push(...lost.losers);
      }
      if (!broken.restore) continue;
      const restored = await restoreRows(sql, merging, { shape: parent, side, keys });
      reported.push(...restored.reported);
      reported.push(...(await restoreFamily(sql, merging, [{ shape: parent, side, keys: restored.keys }])));
    }
  }
  return { reported, losers };
}

/** Removes the given rows that the base lacks. */
async function loseAdded(
  sql: Sql,
  merging: Merging,
  shape: TableShape,
  keys: readonly Cells[],
): Promise<ResolvedOrphans> {
  const old = await baseRows(sql, merging, shape, keys);
  const present = await rowsByKey(sql, shape, { keys });
  const added = present.filter((row) => !old.has(keyText(shape, row)));
  if (added.length === 0) return { reported: [], losers: [] };
  if (await hasTriggers(sql, shape.name)) throw firesTriggers(shape.name, 'removing');
  const reported: ResolvedRow[] = [];
  const losers: SideRows[] = [];
  const versions = { ours: new Map<string, Cells>(), theirs: new Map<string, Cells>() };
  for (const side of SIDES) {
    const rows = await rowsByKey(sql, shape, { keys: added, commit: merging[side] });
    for (const row of rows) versions[side].set(keyText(shape, row), row);
    const own = rows.map((row) => keyOf(shape, row));
    if (own.length > 0) losers.push({ shape, side, keys: own });
  }
  for (const row of added) {
    const id = keyText(shape, row);
    reported.push({
      kind: 'dependant',
      table: shape.name,
      key: keyOf(shape, row),
      columns: ordinaryColumns(shape),
      base: null,
      ours: versions.ours.get(id) ?? null,
      theirs: versions.theirs.get(id) ?? null,
      wins: [],
      left: true,
    });
  }
  await removeRows(sql, shape, added);
  return { reported, losers };
}
