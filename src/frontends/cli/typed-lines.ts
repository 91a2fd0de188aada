import { createInterface, type Interface } from 'node:readline';

/** The terminal: where lines are typed and questions shown. */
export interface TypingStreams {
  readonly input: NodeJS.ReadableStream;
  readonly output: NodeJS.WritableStream;
  readonly signal: AbortSignal;
}

/**
 * The lines typed on a terminal. They end with the input, with the terminal, and with the run. readline is enough for that
 * and costs neither start-up time nor a library.
 */
export function openTypedLines({ input, output, signal }: TypingStreams): Interface {
  const lines = createInterface({ input, output });
  // readline takes Ctrl-C from the terminal; forward it to the process.
  lines.on('SIGINT', () => process.kill(process.pid, 'SIGINT'));
  // A terminal that is gone can neither be read nor reset (EIO). readline reports errors of the input until it is closed.
  lines.once('error', () => lines.close());
  for (const each of [lines, input]) each.on('error', () => undefined);
  const end = (): void => {
    output.write('\n');
    lines.close();
  };
  signal.addEventListener('abort', end, { once: true });
  lines.once('close', () => signal.removeEventListener('abort', end));
  return lines;
}
