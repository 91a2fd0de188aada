import { textLiteral } from '../../core/text.ts';
import type { TableShape } from '../schema/table-shape.ts';
import type { Cells } from '../sql/cell.ts';
import { quoted } from '../sql/identifier.ts';
import { bareLiteral, isBytes } from './row-key.ts';

/** A value of a column in canonical text, as an SQL literal. */
export function valueLiteral(shape: TableShape, column: string, value: string | null): string {
  if (value === null) return 'NULL';
  const type = shape.columns.find(({ name }) => name === column)?.type ?? '';
  const bare = bareLiteral(type, value);
  if (bare !== null) return bare;
  return isBytes(shape, column) && /^0x[0-9a-f]+$/i.test(value) ? value : textLiteral(value);
}

/**
 * The condition that a row has a key, as text.
 * @param alias precedes each column
 */
export function keyCondition(shape: TableShape, key: Cells, alias = ''): string {
  return shape.key
    .map((name) => `${alias}${quoted(name)} = ${valueLiteral(shape, name, key[name] ?? null)}`)
    .join(' AND ');
}

/** A new value for a column: a literal, or the old value with a suffix, which does not reveal the value. */
export type NewValue = (
  | { readonly kind: 'literal'; readonly sql: string }
  | { readonly kind: 'suffix'; readonly suffix: string; readonly length: number | null }
) & { readonly value: string | null };

/** New values by column. */
export type NewValues = ReadonlyMap<string, NewValue>;

/** A row at a commit. */
export interface StoredRow {
  readonly shape: TableShape;
  readonly key: Cells;
  readonly commit: string;
}

/**
 * Inserts a row again.
 * @param row.former the names that columns had then, if they have others now
 * @param columns those that the table has now and had then, without generated ones
 */
export function insertAgain(
  row: StoredRow & { readonly former: ReadonlyMap<string, string> },
  columns: readonly string[],
  values: NewValues,
): string {
  const table = quoted(row.shape.name);
  const given = columns.map((name) => expression(row.former.get(name) ?? name, values.get(name), ''));
  return `INSERT INTO ${table} (${columns.map(quoted).join(', ')}) SELECT ${given.join(', ')} FROM ${from(row)}`;
}

/**
 * Sets columns of an existing row to their values at a commit, or to a new value.
 * @param at its current key
 */
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

/**
 * A new value as SQL; undefined: the old one.
 * @param alias precedes the name of the old one
 */
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
