import { debug, info, setSecret, warning } from '@actions/core';
import type { Logger, PeerEvent } from '../core/logger.ts';
import { Secrets } from '../core/secrets.ts';
import { plainLines } from '../report/plain.ts';
import { logLines } from './log-line.ts';

/** The secrets of a step. The runner hides them in everything that the job logs from then on. */
export function stepSecrets(): Secrets {
  return new Secrets(setSecret);
}

/** The log of a step. Nothing that is logged can be taken for a command of the workflow. */
export function stepLogger(secrets: Secrets): Logger {
  return {
    debug: (message) => debug(plainLines(secrets.hide(message)).join('\n')),
    info: (message) => logText(secrets.hide(message)),
    warning: (message) => logWarning(secrets.hide(message)),
  };
}

/** Shows a warning of the step. */
export function logWarning(message: string): void {
  warning(plainLines(message).join('\n'));
}

/** Writes text to the log, line by line. */
export function logText(text: string): void {
  for (const line of logLines(text)) info(line);
}

/** Writes one step of one peer: `partner: fetching (attempt 2)`. */
export function logEvent({ peer, step, detail }: PeerEvent): void {
  const [line = ''] = logLines(`${peer}: ${step}${detail === '' ? '' : ` (${detail.replaceAll('\n', ' ')})`}`);
  info(line);
}
