import { bareType, type Column, columnsAt } from '../../dolt/schema/columns.ts';
import type { Sql } from '../../dolt/sql/sql.ts';
import type { DatabaseRules } from '../../rows/table-policy.ts';
import { type TablesOfHeads, tableNamed } from './incoming-changes.ts';

/** A class of the values of a column. A program reads no value of another class as its own. */
type TypeClass = 'number' | 'text' | 'json' | 'time' | 'bytes';

/**
 * The columns of a known program that a head takes from it: they lost their exact name, or have values of another class
 * than in the merge base. Columns that we have changed in the same way are not included. An upgrade of the program does it,
 * too (see withoutUpgrade).
 * @returns names with their tables
 */
export async function lostColumns(
  sql: Sql,
  heads: { readonly base: string; readonly ours: string; readonly theirs: string },
  tables: TablesOfHeads,
  { reads }: Pick<DatabaseRules, 'reads'>,
): Promise<string[]> {
  const lost: string[] = [];
  for (const [before, hash] of tables.base) {
    const [here, after] = [tableNamed(tables.ours, before), tableNamed(tables.theirs, before)];
    // A table that is gone has a finding of its own.
    const needed = reads(before);
    if (needed.length === 0 || here === null || after === null || tables.theirs.get(after) === hash) continue;
    const [ours, theirs] = [await columnsAt(sql, here, heads.ours), await columnsAt(sql, after, heads.theirs)];
    for (const { name, ...column } of await columnsAt(sql, before, heads.base)) {
      if (!needed.includes(name)) continue;
      const [expected, found, own] = [classOf(column), classNamed(theirs, name), classNamed(ours, name)];
      if (found !== expected && found !== own) lost.push(`${before}.${name}`);
    }
  }
  return lost;
}

function classNamed(columns: readonly Column[], wanted: string): TypeClass | null {
  const column = columns.find(({ name }) => name === wanted);
  return column === undefined ? null : classOf(column);
}

function classOf(column: Pick<Column, 'type'>): TypeClass {
  const type = bareType(column);
  if (/int$|^(?:decimal|float|double)$/.test(type)) return 'number';
  if (/char$|text$|^(?:enum|set)$/.test(type)) return 'text';
  if (/^(?:date|time)|^year$/.test(type)) return 'time';
  return type === 'json' ? 'json' : 'bytes';
}
