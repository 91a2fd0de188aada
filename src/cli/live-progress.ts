import { createLogUpdate } from 'log-update';
import pc from 'picocolors';
import type { PeerEvent } from '../core/logger.ts';
import { messageLines } from '../report/plain.ts';
import { eventText, type Progress } from './progress.ts';

/** A terminal shows no more lines than it is high, and drawing thousands for every event would take longer than the work. */
const MAX_LINES = 40;

interface LiveOptions {
  readonly color: boolean;
  /** Milliseconds of a clock that never goes back. */
  readonly now?: () => number;
}

/** Steps that take as long as the peer takes. */
const LASTING: ReadonlySet<PeerEvent['step']> = new Set(['fetching', 'merging', 'pushing', 'verifying']);
const REDRAW_MS = 1_000;
/** Below this nobody wonders how long it takes. */
const WORTH_TELLING_MS = 2_000;

/**
 * One line per peer that is rewritten in place: for a terminal. Dolt tells nothing of how far a fetch or a push is (2.3.0:
 * the process list of the server has the statement and its age), so a step that lasts shows its seconds. log-update wraps
 * long lines, keeps the frame within the height of the terminal and hides the cursor meanwhile; its major 7 is the last
 * one for Node 20.
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
      // What moved last stands last, so that what is left out is what has not moved for longest.
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
  const isWorthTelling = LASTING.has(event.step) && lastedMs >= WORTH_TELLING_MS;
  return isWorthTelling ? `${text} ${dim(`${Math.floor(lastedMs / 1000)} s`)}` : text;
}
