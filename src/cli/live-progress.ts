import { createLogUpdate } from 'log-update';
import pc from 'picocolors';
import type { PeerEvent } from '../core/logger.ts';
import { plainLines } from '../report/plain.ts';
import { eventText, type Progress } from './progress.ts';

/** A terminal shows no more lines than it is high, and drawing thousands for every event would take longer than the work. */
const MAX_LINES = 40;

interface LiveOptions {
  readonly color: boolean;
}

/**
 * One line per peer that is rewritten in place: for a terminal. log-update wraps long lines, keeps the frame within the
 * height of the terminal and hides the cursor meanwhile; its major 7 is the last one for Node 20.
 */
export function liveProgress(terminal: NodeJS.WritableStream, options: LiveOptions): Progress {
  const frame = createLogUpdate(terminal);
  const colors = pc.createColors(options.color);
  const lines = new Map<string, string>();
  const draw = () => {
    if (lines.size > 0) frame([...lines.values()].join('\n'));
  };
  const paint = (event: PeerEvent): string => {
    if (event.step === 'failed') return colors.red(eventText(event));
    return event.step === 'done' ? colors.green(eventText(event)) : eventText(event);
  };
  return {
    event(event) {
      // What moved last stands last, so that what is left out is what has not moved for longest.
      if (lines.size >= MAX_LINES) lines.delete(event.peer);
      lines.set(event.peer, paint(event));
      const [oldest] = lines.keys();
      if (lines.size > MAX_LINES && oldest !== undefined) lines.delete(oldest);
      draw();
    },
    line(text) {
      frame.clear();
      terminal.write(`${plainLines(text).join('\n')}\n`);
      draw();
    },
    end() {
      frame.done();
      lines.clear();
    },
  };
}
