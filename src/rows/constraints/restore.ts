import { Failure } from '../../core/failure.ts';
import { keyOf } from '../../dolt/rows/row-key.ts';
import { childrenOf, type ForeignKey, foreignKeys, parentsOf, type Reference } from '../../dolt/schema/foreign-keys.ts';
import { columnNamesAt, hasTriggers, ordinaryColumns, tableShape } from '../../dolt/schema/table-shape.ts';
import type { Cells } from '../../dolt/sql/cell.ts';
import { mergeBases } from '../../dolt/sql/history.ts';
import type { Sql } from '../../dolt/sql/sql.ts';
import { keysByBase } from '../corrections/row-bases.ts';
import type { Merging, SideRows } from '../merging.ts';
import type { ResolvedRow } from '../resolved-row.ts';

/**
 * Restores what belongs to survivors and was deleted with them: the rows that referred to them in the merge base, in
 * the surviving side's version if it has one, and the rows that they refer to, recursively.
 * @param survivors rows that were restored or survived a deletion, with the side that has them
 * @throws Failure `constraint-violation` if that would fire a trigger
 */
export async function restoreFamily(
  sql: Sql,
  merging: Merging,
  survivors: readonly SideRows[],
): Promise<ResolvedRow[]> {
  const open = survivors.filter(({ keys }) => keys.length > 0);
  const all = open.length === 0 ? [] : await foreignKeys(sql);
  const reported: ResolvedRow[] = [];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    for (const key of all) {
      const found = await relatives(sql, merging, { key, from: next });
      if (found === null) continue;
      const restored = await restoreRows(sql, merging, { ...found, side: next.side });
      reported.push(...restored.reported);
      if (restored.keys.length > 0) open.push({ shape: found.shape, side: next.side, keys: restored.keys });
    }
  }
  return reported;
}

/** The rows at the other end of one foreign key; null if the key does not concern the rows. */
async function relatives(
  sql: Sql,
  merging: Merging,
  step: { readonly key: ForeignKey; readonly from: SideRows },
): Promise<Pick<SideRows, 'shape' | 'keys'> | null> {
  const { key, from } = step;
  if (key.parent === from.shape.name) {
    const child = await tableShape(sql, key.table);
    if (child.key.length === 0) return null;
    return { shape: child, keys: await childrenAtBase(sql, merging, { key, child, parent: from.shape }, from.keys) };
  }
  if (key.table !== from.shape.name) return null;
  const parent = await tableShape(sql, key.parent);
  const at = { commit: merging[from.side], children: from.keys };
  return { shape: parent, keys: (await parentsOf(sql, { key, child: from.shape, parent }, at)) ?? [] };
}

/** The rows that referred to the parents in the merge base. */
async function childrenAtBase(
  sql: Sql,
  merging: Merging,
  reference: Reference,
  parents: readonly Cells[],
): Promise<Cells[]> {
  const bases = await mergeBases(sql, merging.ours, merging.theirs);
  const { key, child, parent } = reference;
  const found: Cells[] = [];
  for (const commit of bases) {
    const own = await columnNamesAt(sql, child.name, commit);
    const others = await columnNamesAt(sql, parent.name, commit);
    const isThere = key.columns.every((name) => own.has(name)) && key.parentColumns.every((name) => others.has(name));
    if (!isThere) continue;
    const children = await childrenOf(sql, reference, { commit, parents });
    const read = await keysByBase(sql, merging, { shape: child, columns: key.columns }, children);
    found.push(...(read.get(commit) ?? []));
  }
  return found;
}

/**
 * Restores rows in one side's version; skips rows that exist or that the side lacks.
 * @throws Failure `constraint-violation` if that would fire a trigger
 */
export async function restoreRows(
  sql: Sql,
  merging: Merging,
  rows: SideRows,
): Promise<{ readonly keys: readonly Cells[]; readonly reported: readonly ResolvedRow[] }> {
  const { shape, side, keys } = rows;
  if (keys.length === 0) return { keys: [], reported: [] };
  const triggers = await hasTriggers(sql, shape.name);
  if (triggers) throw firesTriggers(shape.name, 'restoring');
  const restored = await merging.pending.bringBack(shape, { commit: merging[side], keys });
  return {
    keys: restored.map((cells) => keyOf(shape, cells)),
    reported: restored.map((cells) => ({
      kind: 'restored',
      table: shape.name,
      key: keyOf(shape, cells),
      columns: ordinaryColumns(shape),
      base: null,
      ours: side === 'ours' ? cells : null,
      theirs: side === 'theirs' ? cells : null,
      wins: [],
      left: false,
    })),
  };
}

/** Why a table with triggers is not written: dolt-federation must not run a peer's code. */
export function firesTriggers(table: string, what: string): Failure {
  return new Failure('constraint-violation', `${what} rows of ${table} would fire its triggers`, {
    hint: `Make the rows of ${table} equal on one side by hand, then run again.`,
  });
}
