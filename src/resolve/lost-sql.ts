import { textLiteral } from '../core/text-literal.ts';
import type { Cells } from '../dolt/cell.ts';
import { quoted } from '../dolt/identifier.ts';
import { keyCondition } from '../dolt/sql-text.ts';
import type { TableShape } from '../dolt/table-shape.ts';

/** Another value for a column: a literal, or the old value with something at its end, which shows no value. */
export type NewValue =
  | { readonly kind: 'literal'; readonly sql: string }
  | { readonly kind: 'suffix'; readonly suffix: string; readonly length: number | null };

/** New values by column. */
export type NewValues = ReadonlyMap<string, NewValue>;

/** A row as a commit has it. */
export interface StoredRow {
  readonly shape: TableShape;
  readonly key: Cells;
  readonly commit: string;
}

/** Adds a row again. @param columns those that the table has and had, without generated ones */
export function insertAgain(row: StoredRow, columns: readonly string[], values: NewValues): string {
  const table = quoted(row.shape.name);
  const given = columns.map((name) => expression(name, values.get(name), ''));
  return `INSERT INTO ${table} (${columns.map(quoted).join(', ')}) SELECT ${given.join(', ')} FROM ${from(row)}`;
}

/** Sets columns of a row that is there to what they are at a commit, or to a new value. @param at the key that it has now */
export function updateFrom(
  row: StoredRow,
  at: Cells,
  set: { readonly columns: readonly string[]; readonly values: NewValues },
): string {
  const given = set.columns.map((name) => `n.${quoted(name)} = ${expression(name, set.values.get(name), 'o.')}`);
  return (
    `UPDATE ${quoted(row.shape.name)} AS n JOIN (SELECT * FROM ${from(row)}) AS o ` +
    `SET ${given.join(', ')} WHERE ${keyCondition(row.shape, at, 'n.')}`
  );
}

function from({ shape, key, commit }: StoredRow): string {
  return `${quoted(shape.name)} AS OF '${commit}' WHERE ${keyCondition(shape, key)}`;
}

function expression(column: string, value: NewValue | undefined, alias: string): string {
  const old = `${alias}${quoted(column)}`;
  if (value === undefined) return old;
  switch (value.kind) {
    case 'literal':
      return value.sql;
    case 'suffix': {
      const longer = `CONCAT(${old}, ${textLiteral(value.suffix)})`;
      return value.length === null ? longer : `RIGHT(${longer}, ${value.length})`;
    }
  }
}
