import { z } from 'zod';
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
  /** Leaves out what this commit reaches; null: the whole history. */
  readonly since: string | null;
  readonly shape: TableShape;
  /** Columns whose values are wanted. */
  readonly columns: readonly string[];
  readonly keys: readonly Cells[];
}

interface Commit {
  readonly hash: string;
  readonly date: string;
  readonly parents: readonly string[];
}

/** Keyed look-ups cost per key, one after the other; this many stand in one statement. */
const KEYS_PER_STATEMENT = 100;
/** A history of more commits is read whole. */
const COMMITS_PER_STATEMENT = 1_000;
const commitRow = z.object({ commit_hash: z.string(), date: z.string(), parents: z.string().nullable() });

/**
 * Every commit reachable from a head that wrote one of the rows, by the text of the row's key. `dolt_diff_<table>` cannot
 * tell: where histories meet it follows one of them (Dolt 2.3.0: of a merge whose first parent wrote the row, it shows the
 * merge against its second parent, and not the commit that wrote). So each row is read at every commit and compared with
 * what it was at the commit's first parent.
 */
export async function rowWrites(sql: Sql, history: RowHistory): Promise<Map<string, RowWrite[]>> {
  const { shape, keys } = history;
  const commits = await commitsOf(sql, history);
  const byKey = new Map<string, RowWrite[]>();
  if (commits.length === 0) return byKey;
  const read = [...new Set(commits.flatMap(({ hash, parents }) => [hash, ...parents.slice(0, 1)]))];
  for (let start = 0; start < keys.length; start += KEYS_PER_STATEMENT) {
    const states = await statesAt(sql, history, { keys: keys.slice(start, start + KEYS_PER_STATEMENT), read });
    for (const key of keys.slice(start, start + KEYS_PER_STATEMENT)) {
      const text = keyText(shape, key);
      byKey.set(text, writesAmong(commits, states.get(text) ?? new Map()));
    }
  }
  return byKey;
}

async function commitsOf(sql: Sql, { head, since }: RowHistory): Promise<Commit[]> {
  const rows = await sql.rows(
    commitRow,
    "SELECT commit_hash, DATE_FORMAT(date, '%Y-%m-%d %H:%i:%s.%f') AS date, parents FROM dolt_log(?, '--parents')",
    [since === null ? head : `${since}..${head}`],
  );
  return rows.map(({ commit_hash, date, parents }) => ({
    hash: commit_hash,
    date,
    parents: (parents ?? '').split(', ').filter((parent) => parent !== ''),
  }));
}

type States = Map<string, Map<string, Cells>>;

/** The rows at some commits: by key, then by commit; absent where the row does not exist. */
async function statesAt(
  sql: Sql,
  { database, head, shape, columns, since }: RowHistory,
  asked: { readonly keys: readonly Cells[]; readonly read: readonly string[] },
): Promise<States> {
  const wanted = [...new Set([...shape.key, ...columns])].map(quoted).join(', ');
  const where = hasKey(shape, asked.keys);
  const isShort = since !== null && asked.read.length <= COMMITS_PER_STATEMENT;
  const only = isShort ? ` AND commit_hash IN (${asked.read.map(() => '?').join(', ')})` : '';
  const rows = await sql.rows(
    cellsSchema,
    `SELECT ${wanted}, commit_hash FROM ${quoted(`${database}/${head}`)}.${quoted(`dolt_history_${shape.name}`)} WHERE (${where.text})${only}`,
    isShort ? [...where.values, ...asked.read] : where.values,
  );
  const states: States = new Map();
  for (const cells of rows) {
    const key = keyText(shape, cells);
    const byCommit = states.get(key) ?? new Map<string, Cells>();
    byCommit.set(cells['commit_hash'] ?? '', Object.fromEntries(columns.map((name) => [name, cells[name] ?? null])));
    states.set(key, byCommit);
  }
  return states;
}

function writesAmong(commits: readonly Commit[], states: ReadonlyMap<string, Cells>): RowWrite[] {
  return commits.flatMap(({ hash, date, parents }) => {
    const to = states.get(hash);
    if (to === undefined) return [];
    const from = states.get(parents[0] ?? '') ?? null;
    if (from !== null && Object.keys(to).every((name) => from[name] === to[name])) return [];
    return [{ commit: hash, date, from, to, isMerge: parents.length > 1 }];
  });
}
