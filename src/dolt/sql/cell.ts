import { isUtf8 } from 'node:buffer';
import { z } from 'zod';

/** A value as the client returns it with everything set to text: text, number, bytes, or NULL. */
export const cellSchema = z
  .union([z.string(), z.number(), z.boolean(), z.instanceof(Buffer), z.null()])
  .transform(asText);

/** A row as received, column by column. */
export const cellsSchema = z.record(z.string(), cellSchema);

/** A value of a column that should have text: its bytes are UTF-8, and otherwise a text that is not well-formed. */
export const textCellSchema = z.union([
  z.instanceof(Buffer).transform((bytes) => (isUtf8(bytes) ? bytes.toString() : '\ud800')),
  cellSchema,
]);

/** The values of one row in their canonical text: NULL as null, bytes in hexadecimal after `0x`. */
export type Cells = Readonly<Record<string, string | null>>;

/** Overhead of a value besides its text. */
const VALUE_OVERHEAD = 32;

/** Approximate size of a row's values, in bytes. */
export function cellsBytes(cells: Cells | null): number {
  let bytes = 0;
  for (const value of Object.values(cells ?? {})) bytes += VALUE_OVERHEAD + (value?.length ?? 0);
  return bytes;
}

/** The new value of a column: the value of the merge base, or a canonical text. */
export interface CellValue {
  readonly column: string;
  readonly value: 'base' | { readonly value: string | null };
}

function asText(value: string | number | boolean | Buffer | null): string | null {
  if (value === null) return null;
  return Buffer.isBuffer(value) ? `0x${value.toString('hex')}` : String(value);
}
