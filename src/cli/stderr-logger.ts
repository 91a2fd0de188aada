import type { Logger } from '../core/logger.ts';
import type { Display } from './invocation.ts';

/**
 * The core's log on a terminal: warnings always (with `--json` they stand in the result), what is going on unless
 * `--quiet`, every step with `--verbose`. Values given to `mask` are shown as `***` from then on.
 */
export function stderrLogger(display: Display, line: (text: string) => void): Logger {
  const secrets = new Set<string>();
  const masked = (text: string) => [...secrets].reduce((rest, secret) => rest.replaceAll(secret, '***'), text);
  const silent = display.json && !display.verbose;
  return {
    debug: (message) => {
      if (display.verbose) line(masked(message));
    },
    info: (message) => {
      if (!silent && !display.quiet) line(masked(message));
    },
    warning: (message) => {
      if (!silent) line(masked(`warning: ${message}`));
    },
    mask: (secret) => {
      if (secret !== '') secrets.add(secret);
    },
  };
}
