import { ERRORS, type ErrorCode } from '../contract/error-codes.ts';
import type { Failure, Location } from './failure.ts';
import type { Logger } from './logger.ts';

/** A notice, warning or error besides the results. */
export interface Diagnostic {
  readonly severity: 'error' | 'warning' | 'notice';
  readonly code: ErrorCode;
  readonly message: string;
  /** The fix; absent: the general hint of the code. */
  readonly hint?: string;
  /** The peer that it is about. */
  readonly peer?: string;
  readonly location?: Location;
}

/** A failure as one of the problems in a result, which every reader may see. */
export function asError({ code, withoutValues, hint, location }: Failure): Diagnostic {
  return { severity: 'error', code, message: withoutValues, hint, ...(location === null ? {} : { location }) };
}

/** A failure that does not fail the run. */
export function asWarning(failure: Failure): Diagnostic {
  return { ...asError(failure), severity: 'warning' };
}

/** For a command without a result to report them in: logs each of the diagnostics once, with its fix. */
export function warningOnce(log: Pick<Logger, 'warning'>): (diagnostics: readonly Diagnostic[]) => void {
  const logged = new Set<string>();
  return (diagnostics) => {
    for (const { code, message, hint = ERRORS[code].hint } of diagnostics) {
      if (!logged.has(message)) log.warning(`${message}\n${hint}`);
      logged.add(message);
    }
  };
}
