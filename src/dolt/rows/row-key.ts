import { z } from 'zod';
import type { TableShape } from '../schema/table-shape.ts';
import type { Cells } from '../sql/cell.ts';
import { quoted } from '../sql/identifier.ts';

/** A condition, and the values of its parameters. */
export interface Condition {
  readonly text: string;
  readonly values: readonly string[];
}

const BYTES = new Set([
  ...['binary', 'varbinary', 'tinyblob', 'blob', 'mediumblob', 'longblob', 'bit', 'vector'],
  ...['geometry', 'point', 'linestring', 'polygon', 'multipoint', 'multilinestring', 'multipolygon'],
  'geometrycollection',
]);
const NUMBER = /^-?[0-9]+(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?$/;
const HEX = /^0x[0-9a-f]+$/i;
const NUMERIC = new Set(['tinyint', 'smallint', 'mediumint', 'int', 'bigint', 'decimal', 'float', 'double', 'year']);

export function isNumeric(type: string): boolean {
  return NUMERIC.has(type);
}

/**
 * A canonical value as SQL that needs no quotes; null for all others. Dolt 2.3.0 finds no BIT by bytes in a list. It
 * prints a FLOAT rounded, and finds it without an index only by its exact value. The greatest one cannot be stored as
 * it is printed.
 */
export function bareLiteral(type: string, value: string): string | null {
  if (type === 'bit') return HEX.test(value) ? String(BigInt(value)) : null;
  if (!isNumeric(type) || !NUMBER.test(value)) return null;
  const float = type === 'float' ? Math.fround(Number(value)) : Number.NaN;
  return Number.isFinite(float) ? String(float) : value;
}

/**
 * The key of a row, from any row with its columns.
 * @param prefix precedes each column's name, as in `to_` of a diff
 */
export function keyOf(shape: TableShape, cells: Cells, prefix = ''): Cells {
  return Object.fromEntries(shape.key.map((name) => [name, cells[`${prefix}${name}`] ?? null]));
}

/** A key as one text, for comparison and lookup. */
export function keyText(shape: TableShape, cells: Cells): string {
  return JSON.stringify(shape.key.map((name) => cells[name] ?? null));
}

/** The inverse of `keyText`. */
export function keyOfText(shape: TableShape, text: string): Cells {
  const values = z.array(z.string().nullable()).parse(JSON.parse(text));
  return Object.fromEntries(shape.key.map((name, index) => [name, values[index] ?? null]));
}

/**
 * A canonical text value as SQL.
 * @param column its type decides
 */
export function literalOf(shape: TableShape, column: string, value: string | null): Condition {
  if (value === null) return { text: 'NULL', values: [] };
  const bare = bareLiteral(typeOf(shape, column), value);
  if (bare !== null) return { text: bare, values: [] };
  if (isBytes(shape, column)) return { text: 'UNHEX(?)', values: [value.slice(2)] };
  return { text: '?', values: [value] };
}

/** Whether a column holds bytes, whose canonical text is hexadecimal after `0x`. */
export function isBytes(shape: TableShape, column: string): boolean {
  return BYTES.has(typeOf(shape, column));
}

function typeOf(shape: TableShape, column: string): string {
  return shape.columns.find(({ name }) => name === column)?.type ?? '';
}

/**
 * The condition that a row has one of these keys; false for no keys.
 * @param prefix precedes each column's name, as in `to_` of a diff
 */
export function hasKey(shape: TableShape, keys: readonly Cells[], prefix = ''): Condition {
  const values: string[] = [];
  const types = new Map(shape.columns.map(({ name, type }) => [name, type]));
  const literal = (name: string, value: string): string => {
    const type = types.get(name) ?? '';
    const bare = bareLiteral(type, value);
    if (bare !== null) return bare;
    values.push(BYTES.has(type) ? value.slice(2) : value);
    if (BYTES.has(type)) return 'UNHEX(?)';
    // Dolt 2.3.0 finds no TIME by a text in a list.
    return type === 'time' ? 'CAST(? AS TIME(6))' : '?';
  };
  const literals = keys.map((cells) => shape.key.map((name) => literal(name, cells[name] ?? '')));
  const [only, second] = shape.key.map((name) => quoted(`${prefix}${name}`));
  if (keys.length === 0 || only === undefined) return { text: 'FALSE', values: [] };
  // Dolt uses the index for one column with IN, and for conditions joined with OR, but not for a list of rows.
  if (second === undefined) return { text: `${only} IN (${literals.flat().join(', ')})`, values };
  const rows = literals.map((row) => {
    const parts = row.map((value, index) => `${quoted(`${prefix}${shape.key[index] ?? ''}`)} = ${value}`);
    return `(${parts.join(' AND ')})`;
  });
  return { text: `(${rows.join(' OR ')})`, values };
}
