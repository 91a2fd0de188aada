import { groupBy, inParts } from '../../core/lists.ts';
import { renamed } from '../schema/generated-columns.ts';
import type { TableShape } from '../schema/table-shape.ts';
import type { Cells, CellValue } from '../sql/cell.ts';
import { quoted } from '../sql/identifier.ts';
import type { Sql } from '../sql/sql.ts';
import { anySide, type ConflictRow, conflictRows } from './conflict-rows.ts';
import { type OpenMergeTable, openMergeTable } from './open-merge-table.ts';
import type { PendingRows } from './pending-rows.ts';
import { type Rewrite, rewriteRows } from './rewrite-rows.ts';
import { type Condition, hasKey, keyOfText, literalOf } from './row-key.ts';

/**
 * The resolution of one row in conflict. `take`: these columns get the value of that side, all others stay ours. `row`:
 * the whole row becomes theirs, also if ours was deleted. An empty `take` keeps our row.
 */
export interface RowResolution {
  readonly id: string;
  readonly take: readonly string[] | 'row';
  /** Columns that get a value of neither side. */
  readonly set?: readonly CellValue[];
}

const KEYS_PER_STATEMENT = 200;

/**
 * Resolves rows in conflict and removes their conflicts. Only `dolt_conflicts_<table>` is written: that changes the row
 * without firing a trigger or an ON UPDATE, and no value passes through the client (measured on Dolt 2.3.0).
 * @param pending takes the rows whose value of a unique key changes; they are written later
 * @throws Failure `constraint-violation` if a row of a table with triggers would break a unique key
 */
export async function resolveConflicts(
  sql: Sql,
  shape: TableShape,
  all: readonly RowResolution[],
  pending: PendingRows,
): Promise<void> {
  const { direct, rewritten } = await separate(sql, shape, all, pending);
  const conflicts = quoted(`dolt_conflicts_${shape.name}`);
  const rows = await pending.defer(shape, direct);
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
  const settled = [...rows, ...rewritten];
  if (settled.length > 0) await update(sql, { text: `DELETE FROM ${conflicts}`, values: [] }, settled);
}

/** Rewrites the rows that need a value of a column that its side lacks; returns all rows in two parts. */
async function separate(
  sql: Sql,
  shape: TableShape,
  rows: readonly RowResolution[],
  pending: PendingRows,
): Promise<{ readonly direct: readonly RowResolution[]; readonly rewritten: readonly RowResolution[] }> {
  const needing = rows.filter(({ take, set = [] }) => take === 'row' || set.some(({ value }) => value === 'base'));
  if (needing.length === 0) return { direct: rows, rewritten: [] };
  const open = await openMergeTable(sql, shape.name);
  const columns = shape.columns.map(({ name }) => name);
  const lacks = (side: 'base' | 'theirs', names: readonly string[]): boolean =>
    names.some((name) => open[side]?.columns.includes(name) === false);
  const rewritten = needing.filter(({ take, set = [] }) => {
    const before = set.flatMap(({ column, value }) => (value === 'base' ? [column] : []));
    return (take === 'row' && lacks('theirs', columns)) || lacks('base', before);
  });
  if (rewritten.length === 0) return { direct: rows, rewritten: [] };
  const keys = new Map((await conflictRows(sql, shape.name)).map((row) => [row.id, anySide(row, shape)]));
  await rewriteRows(
    sql,
    shape,
    open,
    rewritten.map(({ id, take, set = [] }): Rewrite => ({ key: keys.get(id) ?? {}, take, set })),
    pending,
  );
  return { direct: rows.filter((row) => !rewritten.includes(row)), rewritten };
}

function assigned(shape: TableShape, column: string, value: CellValue['value']): Condition {
  if (value === 'base') return { text: `${our(column)} = ${quoted(`base_${column}`)}`, values: [] };
  const literal = literalOf(shape, column, value.value);
  return { text: `${our(column)} = ${literal.text}`, values: literal.values };
}

/** A stored generated column keeps its old value when the row is written through its conflict (Dolt 2.3.0). */
async function recompute(sql: Sql, shape: TableShape, rows: readonly RowResolution[]): Promise<void> {
  const values = shape.columns.flatMap(({ name, generated }) =>
    generated === null ? [] : [`${our(name)} = (${renamed(generated.expression, our)})`],
  );
  if (values.length === 0) return;
  const conflicts = quoted(`dolt_conflicts_${shape.name}`);
  await update(sql, { text: `UPDATE ${conflicts} SET ${values.join(', ')}`, values: [] }, rows);
}

/** A row of `conflictsByCommit` or an ambiguous one, and its resolution. */
export interface RowByCommit {
  readonly id: string;
  readonly take: Rewrite['take'];
  readonly set?: readonly CellValue[];
}

/** The resolution of a row that was read from the commits. Of an ambiguous one no side is written, and no commit has its base. */
export function byCommit(row: ConflictRow, { take, set = [] }: Omit<RowByCommit, 'id'>): RowByCommit {
  const { id, ours, base } = row;
  if (row.isAmbiguous !== true) return { id, take, set };
  const isEmpty = typeof take !== 'string' && take.length + set.length === 0;
  const values = set.map(({ column, value }) => {
    // A column that the base lacks gets its default.
    const before = value === 'base' && base !== null && Object.hasOwn(base, column) ? base[column] : undefined;
    return { column, value: before === undefined ? value : { value: before } };
  });
  return { id, take: isEmpty ? (ours === null ? 'deletion' : 'ours') : take, set: values };
}

/** Removes the conflicts of rows, given their keys, without reading or changing the rows. */
export async function dropConflicts(sql: Sql, shape: TableShape, keys: readonly Cells[]): Promise<void> {
  for (const part of inParts(keys, KEYS_PER_STATEMENT)) {
    for (const prefix of ['base_', 'our_', 'their_']) {
      const where = hasKey(shape, part, prefix);
      await sql.run(`DELETE FROM ${quoted(`dolt_conflicts_${shape.name}`)} WHERE ${where.text}`, where.values);
    }
  }
}

/**
 * Resolves rows in conflict that were read from the commits of the merge. They stay in conflict until all conflicts of
 * the table are cleared: single ones cannot be removed if Dolt shows them wrongly.
 * @throws Failure `constraint-violation` if that would fire a trigger, or a row would break a unique key
 */
export async function resolveByCommit(
  sql: Sql,
  shape: TableShape,
  rows: readonly RowByCommit[],
  pending: PendingRows,
): Promise<void> {
  await rewriteRows(
    sql,
    shape,
    await openMergeTable(sql, shape.name),
    rows.map(({ id, take, set = [] }) => ({ key: keyOfText(shape, id), take, set })),
    pending,
  );
}

/** Removes all conflicts of a table without reading or changing its rows. */
export async function clearConflicts(sql: Sql, table: string): Promise<void> {
  await sql.run("CALL DOLT_CONFLICTS_RESOLVE('--ours', '--', ?)", [table]);
}

/**
 * Takes their side of all remaining conflicts of a table. Only this deletes a row that they deleted and we changed
 * without firing a trigger. Dolt can do so only if the merge keeps their columns.
 * @throws Failure `constraint-violation` if it cannot, and deleting rows would fire a trigger
 */
export async function takeTheirs(sql: Sql, shape: TableShape, pending: PendingRows): Promise<void> {
  if (shape.key.length === 0) {
    // With an index Dolt 2.3.0 panics at rows that both sides removed (measured).
    await sql.run(
      `DELETE FROM ${quoted(`dolt_conflicts_${shape.name}`)} WHERE our_cardinality = 0 AND their_cardinality = 0`,
    );
  }
  const open = await openMergeTable(sql, shape.name);
  if (shape.key.length === 0 || hasColumnsOfTheirs(open)) {
    await sql.run("CALL DOLT_CONFLICTS_RESOLVE('--theirs', '--', ?)", [shape.name]);
    return;
  }
  const rows = await conflictRows(sql, shape.name);
  await rewriteRows(
    sql,
    shape,
    open,
    rows.map((row) => ({ key: anySide(row, shape), take: row.theirs === null ? 'deletion' : 'row', set: [] })),
    pending,
  );
  await keepOurs(sql, shape.name);
}

function hasColumnsOfTheirs({ theirs, merged }: OpenMergeTable): boolean {
  return JSON.stringify(theirs?.columnTexts) === JSON.stringify(merged.columnTexts);
}

/** Resolves all remaining conflicts of a table with our side. */
export async function keepOurs(sql: Sql, table: string): Promise<void> {
  await sql.run(`DELETE FROM ${quoted(`dolt_conflicts_${table}`)}`);
}

async function update(sql: Sql, statement: Condition, rows: readonly RowResolution[]): Promise<void> {
  const marks = rows.map(() => '?').join(', ');
  const ids = rows.map((row) => row.id);
  await sql.run(`${statement.text} WHERE dolt_conflict_id IN (${marks})`, [...statement.values, ...ids]);
}

function our(column: string): string {
  return quoted(`our_${column}`);
}
