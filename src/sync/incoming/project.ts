import { z } from 'zod';
import { columnsAt } from '../../dolt/schema/columns.ts';
import { cellSchema } from '../../dolt/sql/cell.ts';
import { quoted } from '../../dolt/sql/identifier.ts';
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
  const columns = (await columnsAt(sql, table, commit)).map(({ name }) => name);
  if (!columns.includes('key') || !columns.includes('value')) return null;
  const statement = `SELECT value FROM ${quoted(table)} AS OF ? WHERE \`key\` = ?`;
  const [row] = await sql.rows(valueRow, statement, [commit, rules.project.key]);
  return row?.value || null;
}

/** Whether two heads of a known program belong to different projects. bd compares only what both have, too. */
export async function isOtherProject(
  sql: Sql,
  { ours, theirs, rules }: { readonly ours: string; readonly theirs: string; readonly rules: DatabaseRules },
  tables: TablesOfHeads,
): Promise<boolean> {
  const [mine, other] = [tableNamed(tables.ours, rules.project.table), tableNamed(tables.theirs, rules.project.table)];
  if (mine === null || other === null || tables.ours.get(mine) === tables.theirs.get(other)) return false;
  const here = await projectAt(sql, ours, { tables: tables.ours, rules });
  const there = await projectAt(sql, theirs, { tables: tables.theirs, rules });
  return here !== null && there !== null && here !== there;
}
