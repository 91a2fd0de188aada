import { groupBy } from '../core/group-by.ts';
import { renamed } from './generated-columns.ts';
import { quoted } from './identifier.ts';
import type { Sql } from './sql.ts';
import type { TableShape } from './table-shape.ts';

/**
 * What becomes of one row in conflict. `take`: these columns get the value of that side, all others stay ours.
 * `row`: the whole row becomes theirs, also where ours was deleted. An empty `take` leaves the row as ours has it.
 */
export interface RowSettlement {
  readonly id: string;
  readonly take: readonly string[] | 'row';
}

/**
 * Settles rows in conflict and removes their conflicts. Only `dolt_conflicts_<table>` is written: that changes the row
 * without firing a trigger or an ON UPDATE, and no value passes through the client (measured on Dolt 2.3.0).
 * @throws Failure where a row would break a unique key
 */
export async function settleConflicts(sql: Sql, shape: TableShape, rows: readonly RowSettlement[]): Promise<void> {
  const conflicts = quoted(`dolt_conflicts_${shape.name}`);
  for (const group of groupBy(rows, ({ take }) => JSON.stringify(take)).values()) {
    const take = group[0]?.take ?? [];
    const chosen = take === 'row' ? shape.columns.map(({ name }) => name) : take;
    if (chosen.length === 0) continue;
    const values = chosen.map((name) => `${our(name)} = ${quoted(`their_${name}`)}`);
    await update(sql, `UPDATE ${conflicts} SET ${values.join(', ')}`, group);
    if (take !== 'row') await recompute(sql, shape, group);
  }
  await update(sql, `DELETE FROM ${conflicts}`, rows);
}

/** A stored generated column keeps its old value when the row is written through its conflict (Dolt 2.3.0). */
async function recompute(sql: Sql, shape: TableShape, rows: readonly RowSettlement[]): Promise<void> {
  const values = shape.columns.flatMap(({ name, generated }) =>
    generated === null ? [] : [`${our(name)} = (${renamed(generated.expression, our)})`],
  );
  if (values.length === 0) return;
  await update(sql, `UPDATE ${quoted(`dolt_conflicts_${shape.name}`)} SET ${values.join(', ')}`, rows);
}

/**
 * Takes their side of all conflicts that a table still has: the only way to delete a row that they deleted and we
 * changed without firing a trigger.
 */
export async function takeTheirs(sql: Sql, table: string): Promise<void> {
  await sql.run("CALL DOLT_CONFLICTS_RESOLVE('--theirs', ?)", [table]);
}

async function update(sql: Sql, statement: string, rows: readonly RowSettlement[]): Promise<void> {
  const marks = rows.map(() => '?').join(', ');
  const ids = rows.map((row) => row.id);
  await sql.run(`${statement} WHERE dolt_conflict_id IN (${marks})`, ids);
}

function our(column: string): string {
  return quoted(`our_${column}`);
}
