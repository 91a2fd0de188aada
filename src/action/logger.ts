import { debug, info, setSecret, warning } from '@actions/core';
import type { Logger, PeerEvent } from '../core/logger.ts';
import { plainLines } from '../report/plain.ts';
import { logLines } from './log-line.ts';

/** The log of a step. Nothing that is logged can be taken for a command of the workflow. */
export const actionLogger: Logger = {
  debug: (message) => debug(plainLines(message).join('\n')),
  info: logText,
  warning: (message) => warning(plainLines(message).join('\n')),
  mask: setSecret,
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
