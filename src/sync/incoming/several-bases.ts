import { isDeepStrictEqual } from 'node:util';
import { sameNames } from '../../core/lists.ts';
import { keyText } from '../../dolt/rows/row-key.ts';
import { rowsByKeyText } from '../../dolt/rows/stored-rows.ts';
import { columnsAt, keyNames } from '../../dolt/schema/columns.ts';
import { tableChanges, tableHashes } from '../../dolt/schema/table-changes.ts';
import { columnNamesAt, shapeOf, type TableShape } from '../../dolt/schema/table-shape.ts';
import type { Cells } from '../../dolt/sql/cell.ts';
import { isDoltTable } from '../../dolt/sql/identifier.ts';
import type { Sql } from '../../dolt/sql/sql.ts';
import { baseRows } from '../../rows/corrections/row-bases.ts';
import { rootsOf } from '../../rows/corrections/several-bases.ts';

interface Heads {
  readonly ours: string;
  readonly theirs: string;
}

/**
 * Whether a head has a table as ours has it, or as the merge of several bases would have it. False if more than one base
 * changed the table: then its rows decide.
 */
export async function unchangedTables(
  sql: Sql,
  { ours, theirs }: Heads,
  bases: readonly string[],
): Promise<(table: string) => boolean> {
  const { roots } = await rootsOf(sql, bases);
  const toOurs = new Set((await tableChanges(sql, ours, theirs)).flatMap(({ from, to }) => [from, to]));
  const versionsAt = async (commits: readonly string[]) => {
    const all: ReadonlyMap<string, string>[] = [];
    for (const commit of commits) all.push(await tableHashes(sql, commit));
    return (table: string) => [...new Set(all.map((tables) => tables.get(table)))];
  };
  const [there, now, before] = [await tableHashes(sql, theirs), await versionsAt(bases), await versionsAt(roots)];
  return (table) => {
    // Dolt's own tables have no such hashes.
    if (!toOurs.has(table) || isDoltTable(table)) return !toOurs.has(table);
    const [old, ...others] = before(table);
    const changed = now(table).filter((hash) => hash !== old);
    const wanted = changed.length === 0 ? old : changed[0];
    return others.length === 0 && changed.length < 2 && there.get(table) === wanted;
  };
}

/** A row of a head that differs from another version of it; undefined: the head lacks the row. */
export interface ChangedRow {
  readonly key: Cells;
  readonly row: Cells | undefined;
}

/** Those of the rows of a head that are not as the merge of all merge bases would have them. */
export async function rowsSinceBases(
  sql: Sql,
  heads: Heads,
  table: string,
  keys: readonly Cells[],
): Promise<readonly ChangedRow[]> {
  return await rowsUnlike(sql, heads, { table, keys }, (shape, distinct) => baseRows(sql, heads, shape, distinct));
}

/** Those of the rows of a head that are not as ours has them; all of them if ours has another primary key. */
export async function rowsUnlikeOurs(
  sql: Sql,
  heads: Heads,
  table: string,
  keys: readonly Cells[],
): Promise<readonly ChangedRow[]> {
  return await rowsUnlike(sql, heads, { table, keys }, async (shape, distinct) => {
    const known = await columnNamesAt(sql, table, heads.ours);
    return shape.key.every((name) => known.has(name))
      ? await rowsByKeyText(sql, shape, { keys: distinct, commit: heads.ours })
      : null;
  });
}

/**
 * Those of the rows of a head that are not as a base has them, in a table that was redefined since as ours was: a column
 * that the base lacks has the value of ours there. All of them if the base lacks the table or has another primary key.
 */
export async function keysSince(
  sql: Sql,
  heads: Heads,
  { base, table, keys }: { readonly base: string; readonly table: string; readonly keys: readonly Cells[] },
): Promise<readonly Cells[]> {
  const columns = (await columnNamesAt(sql, table, base)).size === 0 ? [] : await columnsAt(sql, table, base);
  const before = keyNames(columns);
  const changed = await rowsUnlike(sql, heads, { table, keys }, async (shape, distinct) => {
    if (before.length === 0 || !sameNames(before, shape.key)) return null;
    const names = new Set(shape.columns.map(({ name }) => name));
    const ours = await rowsByKeyText(sql, shape, { keys: distinct, commit: heads.ours });
    const rows = [...(await rowsByKeyText(sql, shape, { keys: distinct, commit: base }))].map(([id, row]) => {
      const whole = { ...ours.get(id), ...row };
      const cells = Object.entries(whole).filter(([name]) => names.has(name));
      return [id, Object.fromEntries(cells)] as const;
    });
    return new Map(rows);
  });
  return changed.map(({ key }) => key);
}

async function rowsUnlike(
  sql: Sql,
  { theirs }: Heads,
  { table, keys }: { readonly table: string; readonly keys: readonly Cells[] },
  versionsOf: (shape: TableShape, keys: readonly Cells[]) => Promise<ReadonlyMap<string, Cells> | null>,
): Promise<readonly ChangedRow[]> {
  const shape = shapeOf(table, await columnsAt(sql, table, theirs));
  const byText = new Map(keys.map((key) => [keyText(shape, key), key]));
  const distinct = [...byText.values()];
  const found = await versionsOf(shape, distinct);
  // A key that is written otherwise there, as with another type or case, would not be found by its text.
  const before = found !== null && [...found.keys()].every((id) => byText.has(id)) ? found : null;
  const now = await rowsByKeyText(sql, shape, { keys: distinct, commit: theirs });
  return [...byText].flatMap(([id, key]) => {
    const row = now.get(id);
    return before !== null && isDeepStrictEqual(row, before.get(id)) ? [] : [{ key, row }];
  });
}
