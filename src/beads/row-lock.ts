import { createHash } from 'node:crypto';
import type { Cells } from '../dolt/sql/cell.ts';

/** The columns that no lock depends on. */
const APART: ReadonlySet<string> = new Set(['row_lock', 'is_blocked']);

/** The versions of an issue that both sides changed, with their locks in decimal, or NULL. */
export interface LockedRow {
  readonly id: string;
  readonly ours: Cells;
  readonly theirs: Cells;
  readonly merged: Cells;
}

/**
 * The `row_lock` of a merged issue. bd takes the lock as a proof that the row is unchanged. A row with cells of both sides
 * is another row than each of them, so its lock differs from both, and is a function of the three: every database computes
 * the same.
 * @param columns the columns of the table, in their order
 */
export function mergedLock({ id, ours, theirs, merged }: LockedRow, columns: readonly string[]): string {
  const counted = columns.filter((name) => !APART.has(name));
  const [lock, otherLock] = [lockOf(ours), lockOf(theirs)];
  const equals = (row: Cells): boolean => counted.every((name) => (row[name] ?? null) === (merged[name] ?? null));
  const [isOurs, isTheirs] = [equals(ours), equals(theirs)];
  const [smaller, greater] = lock < otherLock ? [lock, otherLock] : [otherLock, lock];
  if (isOurs && isTheirs) return String(greater);
  if (isOurs || isTheirs) return String(isOurs ? lock : otherLock);
  const text = ['dolt-federation row_lock v2', id, smaller, greater, hashText(merged, counted)].join('\u001f');
  return String(freeLock(createHash('sha256').update(text).digest().readBigInt64BE(0), [0n, smaller, greater]));
}

/** The first of the values from this one on that is not taken; the smallest follows the greatest. */
export function freeLock(value: bigint, taken: readonly bigint[]): bigint {
  let free = value;
  while (taken.includes(free)) free = BigInt.asIntN(64, free + 1n);
  return free;
}

/** Anything but a signed 64-bit number counts as 0: a peer can change the type of the column. */
function lockOf(row: Cells): bigint {
  const text = row['row_lock'] ?? '';
  const lock = /^-?\d{1,19}$/.test(text) ? BigInt(text) : 0n;
  return BigInt.asIntN(64, lock) === lock ? lock : 0n;
}

/** The cells as one text in which no two rows are equal. */
function hashText(row: Cells, columns: readonly string[]): string {
  return columns
    .map((name) => {
      const value = row[name] ?? null;
      return value === null ? 'n' : `v${Buffer.byteLength(value)}:${value}`;
    })
    .join('');
}
