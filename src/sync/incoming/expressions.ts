import { columnsAt } from '../../dolt/schema/columns.ts';
import { type Item, tableItems } from '../../dolt/schema/create-table.ts';
import { expressionTexts, foreignCalls, isReadable } from '../../dolt/schema/expressions.ts';
import { checksAt, createTableAt, type TableChange, tableHashes } from '../../dolt/schema/table-changes.ts';
import type { Sql } from '../../dolt/sql/sql.ts';
import type { IncomingCalls } from './incoming-changes.ts';

/**
 * Functions that are not known to be harmless in incoming expressions: Dolt computes defaults, generated columns,
 * checks and functional indexes for our rows. Every changed table is read, because a difference need not show a changed
 * definition (Dolt 2.3.0: a column dropped and added under the same name).
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
      const checks = JSON.stringify(await checksAt(sql, to, heads.theirs));
      const before = from === null ? '' : JSON.stringify(await checksAt(sql, from, heads.base));
      if (theirs !== base || checks !== before) found.push({ table: to, calls: null });
      continue;
    }
    const items = await withChecks(sql, tableItems(theirs), { table: to, commit: heads.theirs });
    if (foreignCalls(items).length === 0) continue;
    const isOurs = (await tableHashes(sql, heads.ours)).has(to);
    const ours = isOurs ? tableItems(await createTableAt(sql, to, heads.ours)) : [];
    const known = new Set([
      ...expressionTexts(
        from === null ? [] : await withChecks(sql, tableItems(base), { table: from, commit: heads.base }),
      ),
      ...expressionTexts(isOurs ? await withChecks(sql, ours, { table: to, commit: heads.ours }) : []),
    ]);
    const calls = foreignCalls(items, known);
    if (calls.length > 0) found.push({ table: to, calls });
  }
  return found;
}

async function withChecks(
  sql: Sql,
  items: readonly Item[],
  at: { readonly table: string; readonly commit: string },
): Promise<readonly Item[]> {
  return [...items, ...(await checksAt(sql, at.table, at.commit))];
}
