import { createInterface } from 'node:readline/promises';
import { Failure } from '../../core/failure.ts';
import type { Prompt } from '../../core/prompt.ts';
import { plainLines } from '../../report/plain.ts';
import type { AskStreams } from './ask.ts';

/** Asks for lines on a terminal. readline is enough for that. */
export function promptOn({ input, output, signal }: AskStreams): Prompt {
  const lines = createInterface({ input, output });
  // readline takes Ctrl-C from the terminal; forward it to the process.
  lines.on('SIGINT', () => process.kill(process.pid, 'SIGINT'));
  const ended = new AbortController();
  lines.on('close', () => ended.abort());
  return {
    say: (text) => void output.write(`${plainLines(text).join('\n')}\n`),
    line: async (question, fallback) => {
      const shown = fallback === undefined ? '' : ` [${fallback}]`;
      try {
        const typed = await lines.question(`${question}${shown}: `, {
          signal: AbortSignal.any([signal, ended.signal]),
        });
        return typed.trim() === '' ? (fallback ?? '') : typed.trim();
      } catch (cause) {
        throw new Failure('interrupted', 'the input ended before all questions were answered; nothing was written', {
          cause,
        });
      }
    },
    close: () => lines.close(),
  };
}
