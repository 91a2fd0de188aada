import { createInterface } from 'node:readline';
import { Failure } from '../../core/failure.ts';
import { throwIfInterrupted } from '../../core/interruption.ts';
import type { Prompt } from '../../core/prompt.ts';
import { plainLines } from '../../report/plain.ts';
import type { AskStreams } from './ask.ts';

/** Asks for lines on a terminal. readline is enough for that. */
export function promptOn({ input, output, signal }: Omit<AskStreams, 'color'>): Prompt {
  const lines = createInterface({ input, output });
  // readline takes Ctrl-C from the terminal; forward it to the process.
  lines.on('SIGINT', () => process.kill(process.pid, 'SIGINT'));
  signal.addEventListener('abort', () => lines.close(), { once: true });
  // The iterator keeps lines that were typed before they are asked for; `question` of readline loses them.
  const typed = lines[Symbol.asyncIterator]();
  return {
    say: (text) => void output.write(`${plainLines(text).join('\n')}\n`),
    line: async (question, fallback) => {
      lines.setPrompt(`${question}${fallback === undefined ? '' : ` [${fallback}]`}: `);
      lines.prompt();
      const { done, value } = await typed.next();
      throwIfInterrupted(signal);
      if (done === true) throw new Failure('interrupted', 'the input ended before all questions were answered');
      const text = value.trim();
      return text === '' ? (fallback ?? '') : text;
    },
    close: () => lines.close(),
  };
}
