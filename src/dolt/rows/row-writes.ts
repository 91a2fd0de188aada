import { z } from 'zod';
import type { Budget } from '../../core/budget.ts';
import { groupBy, inParts } from '../../core/lists.ts';
import { hasShadowedDiff } from '../schema/readability.ts';
import { tableNamesAt } from '../schema/table-definitions.ts';
import { columnNamesAt, type TableShape } from '../schema/table-shape.ts';
import { type Cells, cellsBytes, cellsSchema } from '../sql/cell.ts';
import { commitPairs, tableHistory } from '../sql/differences.ts';
import { logWithout } from '../sql/history.ts';
import { quoted } from '../sql/identifier.ts';
import type { Sql } from '../sql/sql.ts';
import { rowDiffs } from './differing-rows.ts';
import { hasKey, keyText } from './row-key.ts';

/** One commit that wrote a row. */
export interface RowWrite {
  readonly commit: string;
  /** The commit's date, `YYYY-MM-DD HH:MM:SS.mmm` in UTC. */
  readonly date: string;
  /** The row before; null if the commit added it. */
  readonly from: Cells | null;
  readonly to: Cells;
  /** Whether the commit has several parents; it then repeats other writes. */
  readonly isMerge: boolean;
}

interface RowHistory {
  readonly database: string;
  /** Commit whose history is read. */
  readonly head: string;
  /** Excludes what these commits reach. */
  readonly since: readonly string[];
  readonly shape: TableShape;
  /** Columns to read. */
  readonly columns: readonly string[];
  readonly keys: readonly Cells[];
  /** The size budget that the writes are charged to. */
  readonly budget?: Budget;
}

interface Commit {
  readonly hash: string;
  readonly date: string;
  /** The first parent. */
  readonly parent: string;
  readonly isMerge: boolean;
}

/** Each key costs one lookup, one after the other; this many fit into one statement. */
const KEYS_PER_STATEMENT = 100;
const COMMITS_PER_STATEMENT = 50;
const commitRow = z.object({ commit_hash: z.string(), date: z.string(), parents: z.string().nullable() });

/**
 * Every commit reachable from a head that wrote one of the rows, by the text of the row's key. In a history without
 * merges, `dolt_diff_<table>` finds them in one lookup. At a merge it follows only one parent: if the first parent
 * wrote the row, it shows the merge against its second parent, not the writing commit (Dolt 2.3.0). Then each commit is
 * compared with its first parent. `dolt_history_<table>` does not help: after a column was dropped, it gives older
 * values the wrong names.
 */
export async function rowWrites(sql: Sql, history: RowHistory): Promise<Map<string, RowWrite[]>> {
  const commits = await commitsOf(sql, history);
  if (hasShadowedDiff(await columnNamesAt(sql, history.shape.name, history.head))) {
    return writesByPosition(sql, history, commits);
  }
  const byHash = new Map(commits.map((commit) => [commit.hash, commit]));
  const parts = commits.some(({ isMerge }) => isMerge) ? inParts(commits, COMMITS_PER_STATEMENT) : [null];
  const found: [string, RowWrite][] = [];
  for (const keys of inParts(history.keys, KEYS_PER_STATEMENT)) {
    for (const pairs of parts) {
      for (const cells of await diffs(sql, history, { keys, pairs })) {
        const commit = byHash.get(cells['to_commit'] ?? '');
        if (commit === undefined || cells['diff_type'] === 'removed') continue;
        history.budget?.take(cellsBytes(cells));
        found.push(writeOf(history, commit, cells));
      }
    }
  }
  return byKey(found);
}

function byKey(found: readonly [key: string, write: RowWrite][]): Map<string, RowWrite[]> {
  return new Map([...groupBy(found, ([key]) => key)].map(([key, writes]) => [key, writes.map(([, write]) => write)]));
}

/**
 * The same for a table with a column that shadows one of `dolt_diff_<table>`: each commit is compared with its first
 * parent, and all differing rows are read, because no condition is possible beside such columns.
 */
async function writesByPosition(
  sql: Sql,
  { shape, columns, keys, budget }: RowHistory,
  commits: readonly Commit[],
): Promise<Map<string, RowWrite[]>> {
  const wanted = new Set(keys.map((key) => keyText(shape, key)));
  const found: [string, RowWrite][] = [];
  for (const { hash, date, parent, isMerge } of commits) {
    if (!(await tableNamesAt(sql, hash)).includes(shape.name)) continue;
    for (const { from, to } of await rowDiffs(sql, { from: parent, to: hash }, shape.name)) {
      if (to === null || !wanted.has(keyText(shape, to))) continue;
      const pick = (cells: Cells): Cells => Object.fromEntries(columns.map((name) => [name, cells[name] ?? null]));
      const write = { commit: hash, date, from: from === null ? null : pick(from), to: pick(to), isMerge };
      budget?.take(cellsBytes(write.from) + cellsBytes(write.to));
      found.push([keyText(shape, to), write]);
    }
  }
  return byKey(found);
}

/** The commits of a history that have a parent. */
async function commitsOf(sql: Sql, { head, since }: RowHistory): Promise<Commit[]> {
  const { log, revisions } = logWithout([head], since, "'--parents'");
  const rows = await sql.rows(
    commitRow,
    `SELECT commit_hash, DATE_FORMAT(date, '%Y-%m-%d %H:%i:%s.%f') AS date, parents FROM ${log}`,
    revisions,
  );
  return rows.flatMap(({ commit_hash, date, parents }) => {
    const [parent, ...others] = (parents ?? '').split(', ').filter((hash) => hash !== '');
    return parent === undefined ? [] : [{ hash: commit_hash, date, parent, isMerge: others.length > 0 }];
  });
}

/** @param of.pairs commits to compare with their first parents; null: all, along the history */
async function diffs(
  sql: Sql,
  { database, head, shape, columns }: RowHistory,
  of: { readonly keys: readonly Cells[]; readonly pairs: readonly Commit[] | null },
): Promise<Cells[]> {
  const wanted = [...new Set([...shape.key, ...columns])];
  const values = wanted.flatMap((name) => [quoted(`to_${name}`), quoted(`from_${name}`)]).join(', ');
  const where = hasKey(shape, of.keys, 'to_');
  const table = { database, head, table: shape.name };
  const history = of.pairs === null ? await tableHistory(sql, table) : await commitPairs(sql, table);
  const from = `SELECT ${values}, to_commit, diff_type FROM ${history}`;
  if (of.pairs === null) return await sql.rows(cellsSchema, `${from} WHERE ${where.text}`, where.values);
  // The keys are in HAVING: with several of them in WHERE, Dolt 2.3.0 no longer detects the two commits that it needs.
  const one = `${from} WHERE from_commit = ? AND to_commit = ? HAVING ${where.text}`;
  return await sql.rows(
    cellsSchema,
    of.pairs.map(() => one).join(' UNION ALL '),
    of.pairs.flatMap(({ hash, parent }) => [parent, hash, ...where.values]),
  );
}

function writeOf({ shape, columns }: RowHistory, commit: Commit, cells: Cells): [key: string, write: RowWrite] {
  const side = (prefix: string, names: readonly string[]): Cells =>
    Object.fromEntries(names.map((name) => [name, cells[`${prefix}${name}`] ?? null]));
  const write = {
    commit: commit.hash,
    date: commit.date,
    from: cells['diff_type'] === 'added' ? null : side('from_', columns),
    to: side('to_', columns),
    isMerge: commit.isMerge,
  };
  return [keyText(shape, side('to_', shape.key)), write];
}
