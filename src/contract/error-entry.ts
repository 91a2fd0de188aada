import { EXIT, type ExitCode } from './exit-codes.ts';

export interface ErrorCodeEntry {
  /** The meaning, as the heading in docs/troubleshooting.md. */
  readonly title: string;
  /** The fix, for errors that have no more exact one. */
  readonly hint: string;
  /** Whether the same run may retry. */
  readonly retryable: boolean;
  /** The exit code of a command that this error stops. */
  readonly exit: ExitCode;
}

/** Bad input: exit 2, never retried. */
export const USAGE = { retryable: false, exit: EXIT.usage } as const;
/** A retry would not help. */
export const FINAL = { retryable: false, exit: EXIT.failed } as const;
/** A retry may help. */
export const TRANSIENT = { retryable: true, exit: EXIT.failed } as const;
/** Not a failure: information only. */
export const INFORMATION = { retryable: false, exit: EXIT.ok } as const;
/** Needs a decision: exit 4. */
export const HUMAN = { retryable: false, exit: EXIT.conflict } as const;
