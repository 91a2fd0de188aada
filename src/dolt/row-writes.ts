import { z } from 'zod';
import { groupBy } from '../core/group-by.ts';
import { type Cells, cellsSchema } from './cell.ts';
import { quoted } from './identifier.ts';
import { hasKey, keyText } from './row-key.ts';
import type { Sql } from './sql.ts';
import type { TableShape } from './table-shape.ts';

/** One commit that wrote a row. */
export interface RowWrite {
  readonly commit: string;
  /** The commit's date, `YYYY-MM-DD HH:MM:SS.mmm` in UTC. */
  readonly date: string;
  /** The row before, null where the commit added it. */
  readonly from: Cells | null;
  readonly to: Cells;
  /** Whether the commit has several parents, and so repeats what others wrote. */
  readonly isMerge: boolean;
}

interface RowHistory {
  readonly database: string;
  /** Commit whose history is read. */
  readonly head: string;
  readonly shape: TableShape;
  /** Columns whose values are wanted. */
  readonly columns: readonly string[];
  readonly keys: readonly Cells[];
}

/** Keyed look-ups cost per key, one after the other; this many stand in one statement. */
const KEYS_PER_STATEMENT = 100;
const commitRow = z.object({ commit_hash: z.string() });

/** Every commit reachable from a head that wrote one of the rows, by the text of the row's key. */
export async function rowWrites(sql: Sql, history: RowHistory): Promise<Map<string, RowWrite[]>> {
  const { shape, keys } = history;
  const found: [string, Omit<RowWrite, 'isMerge'>][] = [];
  for (let start = 0; start < keys.length; start += KEYS_PER_STATEMENT) {
    const rows = await diffs(sql, history, keys.slice(start, start + KEYS_PER_STATEMENT));
    for (const cells of rows) if (cells['diff_type'] !== 'removed') found.push(writeOf(shape, history.columns, cells));
  }
  const merges = await mergesAmong(sql, [...new Set(found.map(([, write]) => write.commit))]);
  const byKey = new Map<string, RowWrite[]>();
  for (const [key, group] of groupBy(found, ([key]) => key)) {
    byKey.set(
      key,
      group.map(([, write]) => ({ ...write, isMerge: merges.has(write.commit) })),
    );
  }
  return byKey;
}

function diffs(sql: Sql, history: RowHistory, keys: readonly Cells[]): Promise<Cells[]> {
  const { database, head, shape, columns } = history;
  const wanted = [...new Set([...shape.key, ...columns])];
  const values = wanted.flatMap((name) => [quoted(`to_${name}`), quoted(`from_${name}`)]);
  const where = hasKey(shape, keys, 'to_');
  return sql.rows(
    cellsSchema,
    `SELECT ${values.join(', ')}, to_commit, to_commit_date, diff_type FROM ${quoted(`${database}/${head}`)}.${quoted(`dolt_diff_${shape.name}`)} WHERE ${where.text}`,
    where.values,
  );
}

function writeOf(
  shape: TableShape,
  columns: readonly string[],
  cells: Cells,
): [key: string, write: Omit<RowWrite, 'isMerge'>] {
  const side = (prefix: string, names: readonly string[]): Cells =>
    Object.fromEntries(names.map((name) => [name, cells[`${prefix}${name}`] ?? null]));
  const write = {
    commit: cells['to_commit'] ?? '',
    date: cells['to_commit_date'] ?? '',
    from: cells['diff_type'] === 'added' ? null : side('from_', columns),
    to: side('to_', columns),
  };
  return [keyText(shape, side('to_', shape.key)), write];
}

async function mergesAmong(sql: Sql, commits: readonly string[]): Promise<Set<string>> {
  if (commits.length === 0) return new Set();
  const marks = commits.map(() => '?').join(', ');
  const rows = await sql.rows(
    commitRow,
    `SELECT DISTINCT commit_hash FROM dolt_commit_ancestors WHERE parent_index > 0 AND commit_hash IN (${marks})`,
    commits,
  );
  return new Set(rows.map((row) => row.commit_hash));
}
