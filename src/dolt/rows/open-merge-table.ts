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
import { mergeBase } from '../sql/history.ts';
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
  const versions = {
    base: await tableDefinitionAt(sql, table, heads.base),
    ours: await tableDefinitionAt(sql, table, heads.ours),
    theirs: await tableDefinitionAt(sql, table, heads.theirs),
    merged,
  };
  return { heads, ...versions, ...readability(versions) };
}

/** The definition of a table at a commit; null if it does not exist there. */
export async function tableDefinitionAt(sql: Sql, table: string, commit: string): Promise<TableDefinition | null> {
  if (!(await tableNamesAt(sql, commit)).includes(table)) return null;
  return tableDefinition(await createTableAt(sql, table, commit));
}

/** Columns that one of the sides renamed since the merge base, each once, in the order of their names. */
export async function renamedColumns(sql: Sql, table: string, open: OpenMergeTable): Promise<Rename[]> {
  const { base, heads } = open;
  const found = new Map<string, Rename>();
  for (const side of ['ours', 'theirs'] as const) {
    const after = open[side];
    if (base === null || after === null || !mayRename(base, after)) continue;
    const { renamed } = await alterations(sql, table, { from: heads.base, to: heads[side] });
    for (const rename of renamed) found.set(`${rename.from} to ${rename.to}`, rename);
  }
  return [...found].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, rename]) => rename);
}
