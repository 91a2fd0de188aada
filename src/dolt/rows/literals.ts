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
