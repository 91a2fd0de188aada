import { createLogUpdate } from 'log-update';
import pc from 'picocolors';
import type { PeerEvent, ProgressEvent } from '../../core/logger.ts';
import { plain } from '../../core/text.ts';
import { eventText } from '../../report/event-text.ts';
import { duration } from '../../report/figures.ts';
import { messageLines } from '../../report/plain.ts';
import type { Display } from './parse-argv.ts';

/** Shows events and log lines on standard error while a command runs. */
interface Progress {
  event(event: ProgressEvent): void;
  /** Writes a line of log between the events. */
  line(text: string): void;
  /** No event follows, or a prompt needs the terminal. */
  end(): void;
}

type WriteText = (text: string) => void;
type Clock = () => number;

const monotonic: Clock = () => performance.now();

/** The peers of a run: which ones have ended, and what each does. */
class Peers {
  readonly #latest = new Map<string, { readonly event: PeerEvent; readonly since: number }>();
  readonly #ended = new Set<string>();

  /** @returns whether this is news */
  add(event: PeerEvent, now: number): boolean {
    const before = this.#latest.get(event.peer)?.event;
    const isNews = before?.step !== event.step || before.detail !== event.detail;
    if (event.step === 'done' || event.step === 'failed') this.#ended.add(event.peer);
    else this.#ended.delete(event.peer);
    // The last updated peer comes last, so that the least active ones are left out.
    if (isNews) {
      this.#latest.delete(event.peer);
      this.#latest.set(event.peer, { event, since: now });
    }
    return isNews;
  }

  get latest() {
    return [...this.#latest.values()];
  }

  /** `3/9 peers`; empty if there is none. */
  get count(): string {
    const total = this.#latest.size;
    return total === 0 ? '' : `${this.#ended.size}/${total} ${total === 1 ? 'peer' : 'peers'}`;
  }
}

/** A reader of a log wants to know that a long step continues, but not every second. */
const STILL_MS = 30_000;
/** The longest silence before a stage is named. */
const SILENCE_MS = 1_000;

/**
 * One plain line per event, for pipes and log files. A stage is named only if it takes longer than a second, and a long
 * silence is broken twice a minute.
 */
export function plainProgress(write: WriteText): Progress {
  const peers = new Peers();
  let activity = '';
  let timer: NodeJS.Timeout | undefined;
  const say = (text: string, next: () => void, after: number): void => {
    if (text !== '') write(`${text}\n`);
    clearTimeout(timer);
    timer = setTimeout(next, after).unref();
  };
  const still = (): void => say(activity === '' ? '' : `still ${activity}`, still, STILL_MS);
  const named = (): void => say(activity, still, STILL_MS);
  return {
    event(event) {
      if ('stage' in event) {
        activity = plain(event.stage);
        say('', named, SILENCE_MS);
        return;
      }
      if (!peers.add(event, 0) || (event.step === 'waiting' && event.detail === '')) return;
      const text = eventText(event);
      activity = text;
      const isEnd = event.step === 'done' || event.step === 'failed';
      say(isEnd ? `${text} [${peers.count}]` : text, still, STILL_MS);
    },
    line: (text) => say(messageLines(text).join('\n'), still, STILL_MS),
    end: () => clearTimeout(timer),
  };
}

/** No events, only log lines. */
function silentProgress(write: WriteText): Progress {
  return {
    event: () => undefined,
    line: (text) => write(`${messageLines(text).join('\n')}\n`),
    end: () => undefined,
  };
}

/**
 * A terminal shows no more lines than its height, and drawing thousands for every event would take longer than the
 * work.
 */
const MAX_LINES = 40;

interface LiveOptions {
  readonly color: boolean;
  /** Milliseconds of a monotonic clock. */
  readonly now?: Clock;
}

/** Steps that take as long as the peer takes. */
const LASTING: ReadonlySet<PeerEvent['step']> = new Set(['fetching', 'retrying', 'merging', 'pushing', 'verifying']);
const REDRAW_MS = 500;
/** Shorter steps show no duration. */
const WORTH_REPORTING_MS = 2_000;

/**
 * One line per peer and one for the run that are updated in place, for a terminal. Dolt does not report the progress of
 * a fetch or push (2.3.0: the server's process list has the statement and its age), so a long step shows its seconds.
 * log-update wraps long lines, keeps the frame within the height of the terminal and hides the cursor; its major 7 is
 * the last one for Node 20.
 */
export function liveProgress(terminal: NodeJS.WritableStream, options: LiveOptions): Progress {
  const { color, now = monotonic } = options;
  const { dim } = pc.createColors(color);
  const frame = createLogUpdate(terminal);
  const peers = new Peers();
  const started = now();
  let stage = '';
  let isOver = false;
  const peerLines = () =>
    peers.latest.slice(-MAX_LINES).map(({ event, since }) => lineText(event, { color, lastedMs: now() - since }));
  const statusLine = () => {
    const lasted = now() - started;
    const parts = [peers.count, stage, lasted < WORTH_REPORTING_MS ? '' : seconds(lasted)];
    return dim(parts.filter((part) => part !== '').join(', '));
  };
  const draw = () => {
    if (!isOver && (stage !== '' || peers.count !== '')) frame([...peerLines(), statusLine()].join('\n'));
  };
  const redraw = setInterval(draw, REDRAW_MS).unref();
  return {
    event(event) {
      if ('stage' in event) {
        stage = plain(event.stage);
        // Most stages are over at once.
        if (peers.count !== '') draw();
        return;
      }
      if (LASTING.has(event.step)) stage = '';
      if (peers.add(event, now())) draw();
    },
    line(text) {
      frame.clear();
      terminal.write(`${messageLines(text).join('\n')}\n`);
      draw();
    },
    end() {
      if (isOver) return;
      isOver = true;
      clearInterval(redraw);
      if (peers.count === '') frame.clear();
      else frame(peerLines().join('\n'));
      frame.done();
    },
  };
}

function seconds(milliseconds: number): string {
  return milliseconds < 60_000 ? `${Math.floor(milliseconds / 1_000)} s` : duration(milliseconds);
}

function lineText(
  event: PeerEvent,
  { color, lastedMs }: { readonly color: boolean; readonly lastedMs: number },
): string {
  const { red, green, yellow, dim } = pc.createColors(color);
  const text = eventText(event);
  if (event.step === 'failed') return red(text);
  if (event.step === 'done') return green(text);
  if (event.step === 'waiting') return dim(text);
  const isWorthReporting = LASTING.has(event.step) && lastedMs >= WORTH_REPORTING_MS;
  const shown = event.step === 'retrying' ? yellow(text) : text;
  return isWorthReporting ? `${shown} ${dim(seconds(lastedMs))}` : shown;
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
