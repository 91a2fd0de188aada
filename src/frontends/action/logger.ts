import { debug, info, notice, setSecret, warning } from '@actions/core';
import type { Logger, ProgressEvent } from '../../core/logger.ts';
import { Secrets } from '../../core/secrets.ts';
import { eventText } from '../../report/event-text.ts';
import { messageLines, plainLines } from '../../report/plain.ts';

/** The secrets of a step. The runner masks them in everything that the job logs from then on. */
export function stepSecrets(): Secrets {
  return new Secrets(setSecret);
}

/**
 * The log of a step. No log line can be parsed as a workflow command.
 * @param words puts a message in the words of the step
 */
export function stepLogger(secrets: Secrets, words: (text: string) => string): Logger {
  return {
    debug: (message) => debug(messageLines(secrets.hide(message)).join('\n')),
    info: (message) => logText(messageLines(words(secrets.hide(message))).join('\n')),
    warning: (message) => logWarning(words(secrets.hide(message))),
  };
}

/** Shows a warning of the step. */
export function logWarning(message: string): void {
  warning(messageLines(message).join('\n'));
}

/** Shows a notice of the step. */
export function logNotice(message: string, title: string): void {
  notice(messageLines(message).join('\n'), { title });
}

/** Writes text to the log, line by line. */
export function logText(text: string): void {
  for (const line of plainLines(text)) info(line);
}

/** Writes one step of one peer: `partner: fetching`. Stages between them are too short for a log. */
export function logEvent(event: ProgressEvent): void {
  if ('stage' in event || (event.step === 'waiting' && event.detail === '')) return;
  const [line = ''] = plainLines(eventText(event));
  info(line);
}
