import { z } from 'zod';
import { Failure } from '../../core/failure.ts';
import {
  mayRename,
  type Readability,
  readability,
  type TableDefinition,
  tableDefinition,
} from '../schema/readability.ts';
import { alterations, createTableAt, type Rename, tableNamesAt } from '../schema/table-definitions.ts';
import type { TableShape } from '../schema/table-shape.ts';
import { mergeBase } from '../sql/history.ts';
import { remembered } from '../sql/remembered.ts';
import type { Sql } from '../sql/sql.ts';

/** The three commits of the session's open merge. */
export interface MergeHeads {
  readonly base: string;
  readonly ours: string;
  readonly theirs: string;
}

/** A table in the session's open merge. */
export interface OpenMergeTable extends Readability {
  readonly heads: MergeHeads;
  /** The columns that each side renamed since the merge base. */
  readonly renames: Readonly<Record<'ours' | 'theirs', readonly Rename[]>>;
  readonly base: TableDefinition | null;
  readonly ours: TableDefinition | null;
  readonly theirs: TableDefinition | null;
  readonly merged: TableDefinition;
}

const headsRow = z.object({ ours: z.string(), theirs: z.string().nullable() });

async function mergeHeads(sql: Sql): Promise<MergeHeads> {
  const [row] = await sql.rows(
    headsRow,
    "SELECT DOLT_HASHOF('HEAD') AS ours, (SELECT source_commit FROM dolt_merge_status) AS theirs",
  );
  const theirs = row?.theirs ?? null;
  if (row === undefined || theirs === null) throw new Failure('unknown', 'no merge is open');
  const base = await mergeBase(sql, row.ours, theirs);
  if (base === null) throw new Failure('unrelated', `${row.ours} and ${theirs} share no commit`);
  return { base, ours: row.ours, theirs };
}

/**
 * Reads the definitions of a table in the three commits of the open merge, and which of its system tables can be read.
 */
export async function openMergeTable(sql: Sql, table: string): Promise<OpenMergeTable> {
  const heads = await mergeHeads(sql);
  const merged = tableDefinition(await createTableAt(sql, table, null));
  const base = await tableDefinitionAt(sql, table, heads.base);
  const versions = {
    base,
    ours: await tableDefinitionAt(sql, table, heads.ours),
    theirs: await tableDefinitionAt(sql, table, heads.theirs),
    merged,
  };
  const since = async (side: 'ours' | 'theirs'): Promise<readonly Rename[]> =>
    await renamesSince(sql, table, { from: heads.base, to: heads[side] }, { before: base, after: versions[side] });
  return {
    heads,
    renames: { ours: await since('ours'), theirs: await since('theirs') },
    ...versions,
    ...readability(versions),
  };
}

/** The definition of a table at a commit; null if it does not exist there. */
export async function tableDefinitionAt(sql: Sql, table: string, commit: string): Promise<TableDefinition | null> {
  if (!(await tableNamesAt(sql, commit)).includes(table)) return null;
  return tableDefinition(await createTableAt(sql, table, commit));
}

/** `dolt_patch` reads the whole difference. */
const renames = remembered(
  2,
  async (sql, from: string, to: string, table: string): Promise<readonly Rename[]> =>
    (await alterations(sql, table, { from, to })).renamed,
);

async function renamesSince(
  sql: Sql,
  table: string,
  range: { readonly from: string; readonly to: string },
  { before, after }: { readonly before: TableDefinition | null; readonly after: TableDefinition | null },
): Promise<readonly Rename[]> {
  if (before === null || after === null || !mayRename(before, after)) return [];
  return await renames(sql, range.from, range.to, table);
}

/** Columns that one of the sides renamed since the merge base, each once, in the order of their names. */
export function renamedColumns({ renames }: OpenMergeTable): Rename[] {
  const found = new Map([...renames.ours, ...renames.theirs].map((one) => [`${one.from} to ${one.to}`, one]));
  return [...found].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, rename]) => rename);
}

/** The name that a column of the merged table has in one of the commits; null if it is not there. */
export function nameAt(open: OpenMergeTable, side: keyof MergeHeads, column: string): string | null {
  const { ours, theirs } = open.renames;
  const isIn = (list: readonly Rename[], { from, to }: Rename): boolean =>
    list.some((one) => one.from === from && one.to === to);
  const own = side === 'base' ? [] : open.renames[side];
  const others = [...ours, ...theirs].filter((rename) => !isIn(own, rename));
  const former = others.find(({ to }) => to === column)?.from;
  if (former !== undefined) return former;
  const isOther = others.some(({ from }) => from === column);
  return !isOther && open[side]?.columns.includes(column) === true ? column : null;
}

/** A table with the names that its columns have in one of the commits; without those that are not there. */
export function shapeAt(shape: TableShape, open: OpenMergeTable, side: keyof MergeHeads): TableShape {
  const columns = shape.columns.flatMap((column) => {
    const name = nameAt(open, side, column.name);
    return name === null ? [] : [{ ...column, name }];
  });
  return { name: shape.name, key: shape.key.map((name) => nameAt(open, side, name) ?? name), columns };
}
