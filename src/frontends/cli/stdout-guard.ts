/** The part of process.stdout that is used. */
type Stdout = Pick<NodeJS.WritableStream, 'write' | 'on'>;

/** Standard output once it is guarded: the only way left to write there. */
export interface StdoutGuard {
  /**
   * Writes all of the text and resolves when the system has taken it, so that a pipe is not cut by an exit.
   * A reader that went away (`| head`) is no error; every other failure to write rejects.
   */
  readonly write: (text: string) => Promise<void>;
  /** Names who is told of text that does not belong there; until then it is dropped. */
  readonly onStray: (handler: (text: string) => void) => void;
  /** Gives the stream back as it was. */
  readonly release: () => void;
}

/**
 * Keeps standard output for the result. What anything else writes there is a stray: @actions/tool-cache prints
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
          if (error === undefined || error === null || isClosedPipe(error)) resolve();
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

function isClosedPipe(error: Error): boolean {
  return 'code' in error && error.code === 'EPIPE';
}
