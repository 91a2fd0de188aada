import { SHOWN_ROWS } from '../../dolt/rows/differing-rows.ts';
import {
  type IgnorePattern,
  ignorePatternsAt,
  isIgnored,
  workingIgnorePatterns,
} from '../../dolt/schema/ignored-tables.ts';
import { nonlocalHashAt, nonlocalTablesAt } from '../../dolt/schema/nonlocal-tables.ts';
import type { Sql } from '../../dolt/sql/sql.ts';
import { type IncomingChanges, type PrivateTable, type TablesOfHeads, tableNamed } from './incoming-changes.ts';

interface Heads {
  readonly base: string;
  readonly ours: string;
  readonly theirs: string;
  readonly branch: string;
}

/** Rows that a head changes in the tables by which a commit says what stays out of commits, or comes from another branch. */
export async function readLocalTables(
  sql: Sql,
  heads: Heads,
  isSeeded: (row: IgnorePattern) => boolean,
): Promise<IncomingChanges['localTables']> {
  return [
    ...(await changedRows(heads, {
      table: 'dolt_ignore',
      key: 'pattern',
      isAllowed: (pattern, before, after) => before === undefined && isSeeded({ pattern, ignored: after === 'true' }),
      read: async (commit) =>
        new Map((await ignorePatternsAt(sql, commit)).map(({ pattern, ignored }) => [pattern, String(ignored)])),
    })),
    ...(await readNonlocal(sql, heads)),
  ];
}

async function readNonlocal(sql: Sql, heads: Heads): Promise<IncomingChanges['localTables']> {
  const table = 'dolt_nonlocal_tables';
  const key = 'table_name';
  const read = async (commit: string) => await nonlocalTablesAt(sql, commit);
  const changed = await changedRows(heads, { table, key, isAllowed: () => false, read });
  if (changed.length > 0) return changed;
  const theirs = await nonlocalHashAt(sql, heads.theirs);
  const others = [await nonlocalHashAt(sql, heads.base), await nonlocalHashAt(sql, heads.ours)];
  if (theirs === null || others.includes(theirs)) return [];
  // A row whose pattern matches the table lends another one in its place, so that no row of it is shown.
  return [{ table, count: 1, rows: [{ table, key: { [key]: table }, column: null, value: null }] }];
}

/**
 * The contents are compared: a difference need not show that a table was replaced, and `dolt_diff` shows nothing where a
 * column got another tag.
 */
async function changedRows(
  heads: Heads,
  rows: {
    readonly table: string;
    readonly key: string;
    /** Whether a changed row needs no consent. */
    readonly isAllowed: (key: string, before: string | undefined, after: string | undefined) => boolean;
    /** The contents of the table at a commit, by key. */
    readonly read: (commit: string) => Promise<ReadonlyMap<string, string>>;
  },
): Promise<IncomingChanges['localTables']> {
  const { table, key, read, isAllowed } = rows;
  const [base, ours, theirs] = [await read(heads.base), await read(heads.ours), await read(heads.theirs)];
  const keys = [...new Set([...base.keys(), ...theirs.keys()])].sort();
  const changed = keys.filter((name) => {
    const [before, after] = [base.get(name), theirs.get(name)];
    return after !== before && after !== ours.get(name) && !isAllowed(name, before, after);
  });
  if (changed.length === 0) return [];
  const shown = changed
    .slice(0, SHOWN_ROWS)
    .map((name) => ({ table, key: { [key]: name }, column: null, value: null }));
  return [{ table, count: changed.length, rows: shown }];
}

/**
 * Tables of a head that are private here: ignored by our commit or working set, and not part of our commit. A merge
 * would replace the local table or add it to every commit.
 */
export async function readPrivateTables(sql: Sql, heads: Heads, tables: TablesOfHeads): Promise<PrivateTable[]> {
  const patterns = [await ignorePatternsAt(sql, heads.ours), await workingIgnorePatterns(sql, heads.branch)];
  if (patterns.every((list) => list.length === 0)) return [];
  return [...tables.theirs].flatMap(([table, hash]) => {
    const before = tableNamed(tables.base, table);
    if (tableNamed(tables.ours, table) !== null || (before !== null && tables.base.get(before) === hash)) return [];
    return patterns.some((list) => isIgnored(table, list)) ? [{ table, inBase: before !== null }] : [];
  });
}
