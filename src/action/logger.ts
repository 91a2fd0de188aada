import { debug, info, setSecret, warning } from '@actions/core';
import type { Logger, PeerEvent } from '../core/logger.ts';
import { plain } from '../core/plain.ts';
import { Secrets } from '../core/secrets.ts';
import { messageLines } from '../report/plain.ts';
import { logLines } from './log-line.ts';

/** The secrets of a step. The runner hides them in everything that the job logs from then on. */
export function stepSecrets(): Secrets {
  return new Secrets(setSecret);
}

/** The log of a step. Nothing that is logged can be taken for a command of the workflow. */
export function stepLogger(secrets: Secrets): Logger {
  return {
    debug: (message) => debug(messageLines(secrets.hide(message)).join('\n')),
    info: (message) => logText(messageLines(secrets.hide(message)).join('\n')),
    warning: (message) => logWarning(secrets.hide(message)),
  };
}

/** Shows a warning of the step. */
export function logWarning(message: string): void {
  warning(messageLines(message).join('\n'));
}

/** Writes text to the log, line by line. */
export function logText(text: string): void {
  for (const line of logLines(text)) info(line);
}

/** Writes one step of one peer: `partner: fetching (attempt 2)`. */
export function logEvent({ peer, step, detail }: PeerEvent): void {
  const [line = ''] = logLines(`${plain(peer)}: ${step}${detail === '' ? '' : ` (${plain(detail)})`}`);
  info(line);
}
