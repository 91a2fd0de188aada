import type { Logger } from '../../core/logger.ts';
import type { Secrets } from '../../core/secrets.ts';
import type { Display } from './invocation.ts';

/**
 * The core's log on a terminal: warnings always (with `--json` they stand in the result), what is going on unless
 * `--quiet`, every step with `--verbose`. No secret of the run is shown.
 */
export function stderrLogger(display: Display, secrets: Secrets, line: (text: string) => void): Logger {
  const silent = display.json && !display.verbose;
  return {
    debug: (message) => {
      if (display.verbose) line(secrets.hide(message));
    },
    info: (message) => {
      if (!silent && !display.quiet) line(secrets.hide(message));
    },
    warning: (message) => {
      if (!silent) line(secrets.hide(`warning: ${message}`));
    },
  };
}
