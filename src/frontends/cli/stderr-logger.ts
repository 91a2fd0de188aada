import type { Logger } from '../../core/logger.ts';
import type { Secrets } from '../../core/secrets.ts';
import type { Display } from './parse-argv.ts';

/**
 * The log on a terminal: warnings always (with `--json` they are in the result), progress unless `--quiet`, every step
 * with `--verbose`. Secrets of the run are hidden.
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
