import { Failure } from '../../core/failure.ts';
import { throwIfInterrupted } from '../../core/interruption.ts';
import type { Prompt } from '../../core/prompt.ts';
import { plainLines } from '../../report/plain.ts';
import { openTypedLines, type TypingStreams } from './typed-lines.ts';

/** Asks for lines on a terminal. */
export function promptOn({ input, output, signal }: TypingStreams): Prompt {
  const lines = openTypedLines({ input, output, signal });
  // The iterator keeps lines that were typed before they are asked for; `question` of readline loses them.
  const typed = lines[Symbol.asyncIterator]();
  return {
    say: (text) => void output.write(`${plainLines(text).join('\n')}\n`),
    line: async (question, fallback) => {
      throwIfInterrupted(signal);
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
