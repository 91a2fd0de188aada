import { ignorePatternsAt, isIgnored, workingIgnorePatterns } from '../../dolt/schema/ignored-tables.ts';
import { atRevision, tableHashes } from '../../dolt/schema/table-changes.ts';
import { cellsSchema } from '../../dolt/sql/cell.ts';
import type { Sql } from '../../dolt/sql/sql.ts';
import type { IncomingChanges, PrivateTable } from './incoming-changes.ts';

interface Heads {
  readonly base: string;
  readonly ours: string;
  readonly theirs: string;
  readonly branch: string;
}

const SHOWN_ROWS = 5;

/** Rows that a head changes in the tables by which a commit says what stays out of commits, or comes from another branch. */
export async function readLocalTables(sql: Sql, heads: Heads): Promise<IncomingChanges['localTables']> {
  return [...(await ignoredRows(sql, heads)), ...(await nonlocalRows(sql, heads))];
}

/** The contents are compared, because a difference need not show that a table was replaced. */
async function ignoredRows(sql: Sql, heads: Heads): Promise<IncomingChanges['localTables']> {
  const table = 'dolt_ignore';
  const read = async (commit: string): Promise<ReadonlyMap<string, boolean>> =>
    new Map((await ignorePatternsAt(sql, commit)).map(({ pattern, ignored }) => [pattern, ignored]));
  const [base, ours, theirs] = [await read(heads.base), await read(heads.ours), await read(heads.theirs)];
  const patterns = [...new Set([...base.keys(), ...theirs.keys()])].sort();
  const changed = patterns.filter((name) => theirs.get(name) !== base.get(name) && theirs.get(name) !== ours.get(name));
  if (changed.length === 0) return [];
  const rows = changed.slice(0, SHOWN_ROWS).map((pattern) => ({ table, key: { pattern }, column: null, value: null }));
  return [{ table, count: changed.length, rows }];
}

/** The contents again: `dolt_diff` shows nothing where a column got another tag. */
async function nonlocalRows(sql: Sql, heads: Heads): Promise<IncomingChanges['localTables']> {
  const table = 'dolt_nonlocal_tables';
  const read = async (commit: string): Promise<ReadonlyMap<string, string>> => {
    // Dolt 2.3.0 reads this table as it is now, whatever `AS OF` says (measured).
    const rows = await atRevision(sql, commit, (session) => session.rows(cellsSchema, `SELECT * FROM ${table}`));
    return new Map(rows.map((cells) => [cells['table_name'] ?? '', JSON.stringify(cells)]));
  };
  const [base, ours, theirs] = [await read(heads.base), await read(heads.ours), await read(heads.theirs)];
  const names = [...new Set([...base.keys(), ...theirs.keys()])].sort();
  const changed = names.filter((name) => theirs.get(name) !== base.get(name) && theirs.get(name) !== ours.get(name));
  if (changed.length === 0) return [];
  const rows = changed
    .slice(0, SHOWN_ROWS)
    .map((name) => ({ table, key: { table_name: name }, column: null, value: null }));
  return [{ table, count: changed.length, rows }];
}

/**
 * Tables of a head that are private here: ignored by our commit or working set, and not part of our commit. A merge
 * would replace the local table or add it to every commit.
 */
export async function readPrivateTables(sql: Sql, heads: Heads): Promise<PrivateTable[]> {
  const patterns = [await ignorePatternsAt(sql, heads.ours), await workingIgnorePatterns(sql, heads.branch)];
  if (patterns.every((list) => list.length === 0)) return [];
  const [base, ours, theirs] = [
    lowerCased(await tableHashes(sql, heads.base)),
    lowerCased(await tableHashes(sql, heads.ours)),
    await tableHashes(sql, heads.theirs),
  ];
  return [...theirs].flatMap(([table, hash]) => {
    const name = table.toLowerCase();
    if (ours.has(name) || base.get(name) === hash) return [];
    return patterns.some((list) => isIgnored(table, list)) ? [{ table, inBase: base.has(name) }] : [];
  });
}

function lowerCased(hashes: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
  return new Map([...hashes].map(([name, hash]) => [name.toLowerCase(), hash]));
}
