import { bareType, type Column } from './columns.ts';

/** The numbers that a column can hold, in units of its last digit: 9.99 of a DECIMAL(3,2) is 999. */
export interface NumberRange {
  readonly least: bigint;
  readonly greatest: bigint;
  /** How many digits follow the point. */
  readonly digits: number;
}

const BITS = new Map([
  ['tinyint', 8n],
  ['smallint', 16n],
  ['mediumint', 24n],
  ['int', 32n],
  ['bigint', 64n],
]);
const DECIMAL = /^decimal\((\d+),(\d+)\)/;
const YEARS: NumberRange = { least: 1901n, greatest: 2155n, digits: 0 };
const NUMBER = /^(-?)(\d+)(?:\.(\d+))?$/;

/** @returns null if a column holds no numbers, or rounds them */
export function numberRange(column: Pick<Column, 'type'>): NumberRange | null {
  const isUnsigned = /\bunsigned\b/.test(column.type);
  const name = bareType(column);
  const bits = BITS.get(name);
  if (bits !== undefined) {
    const half = 2n ** (bits - 1n);
    return isUnsigned
      ? { least: 0n, greatest: 2n * half - 1n, digits: 0 }
      : { least: -half, greatest: half - 1n, digits: 0 };
  }
  const [, precision, digits] = DECIMAL.exec(column.type) ?? [];
  if (precision !== undefined && digits !== undefined) {
    const greatest = 10n ** BigInt(precision) - 1n;
    return { least: isUnsigned ? 0n : -greatest, greatest, digits: Number(digits) };
  }
  return name === 'year' ? YEARS : null;
}

/** A number as Dolt prints it, in units; null for any other text. */
export function toUnits({ digits }: NumberRange, text: string): bigint | null {
  const [, sign, whole, fraction = ''] = NUMBER.exec(text) ?? [];
  if (whole === undefined || fraction.length > digits) return null;
  const units = BigInt(whole + fraction.padEnd(digits, '0'));
  return sign === '-' ? -units : units;
}

/** The inverse of `toUnits`. */
export function fromUnits({ digits }: NumberRange, units: bigint): string {
  const sign = units < 0n ? '-' : '';
  const text = String(units < 0n ? -units : units).padStart(digits + 1, '0');
  return digits === 0 ? `${sign}${text}` : `${sign}${text.slice(0, -digits)}.${text.slice(-digits)}`;
}
