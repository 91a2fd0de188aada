import { timesCases } from './property.ts';

/*
 * For tests of inputs at the limits and of thousands of random cases, which take seconds each. The files that import this
 * one are the jest project `large`: scripts/test-needs.mjs.
 */

/** The number of random cases of such a test. */
export const MANY_CASES = timesCases(10_000);

export function many<T>(count: number, make: (index: number) => T): readonly T[] {
  return Array.from({ length: count }, (_, index) => make(index));
}

/** A text of many lines. */
export function lines(count: number, line: (index: number) => string): string {
  return many(count, (index) => `${line(index)}\n`).join('');
}
