import { createInterface, type Interface } from 'node:readline';
import { throwIfInterrupted } from '../../core/interruption.ts';
import { plain } from '../../core/text.ts';
import { shorten } from '../../report/figures.ts';
import type { Answer, Asker, Question } from '../../resolve/ask-rows.ts';
import { type ChoiceWord, choiceWord } from '../../resolve/choice.ts';

/** The terminal: where answers are typed and questions shown. */
export interface AskStreams {
  readonly input: NodeJS.ReadableStream;
  readonly output: NodeJS.WritableStream;
  readonly signal: AbortSignal;
}

/** Longer values are cut for display; the conflicts file has the whole value. */
const SHOWN = 200;
const LETTERS: Readonly<Record<string, ChoiceWord>> = { o: 'ours', t: 'theirs', b: 'base', d: 'delete' };
const NULL_WORD = '\\N';

/**
 * Asks questions on a terminal, one after the other, with the letters of `git add --patch`. The end of the input is
 * `quit`. readline is enough for that and costs neither start-up time nor a library.
 */
export function askOn({ input, output, signal }: AskStreams): Asker {
  const lines = createInterface({ input, output });
  // readline takes Ctrl-C from the terminal; forward it to the process.
  lines.on('SIGINT', () => process.kill(process.pid, 'SIGINT'));
  const typed = typedLines(lines, signal);
  const talk: Talk = {
    say: (text) => void output.write(text),
    hear: (prompt) => {
      lines.setPrompt(prompt);
      lines.prompt();
      return typed.next();
    },
  };
  return { ask: (question) => answerTo(question, talk), close: () => lines.close() };
}

/** The typed lines, including those typed before a question; null after the end of the input. */
function typedLines(lines: Interface, signal: AbortSignal): { next(): Promise<string | null> } {
  const early: string[] = [];
  let isOver = false;
  let wake = (): void => undefined;
  lines.on('line', (line) => {
    early.push(line);
    wake();
  });
  const end = (): void => {
    isOver = true;
    wake();
  };
  lines.on('close', end);
  signal.addEventListener('abort', end, { once: true });
  return {
    next: async () => {
      if (early.length === 0 && !isOver) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      throwIfInterrupted(signal);
      return early.shift() ?? null;
    },
  };
}

interface Talk {
  say(text: string): void;
  hear(prompt: string): Promise<string | null>;
}

async function answerTo(question: Question, talk: Talk): Promise<Answer> {
  const letters = lettersOf(question);
  talk.say(`\n${questionLines(question).join('\n')}\n`);
  for (;;) {
    const written = (await talk.hear(`${letters.join(', ')}? `))?.trim().toLowerCase() ?? 'quit';
    const answer = read(written, question);
    if (answer === 'edit') return await ownValue(talk);
    if (answer !== null) return answer;
    talk.say(`${plain(written)} is not one of these.\n`);
  }
}

async function ownValue({ hear }: Talk): Promise<Answer> {
  const text = await hear(`value (${NULL_WORD} is NULL, bytes as 0x00ff): `);
  return text === null ? 'quit' : { value: text === NULL_WORD ? null : text };
}

function read(written: string, question: Question): Answer | 'edit' | null {
  const word = LETTERS[written] ?? choiceWord(written);
  if (word !== null && question.words.some((one) => one === word)) return word;
  if (question.edit && (written === 'e' || written === 'edit')) return 'edit';
  if (question.cellByCell && (written === 'c' || written === 'cells')) return 'cells';
  if (written === 's' || written === 'skip') return 'skip';
  return written === 'q' || written === 'quit' ? 'quit' : null;
}

function lettersOf({ words, edit, cellByCell }: Question): string[] {
  const all = [...words, ...(edit ? ['edit'] : []), ...(cellByCell ? ['cells'] : []), 'skip', 'quit'];
  return all.map((word) => `[${word.charAt(0)}]${word.slice(1)}`);
}

function questionLines({ peer, row, kind, deletedBy, cells }: Question): string[] {
  const what = deletedBy === undefined ? kind : `deleted by ${deletedBy}`;
  const values = Object.entries(cells).flatMap(([column, cell]) => [
    `  ${plain(column)}`,
    ...(['base', 'ours', 'theirs'] as const).flatMap((side) => {
      const value = cell[side];
      return value === undefined
        ? []
        : [`    ${side.padEnd(6)} ${value === null ? 'NULL' : plain(shorten(value, SHOWN))}`];
    }),
  ]);
  return [`${plain(peer)}: ${plain(row)} (${what})`, ...values];
}
