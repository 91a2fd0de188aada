import { inParts } from '../../core/lists.ts';
import { movedRows } from '../../dolt/rows/moved-rows.ts';
import { hasKey, keyText } from '../../dolt/rows/row-key.ts';
import { tableNamesAt } from '../../dolt/schema/table-definitions.ts';
import type { TableShape } from '../../dolt/schema/table-shape.ts';
import { type Cells, cellsSchema } from '../../dolt/sql/cell.ts';
import { branchPoints, isPresent } from '../../dolt/sql/history.ts';
import { quoted } from '../../dolt/sql/identifier.ts';
import type { Sql } from '../../dolt/sql/sql.ts';

const KEYS_PER_STATEMENT = 500;

/** Our head, and the heads that the peers have or had. */
interface Heads {
  readonly ours: string;
  readonly heads: readonly string[];
}

/**
 * Rows that this database created, of those without a value in a column. A row is not new if a head of a peer has it, or a
 * commit at which our history left theirs. The merge bases alone are not enough: after a merge that kept a row which the
 * peer had deleted and our side had changed, they lack it. Nor is a row new that only got another key.
 * @param shape a table with the key `id`
 */
export async function newRowsWithout(
  sql: Sql,
  { shape, column }: { readonly shape: TableShape; readonly column: string },
  { ours, heads }: Heads,
): Promise<Cells[]> {
  const { name } = shape;
  const present: string[] = [];
  for (const head of heads) if (await isPresent(sql, head)) present.push(head);
  const withTable = await commitsWithTable(sql, name, present);
  const table = quoted(name);
  const known = withTable.map(() => ` AND id NOT IN (SELECT id FROM ${table} AS OF ? WHERE id IS NOT NULL)`).join('');
  // Dolt 2.3.0 refuses an UPDATE with such a subquery ("not updatable"), so the keys are read first.
  const statement = `SELECT id FROM ${table} WHERE COALESCE(${quoted(column)}, '') = ''${known}`;
  const candidates = await sql.rows(cellsSchema, statement, withTable);
  const found = new Map(candidates.map((row) => [keyText(shape, row), row]));
  if (found.size === 0) return [];
  for (const commit of await commitsWithTable(sql, name, await branchPoints(sql, ours, present))) {
    for (const keys of inParts([...found.values()], KEYS_PER_STATEMENT)) {
      const where = hasKey(shape, keys);
      const read = `SELECT id FROM ${table} AS OF ? WHERE ${where.text}`;
      for (const row of await sql.rows(cellsSchema, read, [commit, ...where.values])) found.delete(keyText(shape, row));
    }
    if (found.size === 0) return [];
    for (const { to } of (await movedRows(sql, { from: commit, to: ours }, name, [column])).moved)
      found.delete(keyText(shape, to));
  }
  return [...found.values()];
}

async function commitsWithTable(sql: Sql, table: string, commits: readonly string[]): Promise<string[]> {
  const found: string[] = [];
  for (const commit of [...commits].sort()) if ((await tableNamesAt(sql, commit)).includes(table)) found.push(commit);
  return found;
}
