import { systemCode } from '../../core/failure.ts';

/** The part of process.stdout that is used. */
type Stdout = Pick<NodeJS.WritableStream, 'write' | 'on'> & { readonly isTTY?: boolean };

/** Guarded standard output: the only way to write to it. */
export interface StdoutGuard {
  /**
   * Writes the whole text and resolves when the system has accepted it, so that an exit does not cut a pipe. A closed
   * reader (`| head`) or terminal is not an error; every other write error rejects.
   */
  readonly write: (text: string) => Promise<void>;
  /** Sets the handler of unexpected text; before that it is dropped. */
  readonly onStray: (handler: (text: string) => void) => void;
  /** Restores the stream. */
  readonly release: () => void;
}

/**
 * Keeps standard output for the result. Any other output there is stray: @actions/tool-cache prints
 * `::debug::` and `[command]` lines on it, which would break `--json`.
 */
export function guardStdout(stdout: Stdout): StdoutGuard {
  const original = stdout.write;
  const writeText: (text: string, done: (error?: Error | null) => void) => boolean = original.bind(stdout);
  let stray = (_: string): void => undefined;
  // A failed write is reported to its callback; without a listener the same error would also end the process.
  stdout.on('error', () => undefined);
  stdout.write = (chunk: string | Uint8Array, ...rest: readonly unknown[]) => {
    stray(typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString('utf8'));
    const done = rest.at(-1);
    if (typeof done === 'function') process.nextTick(done);
    return true;
  };
  return {
    write: (text) =>
      new Promise((resolve, reject) => {
        writeText(text, (error) => {
          if (error === undefined || error === null || isClosed(error, stdout)) resolve();
          else reject(error);
        });
      }),
    onStray: (handler) => {
      stray = handler;
    },
    release: () => {
      stdout.write = original;
    },
  };
}

function isClosed(error: Error, { isTTY }: Stdout): boolean {
  const code = systemCode(error);
  return code === 'EPIPE' || (isTTY === true && code === 'EIO');
}
