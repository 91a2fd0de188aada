import { groupBy } from '../core/group-by.ts';
import { renamed } from './generated-columns.ts';
import { quoted } from './identifier.ts';
import type { PendingRows } from './pending-rows.ts';
import { type Condition, literalOf } from './row-key.ts';
import type { Sql } from './sql.ts';
import type { TableShape } from './table-shape.ts';

/**
 * What becomes of one row in conflict. `take`: these columns get the value of that side, all others stay ours.
 * `row`: the whole row becomes theirs, also where ours was deleted. An empty `take` leaves the row as ours has it.
 */
export interface RowSettlement {
  readonly id: string;
  readonly take: readonly string[] | 'row';
  /** Columns that get another value than either side's. */
  readonly set?: readonly CellValue[];
}

/** What a column gets: what it was before both sides changed it, or a value in its canonical text. */
export interface CellValue {
  readonly column: string;
  readonly value: 'base' | { readonly value: string | null };
}

/**
 * Settles rows in conflict and removes their conflicts. Only `dolt_conflicts_<table>` is written: that changes the row
 * without firing a trigger or an ON UPDATE, and no value passes through the client (measured on Dolt 2.3.0).
 * @param pending takes the rows whose value of a unique key changes; they are written later
 * @throws Failure `constraint-violation` where a row of a table with triggers would break a unique key
 */
export async function settleConflicts(
  sql: Sql,
  shape: TableShape,
  all: readonly RowSettlement[],
  pending: PendingRows,
): Promise<void> {
  const rows = await pending.defer(shape, all);
  if (rows.length === 0) return;
  const conflicts = quoted(`dolt_conflicts_${shape.name}`);
  for (const group of groupBy(rows, ({ take, set }) => JSON.stringify([take, set ?? []])).values()) {
    const { take = [], set = [] } = group[0] ?? {};
    const chosen = take === 'row' ? shape.columns.map(({ name }) => name) : take;
    const literals = set.map(({ column, value }) => assigned(shape, column, value));
    const values = [
      ...chosen.map((name) => `${our(name)} = ${quoted(`their_${name}`)}`),
      ...literals.map(({ text }) => text),
    ];
    if (values.length === 0) continue;
    const parameters = literals.flatMap((literal) => literal.values);
    await update(sql, { text: `UPDATE ${conflicts} SET ${values.join(', ')}`, values: parameters }, group);
    if (take !== 'row') await recompute(sql, shape, group);
  }
  await update(sql, { text: `DELETE FROM ${conflicts}`, values: [] }, rows);
}

function assigned(shape: TableShape, column: string, value: CellValue['value']): Condition {
  if (value === 'base') return { text: `${our(column)} = ${quoted(`base_${column}`)}`, values: [] };
  const literal = literalOf(shape, column, value.value);
  return { text: `${our(column)} = ${literal.text}`, values: literal.values };
}

/** A stored generated column keeps its old value when the row is written through its conflict (Dolt 2.3.0). */
async function recompute(sql: Sql, shape: TableShape, rows: readonly RowSettlement[]): Promise<void> {
  const values = shape.columns.flatMap(({ name, generated }) =>
    generated === null ? [] : [`${our(name)} = (${renamed(generated.expression, our)})`],
  );
  if (values.length === 0) return;
  const conflicts = quoted(`dolt_conflicts_${shape.name}`);
  await update(sql, { text: `UPDATE ${conflicts} SET ${values.join(', ')}`, values: [] }, rows);
}

/**
 * Takes their side of all conflicts that a table still has: the only way to delete a row that they deleted and we
 * changed without firing a trigger.
 */
export async function takeTheirs(sql: Sql, table: string): Promise<void> {
  await sql.run("CALL DOLT_CONFLICTS_RESOLVE('--theirs', ?)", [table]);
}

/** Leaves all conflicts that a table still has as our side has them. */
export async function keepOurs(sql: Sql, table: string): Promise<void> {
  await sql.run(`DELETE FROM ${quoted(`dolt_conflicts_${table}`)}`);
}

async function update(sql: Sql, statement: Condition, rows: readonly RowSettlement[]): Promise<void> {
  const marks = rows.map(() => '?').join(', ');
  const ids = rows.map((row) => row.id);
  await sql.run(`${statement.text} WHERE dolt_conflict_id IN (${marks})`, [...statement.values, ...ids]);
}

function our(column: string): string {
  return quoted(`our_${column}`);
}
