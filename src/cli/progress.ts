import type { PeerEvent } from '../core/logger.ts';
import { plain } from '../core/plain.ts';
import { messageLines } from '../report/plain.ts';

/** Where events and log lines go while a command runs; all of it is for people and stands on standard error. */
export interface Progress {
  event(event: PeerEvent): void;
  /** Writes a line of log between the events. */
  line(text: string): void;
  /** No event follows. */
  end(): void;
}

type WriteText = (text: string) => void;

/** One plain line per event: for pipes and log files. */
export function plainProgress(write: WriteText): Progress {
  return {
    event: (event) => write(`${eventText(event)}\n`),
    line: (text) => write(`${messageLines(text).join('\n')}\n`),
    end: () => undefined,
  };
}

/** No events, only log lines. */
export function silentProgress(write: WriteText): Progress {
  return { ...plainProgress(write), event: () => undefined };
}

/** An event on one line: `partner: fetching (attempt 2)`. */
export function eventText({ peer, step, detail }: PeerEvent): string {
  const text = plain(detail).trim();
  const about = `${plain(peer)}: ${step}`;
  return text === '' ? about : `${about} (${text})`;
}
