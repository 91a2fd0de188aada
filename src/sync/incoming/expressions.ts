import { columnsAt } from '../../dolt/schema/columns.ts';
import { type Item, tableItems } from '../../dolt/schema/create-table.ts';
import { expressionTexts, foreignCalls, isReadable } from '../../dolt/schema/expressions.ts';
import { oddIndexComments } from '../../dolt/schema/index-comments.ts';
import { type TableChange, tableHashes } from '../../dolt/schema/table-changes.ts';
import { checksAt, createTableAt, tableItemsAt } from '../../dolt/schema/table-definitions.ts';
import type { Sql } from '../../dolt/sql/sql.ts';
import type { IncomingCalls } from './incoming-changes.ts';

interface Heads {
  readonly base: string;
  readonly ours: string;
  readonly theirs: string;
}

/** A table of a head that may call a function that is not known to be harmless. */
interface Suspect {
  readonly from: string | null;
  readonly to: string;
  readonly createTable: string;
  /** null if the expressions cannot be read. */
  readonly items: readonly Item[] | null;
}

type Checks = Awaited<ReturnType<typeof checksAt>>;

/**
 * Functions that are not known to be harmless in incoming expressions: Dolt computes defaults, generated columns,
 * checks and functional indexes for our rows. Every changed table is read, because a difference need not show a changed
 * definition (Dolt 2.3.0: a column dropped and added under the same name).
 */
export async function readExpressions(
  sql: Sql,
  heads: Heads,
  tables: readonly TableChange[],
): Promise<IncomingCalls[]> {
  const theirs = await checksAt(sql, heads.theirs);
  const suspects = await findSuspects(sql, tables, { commit: heads.theirs, checks: theirs });
  if (suspects.length === 0) return [];
  const base = { commit: heads.base, checks: await checksAt(sql, heads.base) };
  const ours = { commit: heads.ours, checks: await checksAt(sql, heads.ours) };
  const tablesOfOurs = await tableHashes(sql, heads.ours);
  const found: IncomingCalls[] = [];
  for (const { from, to, createTable, items } of suspects) {
    if (items === null) {
      const before = from === null ? '' : await createTableAt(sql, from, base.commit);
      const isSame = createTable === before && checkTexts(theirs, to) === checkTexts(base.checks, from);
      if (!isSame) found.push({ table: to, calls: null });
      continue;
    }
    const known = new Set([
      ...(await expressionsAt(sql, from, base)),
      ...(await expressionsAt(sql, tablesOfOurs.has(to) ? to : null, ours)),
    ]);
    const calls = foreignCalls(items, known);
    if (calls.length > 0) found.push({ table: to, calls });
  }
  return found;
}

async function findSuspects(
  sql: Sql,
  tables: readonly TableChange[],
  { commit, checks }: { readonly commit: string; readonly checks: Checks },
): Promise<Suspect[]> {
  const found: Suspect[] = [];
  const odd = new Set((await oddIndexComments(sql, commit)).map(({ table }) => table));
  for (const { from, to } of tables) {
    if (to === null) continue;
    const createTable = await createTableAt(sql, to, commit);
    const names = [to, ...(await columnsAt(sql, to, commit)).map(({ name }) => name)];
    const items = isReadable(createTable, names, odd.has(to))
      ? [...tableItems(createTable), ...(checks.get(to) ?? [])]
      : null;
    if (items === null || foreignCalls(items).length > 0) found.push({ from, to, createTable, items });
  }
  return found;
}

/** The expressions of a table at a commit; none if the table is null. */
async function expressionsAt(
  sql: Sql,
  table: string | null,
  { commit, checks }: { readonly commit: string; readonly checks: Checks },
): Promise<string[]> {
  if (table === null) return [];
  return expressionTexts([...(await tableItemsAt(sql, table, commit)), ...(checks.get(table) ?? [])]);
}

function checkTexts(checks: Checks, table: string | null): string {
  return JSON.stringify(table === null ? [] : (checks.get(table) ?? []));
}
