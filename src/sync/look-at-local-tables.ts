import { type Cells, cellsSchema } from '../dolt/cell.ts';
import { quoted } from '../dolt/identifier.ts';
import { ignorePatternsAt, isIgnored, workingIgnorePatterns } from '../dolt/ignored-tables.ts';
import type { Sql } from '../dolt/sql.ts';
import { tableHashes } from '../dolt/table-hashes.ts';
import type { Brought, PrivateTable } from './brought.ts';

interface Heads {
  readonly base: string;
  readonly ours: string;
  readonly theirs: string;
  readonly branch: string;
}

/** The tables by which a commit says what stays out of commits, or comes from another branch, and their keys. */
const LOCAL_TABLES = { dolt_ignore: 'pattern', dolt_nonlocal_tables: 'table_name' } as const;

const SHOWN_ROWS = 5;

/**
 * Rows that a head has otherwise than the merge base and than we do. The contents are compared, since a difference need
 * not name a table that was replaced.
 */
export async function lookAtLocalTables(sql: Sql, heads: Heads): Promise<Brought['localTables']> {
  const found: Brought['localTables'][number][] = [];
  for (const [table, key] of Object.entries(LOCAL_TABLES)) {
    const read = async (commit: string): Promise<ReadonlyMap<string, string>> => {
      const rows = await sql.rows(cellsSchema, `SELECT * FROM ${quoted(table)} AS OF ?`, [commit]);
      return new Map(rows.map((row: Cells) => [String(row[key]), JSON.stringify(row)]));
    };
    const [base, ours, theirs] = [await read(heads.base), await read(heads.ours), await read(heads.theirs)];
    const names = [...new Set([...base.keys(), ...theirs.keys()])].sort();
    const changed = names.filter((name) => theirs.get(name) !== base.get(name) && theirs.get(name) !== ours.get(name));
    if (changed.length === 0) continue;
    const rows = changed
      .slice(0, SHOWN_ROWS)
      .map((name) => ({ table, key: { [key]: name }, column: null, value: null }));
    found.push({ table, count: changed.length, rows });
  }
  return found;
}

/**
 * Tables of a head that are private here: ignored by our commit or our working set, and no table of our commit. Merged,
 * they would replace the table of that name, or become part of every commit of ours.
 */
export async function lookAtPrivateTables(sql: Sql, heads: Heads): Promise<PrivateTable[]> {
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
