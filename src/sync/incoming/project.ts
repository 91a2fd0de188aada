import { z } from 'zod';
import { columnsAt } from '../../dolt/schema/columns.ts';
import { cellSchema } from '../../dolt/sql/cell.ts';
import { folded, quoted } from '../../dolt/sql/identifier.ts';
import type { Sql } from '../../dolt/sql/sql.ts';
import type { DatabaseRules } from '../../rows/table-policy.ts';
import { type TableNames, type TablesOfHeads, tableNamed } from './incoming-changes.ts';

const valueRow = z.object({ value: cellSchema });

/** The project that a commit belongs to, as its program recorded it; null: none is recorded. */
export async function projectAt(
  sql: Sql,
  commit: string,
  { tables, rules }: { readonly tables: TableNames; readonly rules: Pick<DatabaseRules, 'project'> },
): Promise<string | null> {
  const table = tableNamed(tables, rules.project.table);
  if (table === null) return null;
  const columns = (await columnsAt(sql, table, commit)).map(({ name }) => folded(name));
  if (!columns.includes('key') || !columns.includes('value')) return null;
  const statement = `SELECT value AS value FROM ${quoted(table)} AS OF ? WHERE \`key\` = ?`;
  const rows = await sql.rows(valueRow, statement, [commit, rules.project.key]);
  // Without a primary key a table can have several, of which bd reads any.
  return [...new Set(rows.map(({ value }) => value ?? ''))].sort().join(' ') || null;
}

/**
 * Whether a head of a known program belongs to another project than our database or its workspace. A head that removes the
 * id could bring another one later. An id that the head never had is no difference, and neither is one that we lack.
 */
export async function isOtherProject(
  sql: Sql,
  {
    base,
    ours,
    theirs,
    rules,
  }: Readonly<Record<'base' | 'ours' | 'theirs', string>> & { readonly rules: DatabaseRules },
  tables: TablesOfHeads,
): Promise<boolean> {
  const [mine, other] = [tableNamed(tables.ours, rules.project.table), tableNamed(tables.theirs, rules.project.table)];
  if (mine !== null && other !== null && tables.ours.get(mine) === tables.theirs.get(other)) return false;
  const there = await projectAt(sql, theirs, { tables: tables.theirs, rules });
  const here = await projectAt(sql, ours, { tables: tables.ours, rules });
  if (there === here) return false;
  if (there === null) return (await projectAt(sql, base, { tables: tables.base, rules })) !== null;
  return [here, rules.project.expected ?? null].some((id) => id !== null && id !== there);
}
