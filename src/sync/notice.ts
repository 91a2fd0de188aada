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
