import { EXIT, type ExitCode } from './exit-codes.ts';

export interface ErrorCodeEntry {
  /** What it means, as docs/troubleshooting.md heads it. */
  readonly title: string;
  /** The cure, said where the raiser knows nothing more exact. */
  readonly hint: string;
  /** Whether the same run may try again by itself. */
  readonly retryable: boolean;
  /** The exit code of a command that this error stops. */
  readonly exit: ExitCode;
}

/** Bad input: exit 2, never tried again. */
export const USAGE = { retryable: false, exit: EXIT.usage } as const;
/** Trying again by itself would not help. */
export const FINAL = { retryable: false, exit: EXIT.failed } as const;
/** May pass by itself. */
export const TRANSIENT = { retryable: true, exit: EXIT.failed } as const;
/** No failure at all: something to know. */
export const INFORMATION = { retryable: false, exit: EXIT.ok } as const;
/** Left for a person: exit 4. */
export const HUMAN = { retryable: false, exit: EXIT.conflict } as const;
