import type { ErrorCode } from '../contract/error-codes.ts';
import type { Problem } from '../contract/result.ts';

/** Something that a reader should know although nothing failed because of it. */
export interface Notice {
  readonly severity: Extract<Problem['severity'], 'warning' | 'notice'>;
  readonly code: ErrorCode;
  readonly message: string;
  /** What to do, where the code's general hint does not fit. */
  readonly hint?: string;
}

/** How many names a message shows. */
const SHOWN = 5;

/** A number of things with the first of their names: `1 tag (v1)`, `7 tags (a, b, c, d, e and 2 more)`. */
export function listed(noun: string, names: readonly string[]): string {
  const more = names.length - SHOWN;
  const shown = names.slice(0, SHOWN).join(', ');
  return `${counted(names.length, noun)} (${shown}${more > 0 ? ` and ${more} more` : ''})`;
}

/** A number with its noun: `1 row`, `2 rows`. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
