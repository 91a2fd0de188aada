import type { Display } from './invocation.ts';
import { liveProgress } from './live-progress.ts';
import { type Progress, plainProgress, silentProgress } from './progress.ts';

type ErrorStream = NodeJS.WritableStream & { readonly isTTY?: boolean; readonly rows?: number };

interface ProgressOptions {
  readonly color: boolean;
  /** The variable TERM. */
  readonly term: string | undefined;
}

/**
 * How progress looks: nothing with `--quiet`, and nothing with `--json` unless `--verbose` asks for it; lines that
 * update in place on a terminal that can move its cursor and has a height (one that a tool made may say 0); otherwise
 * one plain line per event.
 */
export function chooseProgress(stderr: ErrorStream, display: Display, options: ProgressOptions): Progress {
  const write = (text: string) => {
    stderr.write(text);
  };
  if (display.quiet || (display.json && !display.verbose)) return silentProgress(write);
  const live = stderr.isTTY === true && stderr.rows !== 0 && options.term !== 'dumb' && !display.json;
  return live ? liveProgress(stderr, { color: options.color }) : plainProgress(write);
}
