import { compareBytes } from '../core/text.ts';
import { isNumeric } from '../dolt/rows/row-key.ts';

/**
 * Compares two values of one column: NULL first, numbers by value, everything else by the bytes of its canonical text.
 * Never by collation, which two databases may define differently.
 * @param type the column's bare type
 * @returns negative, zero or positive, as for sorting
 */
export function compareValues(a: string | null, b: string | null, type: string): number {
  if (a === null || b === null) return Number(a !== null) - Number(b !== null);
  if (isNumeric(type)) {
    const byValue = compareNumbers(a, b);
    if (byValue !== 0) return byValue;
  }
  return compareBytes(a, b);
}

/** Compares rows of one table value by value in the order of the columns. */
export function compareRows(
  a: Readonly<Record<string, string | null>>,
  b: Readonly<Record<string, string | null>>,
  columns: readonly { readonly name: string; readonly type: string }[],
): number {
  for (const { name, type } of columns) {
    const order = compareValues(a[name] ?? null, b[name] ?? null, type);
    if (order !== 0) return order;
  }
  return 0;
}

const PLAIN = /^(-?)([0-9]*)(?:\.([0-9]*))?$/;

function compareNumbers(a: string, b: string): number {
  const [plainA, plainB] = [PLAIN.exec(a), PLAIN.exec(b)];
  if (plainA === null || plainB === null) return Math.sign(Number(a) - Number(b)) || 0;
  const places = Math.max(plainA[3]?.length ?? 0, plainB[3]?.length ?? 0);
  const scaled = ([, sign = '', whole = '', fraction = '']: readonly (string | undefined)[]): bigint =>
    BigInt(`${sign === undefined ? '' : sign}${whole || '0'}${(fraction ?? '').padEnd(places, '0')}`);
  const difference = scaled(plainA) - scaled(plainB);
  return difference === 0n ? 0 : difference < 0n ? -1 : 1;
}
