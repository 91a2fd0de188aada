import { createLogUpdate } from 'log-update';
import pc from 'picocolors';
import type { PeerEvent } from '../../core/logger.ts';
import { plain } from '../../core/text.ts';
import { messageLines } from '../../report/plain.ts';
import type { Display } from './parse-argv.ts';

/** Shows events and log lines on standard error while a command runs. */
interface Progress {
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
function silentProgress(write: WriteText): Progress {
  return { ...plainProgress(write), event: () => undefined };
}

/** An event on one line: `partner: fetching (attempt 2)`. */
function eventText({ peer, step, detail }: PeerEvent): string {
  const text = plain(detail).trim();
  const about = `${plain(peer)}: ${step}`;
  return text === '' ? about : `${about} (${text})`;
}

/**
 * A terminal shows no more lines than its height, and drawing thousands for every event would take longer than the
 * work.
 */
const MAX_LINES = 40;

interface LiveOptions {
  readonly color: boolean;
  /** Milliseconds of a monotonic clock. */
  readonly now?: () => number;
}

/** Steps that take as long as the peer takes. */
const LASTING: ReadonlySet<PeerEvent['step']> = new Set(['fetching', 'merging', 'pushing', 'verifying']);
const REDRAW_MS = 1_000;
/** Shorter steps show no duration. */
const WORTH_REPORTING_MS = 2_000;

/**
 * One line per peer that is updated in place, for a terminal. Dolt does not report the progress of a fetch or push
 * (2.3.0: the server's process list has the statement and its age), so a long step shows its seconds. log-update wraps
 * long lines, keeps the frame within the height of the terminal and hides the cursor; its major 7 is the last one for
 * Node 20.
 */
export function liveProgress(terminal: NodeJS.WritableStream, options: LiveOptions): Progress {
  const { color, now = () => performance.now() } = options;
  const frame = createLogUpdate(terminal);
  const lines = new Map<string, { readonly event: PeerEvent; readonly since: number }>();
  const draw = () => {
    const texts = [...lines.values()].map(({ event, since }) => lineText(event, { color, lastedMs: now() - since }));
    if (texts.length > 0) frame(texts.join('\n'));
  };
  const redraw = setInterval(() => {
    if ([...lines.values()].some(({ event }) => LASTING.has(event.step))) draw();
  }, REDRAW_MS);
  redraw.unref();
  return {
    event(event) {
      // The last updated line comes last, so that the least active ones are left out.
      if (lines.size >= MAX_LINES) lines.delete(event.peer);
      lines.set(event.peer, { event, since: now() });
      const [oldest] = lines.keys();
      if (lines.size > MAX_LINES && oldest !== undefined) lines.delete(oldest);
      draw();
    },
    line(text) {
      frame.clear();
      terminal.write(`${messageLines(text).join('\n')}\n`);
      draw();
    },
    end() {
      clearInterval(redraw);
      frame.done();
      lines.clear();
    },
  };
}

function lineText(
  event: PeerEvent,
  { color, lastedMs }: { readonly color: boolean; readonly lastedMs: number },
): string {
  const { red, green, dim } = pc.createColors(color);
  const text = eventText(event);
  if (event.step === 'failed') return red(text);
  if (event.step === 'done') return green(text);
  const isWorthReporting = LASTING.has(event.step) && lastedMs >= WORTH_REPORTING_MS;
  return isWorthReporting ? `${text} ${dim(`${Math.floor(lastedMs / 1000)} s`)}` : text;
}

type ErrorStream = NodeJS.WritableStream & { readonly isTTY?: boolean; readonly rows?: number };

interface ProgressOptions {
  readonly color: boolean;
  /** The variable TERM. */
  readonly term: string | undefined;
}

/**
 * How progress is shown: not at all with `--quiet`, or with `--json` without `--verbose`; with lines that update in
 * place on a terminal that can move its cursor and has a height (one that a tool made may report 0); otherwise one
 * plain line per event.
 */
export function chooseProgress(stderr: ErrorStream, display: Display, options: ProgressOptions): Progress {
  const write = (text: string) => {
    stderr.write(text);
  };
  if (display.quiet || (display.json && !display.verbose)) return silentProgress(write);
  const live = stderr.isTTY === true && stderr.rows !== 0 && options.term !== 'dumb' && !display.json;
  return live ? liveProgress(stderr, { color: options.color }) : plainProgress(write);
}
