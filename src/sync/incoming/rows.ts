import { sameNames } from '../../core/lists.ts';
import { countRowsAt, deletedRows, rowsWithoutSuccessor } from '../../dolt/rows/deleted-rows.ts';
import { countDifferingRows, differingRows } from '../../dolt/rows/differing-rows.ts';
import { isAfter, timeColumns } from '../../dolt/rows/future-dates.ts';
import { movedRows } from '../../dolt/rows/moved-rows.ts';
import { tableDefinitionAt } from '../../dolt/rows/open-merge-table.ts';
import { countRows, differs, firstRows, rowsByName } from '../../dolt/rows/rows-by-name.ts';
import { columnsAt, keyNames } from '../../dolt/schema/columns.ts';
import { hasShadowedDiff } from '../../dolt/schema/readability.ts';
import { holdsRowsOfUsers } from '../../dolt/schema/row-tables.ts';
import { type TableChange, tableChanges } from '../../dolt/schema/table-changes.ts';
import { baseTablesAt } from '../../dolt/schema/table-shape.ts';
import { differences } from '../../dolt/sql/differences.ts';
import { folded, quoted } from '../../dolt/sql/identifier.ts';
import type { Sql } from '../../dolt/sql/sql.ts';
import { COUNTED_ROWS, isMassDeletion } from './findings.ts';
import { type Deletion, type FutureRows, type TableNames, tableNamed } from './incoming-changes.ts';

interface Range {
  readonly from: string;
  readonly to: string;
}

/** Our head and the names of its tables: a row that it lacks cannot be deleted. */
interface OurHead {
  readonly head: string;
  readonly tables: TableNames;
}

/**
 * The rows that a difference deletes, table by table.
 * @param tables every table that the head changes, except those of Dolt that are checked apart
 * @param names.after the names of all tables of the head
 * @param names.ours null: the range starts at our head
 */
export async function readDeletions(
  sql: Sql,
  range: Range,
  tables: readonly TableChange[],
  names: { readonly after: TableNames; readonly ours: OurHead | null },
): Promise<Deletion[]> {
  const found: Deletion[] = [];
  for (const change of tables) {
    const { from } = change;
    if (from !== null) found.push(...(await losses(sql, range, { ...change, from }, names)));
  }
  return found;
}

/**
 * The rows of a difference with future times.
 * @param tables as for `readDeletions`
 * @param times.before the names of all tables at the start of the range
 * @param times.limit the latest time that does not count as future
 */
export async function readFutureRows(
  sql: Sql,
  range: Range,
  tables: readonly TableChange[],
  times: { readonly before: TableNames; readonly limit: string },
): Promise<FutureRows[]> {
  const found: FutureRows[] = [];
  for (const change of tables) {
    const { to } = change;
    if (to !== null) found.push(...(await future(sql, range, { ...change, to }, times)));
  }
  return found;
}

/** Tables that lose more rows between two commits than may be deleted at once. */
export async function massLosses(sql: Sql, range: Range, maxDelete: number): Promise<Deletion[]> {
  const found: Deletion[] = [];
  const changes = await tableChanges(sql, range.from, range.to);
  const after = new Set(await baseTablesAt(sql, range.to));
  for (const change of changes) {
    const { from, to } = change;
    if (from === null || !holdsRowsOfUsers(from) || (to !== null && !holdsRowsOfUsers(to))) continue;
    if (to === null) {
      const before = await countRowsAt(sql, from, range.from);
      found.push({ table: from, before, deleted: before, added: 0, moved: 0, rows: [], whole: true });
    } else found.push(...(await losses(sql, range, { ...change, from }, { after, ours: null })));
  }
  return found.filter((deletion) => isMassDeletion(deletion, maxDelete));
}

/** Rows that a table loses under its name; none for a table that is dropped, which is reported as such. */
async function losses(
  sql: Sql,
  range: Range,
  change: TableChange & { readonly from: string },
  { after, ours }: { readonly after: TableNames; readonly ours: OurHead | null },
): Promise<Deletion[]> {
  const { from, to, dataChanged } = change;
  if (to === null) return [];
  const successor = from === to ? null : tableNamed(after, from);
  // Another table took the name: programs that read it see those rows.
  if (successor !== null) return await lossesByName(sql, range, { from, to: successor });
  if (!dataChanged) return [];
  const { before, deleted: removed } = await deletedRows(sql, range, { ...change, to });
  // A table that is emptied under another name is a dropped one.
  const whole = from !== to && removed === before && before > 0;
  if ((before < COUNTED_ROWS && !whole) || removed === 0) return [];
  const keys = keyNames(await columnsAt(sql, to, range.to));
  const deleted = ours === null ? removed : await stillHere(sql, range, { ...change, to, keys, removed }, ours);
  if (deleted === 0) return [];
  const choice = { table: to, keys, where: "diff_type = 'removed'" };
  const shown = change.comparable && keys.length > 0;
  const rows = shown ? await differingRows(sql, range, choice) : [];
  const isMovable = change.comparable && from === to;
  const { added, moved } = isMovable ? await movedRows(sql, range, to, []) : { added: 0, moved: [] };
  return [{ table: from, before, deleted, added, moved: moved.length, rows, whole }];
}

/** How many of the deleted rows we still have; all of them if that cannot be read. */
async function stillHere(
  sql: Sql,
  range: Range,
  change: TableChange & { readonly to: string; readonly keys: readonly string[]; readonly removed: number },
  ours: OurHead,
): Promise<number> {
  const { from, to, keys, removed, comparable } = change;
  if (!comparable || from !== to) return removed;
  if (keys.length === 0 || hasShadowedDiff(keys) || !ours.tables.has(to)) return removed;
  if (!sameNames(keys, keyNames(await columnsAt(sql, to, ours.head)))) return removed;
  const names = keys.map((name, index) => `${quoted(`from_${name}`)} AS k${index}`).join(', ');
  const same = keys.map((name, index) => `d.k${index} = o.${quoted(name)}`).join(' AND ');
  const { text, values } = await differences(sql, range, to);
  return await countRows(sql, {
    text: `FROM (SELECT ${names} FROM ${text} WHERE diff_type = 'removed') AS d JOIN ${quoted(to)} AS OF ? AS o ON ${same}`,
    values: [...values, ours.head],
  });
}

async function lossesByName(
  sql: Sql,
  range: Range,
  table: { readonly from: string; readonly to: string },
): Promise<Deletion[]> {
  const before = await countRowsAt(sql, table.from, range.from);
  const { removed } = await rowsByName(sql, range, table);
  const deleted =
    removed === null ? ((await rowsWithoutSuccessor(sql, range, table)) ?? before) : await countRows(sql, removed);
  const whole = deleted === before && before > 0;
  if ((before < COUNTED_ROWS && !whole) || deleted === 0) return [];
  return [{ table: table.from, before, deleted, added: 0, moved: 0, rows: [], whole }];
}

async function future(
  sql: Sql,
  range: Range,
  change: TableChange & { readonly to: string },
  { before, limit }: { readonly before: TableNames; readonly limit: string },
): Promise<FutureRows[]> {
  const { from, to: table, comparable, dataChanged, definitionChanged } = change;
  const all = await columnsAt(sql, table, range.to);
  const columns = timeColumns(all);
  const isReadByName = !comparable || definitionChanged || from !== table;
  if (columns.length === 0 || (!dataChanged && !isReadByName)) return [];
  const found: FutureRows[] = [];
  // Rows that differ show everything only where no name changed, and `dolt_diff` computes no VIRTUAL column (Dolt
  // 2.3.0).
  const virtual = isReadByName ? [] : ((await tableDefinitionAt(sql, table, range.to))?.virtualColumns ?? []);
  if (isReadByName || columns.some(({ name }) => virtual.includes(name))) {
    const former = from === table ? from : tableNamed(before, table);
    const known = former === null ? [] : timeColumns(await columnsAt(sql, former, range.from));
    const pair = await rowsByName(sql, range, { from: former, to: table });
    for (const column of columns) {
      const name = folded(column.name);
      const sides = pair.column(name);
      if (sides === null) continue;
      // A value that was not a time before is one now.
      const both = known.some((one) => folded(one.name) === name) ? sides : { ...sides, from: 'NULL' };
      const where = `${isAfter(column, both.to)} AND ${differs([both])}`;
      const { text, values } = pair.sent;
      const clause = { text: `${text} WHERE ${where}`, values: [...values, limit] };
      const count = await countRows(sql, clause);
      const shown = { table, keys: pair.keys, side: 'to', column: { ...both, name: column.name } } as const;
      if (count > 0) found.push({ table, column: column.name, count, rows: await firstRows(sql, clause, shown) });
    }
    return found;
  }
  const keys = keyNames(all);
  for (const column of columns) {
    const choice = {
      table,
      keys,
      where: isAfter(column, quoted(`to_${column.name}`)),
      parameters: [limit],
      column: column.name,
    };
    const count = await countDifferingRows(sql, range, choice);
    if (count > 0) found.push({ table, column: column.name, count, rows: await differingRows(sql, range, choice) });
  }
  return found;
}
