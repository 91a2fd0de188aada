import { debug, info, setSecret, warning } from '@actions/core';
import type { Logger, PeerEvent } from '../core/logger.ts';
import { Secrets } from '../core/secrets.ts';
import { plainLines } from '../report/plain.ts';
import { logLines } from './log-line.ts';

const secrets = new Secrets();
const lines = (message: string): string => plainLines(secrets.hide(message)).join('\n');

/**
 * The log of a step. Nothing that is logged can be taken for a command of the workflow. Values given to `mask` are hidden
 * here and, by the runner, in everything that the job logs.
 */
export const actionLogger: Logger = {
  debug: (message) => debug(lines(message)),
  info: (message) => logText(secrets.hide(message)),
  warning: (message) => warning(lines(message)),
  mask: (secret) => {
    secrets.add(secret);
    setSecret(secret);
  },
};

/** Writes text to the log, line by line. */
export function logText(text: string): void {
  for (const line of logLines(text)) info(line);
}

/** Writes one step of one peer: `partner: fetching (attempt 2)`. */
export function logEvent({ peer, step, detail }: PeerEvent): void {
  const [line = ''] = logLines(`${peer}: ${step}${detail === '' ? '' : ` (${detail.replaceAll('\n', ' ')})`}`);
  info(line);
}
