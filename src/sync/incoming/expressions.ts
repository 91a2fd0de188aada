import { columnsAt } from '../../dolt/schema/columns.ts';
import { tableItems } from '../../dolt/schema/create-table.ts';
import { expressionTexts, foreignCalls, isReadable } from '../../dolt/schema/expressions.ts';
import { createTableAt, type TableChange, tableHashes } from '../../dolt/schema/table-changes.ts';
import type { Sql } from '../../dolt/sql/sql.ts';
import type { IncomingCalls } from './incoming-changes.ts';

/**
 * Functions that are not known to be harmless in expressions that a head brings: Dolt computes defaults, generated columns,
 * checks and functional indexes for our rows. Every changed table is read, since a difference need not say that a
 * definition changed (Dolt 2.3.0: a column dropped and added under the same name).
 */
export async function readExpressions(
  sql: Sql,
  heads: { readonly base: string; readonly ours: string; readonly theirs: string },
  tables: readonly TableChange[],
): Promise<IncomingCalls[]> {
  const found: IncomingCalls[] = [];
  for (const { from, to } of tables) {
    if (to === null) continue;
    const theirs = await createTableAt(sql, to, heads.theirs);
    const base = from === null ? '' : await createTableAt(sql, from, heads.base);
    const names = [to, ...(await columnsAt(sql, to, heads.theirs)).map(({ name }) => name)];
    if (!isReadable(theirs, names)) {
      if (theirs !== base) found.push({ table: to, calls: null });
      continue;
    }
    const items = tableItems(theirs);
    if (foreignCalls(items).length === 0) continue;
    const ours = (await tableHashes(sql, heads.ours)).has(to) ? await createTableAt(sql, to, heads.ours) : '';
    const known = new Set([...expressionTexts(tableItems(base)), ...expressionTexts(tableItems(ours))]);
    const calls = foreignCalls(items, known);
    if (calls.length > 0) found.push({ table: to, calls });
  }
  return found;
}
