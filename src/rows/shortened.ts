import { createHash } from 'node:crypto';
import type { Cells } from '../dolt/cell.ts';

/** Longer values are reported by their beginning. */
export const LONGEST_REPORTED = 16_384;
const SHOWN = 1_024;

/**
 * A value as reports keep it: a long one by its beginning, length and hash, so that equal values stay equal. The database
 * and the conflicts file have it whole.
 */
export function shortened(value: string): string;
export function shortened(value: string | null): string | null;
export function shortened(value: string | null): string | null {
  if (value === null || value.length <= LONGEST_REPORTED) return value;
  const hash = createHash('sha256').update(value).digest('hex');
  // A copy: V8 would keep the whole value alive for a part of it.
  const beginning = Buffer.from(value.slice(0, SHOWN)).toString();
  return `${beginning}… (${value.length} characters, SHA-256 ${hash})`;
}

/** The values of a row as reports keep them. */
export function shortenedCells(cells: Cells | null): Cells | null {
  return cells === null
    ? null
    : Object.fromEntries(Object.entries(cells).map(([name, value]) => [name, shortened(value)]));
}
