import type { Interface } from 'node:readline';
import pc from 'picocolors';
import { throwIfInterrupted } from '../../core/interruption.ts';
import { plain } from '../../core/text.ts';
import type { Answer, Asker, LostQuestion, Question, RowQuestion } from '../../resolve/ask-rows.ts';
import { headingLines, type Letter, lettersOf, positionText, questionLines } from './ask-text.ts';
import { openTypedLines, type TypingStreams } from './typed-lines.ts';

const NULL_WORD = '\\N';

/**
 * Asks questions on a terminal, one after the other, with the letters of `git add --patch`. The end of the input is
 * `quit`.
 */
export function askOn({ input, output, signal, color }: TypingStreams & { readonly color: boolean }): Asker {
  const lines = openTypedLines({ input, output, signal });
  const typed = typedLines(lines, signal);
  const { bold, blue } = pc.createColors(color);
  const talk: Dialog = {
    say: (text) => void output.write(text),
    hear: (prompt) => {
      throwIfInterrupted(signal);
      lines.setPrompt(bold(blue(prompt)));
      lines.prompt();
      return typed.next();
    },
  };
  const sayLines = ([first = '', ...rest]: readonly string[]): void =>
    talk.say(`\n${[bold(first), ...rest].join('\n')}\n`);
  return {
    begin: (conflicts) => sayLines(headingLines(conflicts)),
    ask: (question) => {
      sayLines(questionLines(question));
      return answerTo(question, talk);
    },
    confirm: (intended) => confirm(intended, talk),
    close: () => lines.close(),
  };
}

/** Nothing but a clear yes goes on; the end of the input is a no. */
async function confirm(intended: string, { say, hear }: Dialog): Promise<boolean> {
  say('\n');
  for (;;) {
    const word = (await hear(`${plain(intended)} [y,n]? `))?.trim().toLowerCase() ?? 'n';
    if (word === 'y' || word === 'yes') return true;
    if (word === 'n' || word === 'no' || word === 'q') return false;
    if (word !== '') say(`${plain(word)} is neither y nor n.\n`);
  }
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
  lines.on('close', () => {
    isOver = true;
    wake();
  });
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

interface Dialog {
  say(text: string): void;
  hear(prompt: string): Promise<string | null>;
}

async function answerTo(question: Question, talk: Dialog): Promise<Answer> {
  const letters = lettersOf(question);
  const possible = letters.map(({ letter }) => letter).join(',');
  const what = question.kind === 'row' ? 'Which version' : 'Which action';
  for (;;) {
    const written = (await talk.hear(`${positionText(question)} ${what} [${possible}]? `))?.trim() ?? 'q';
    const answer = letterOf(written, letters)?.answer;
    if (answer === 'edit') return question.kind === 'row' ? ownValue(question, talk) : ownValues(question, talk);
    if (answer === 'help') talk.say(letters.map(({ letter, does }) => `  ${letter}  ${does}\n`).join(''));
    else if (answer !== undefined) return answer;
    else if (written !== '') talk.say(`${plain(written)} is not one of these. Type ? for help.\n`);
  }
}

/** A letter as written, in lower case, or as its word. */
function letterOf(written: string, letters: readonly Letter[]): Letter | undefined {
  const lower = written.toLowerCase();
  return (
    letters.find(({ letter }) => letter === written) ??
    letters.find(({ letter, word }) => letter === lower || word === lower)
  );
}

async function ownValue({ column }: RowQuestion, { hear }: Dialog): Promise<Answer> {
  const text = await hear(`${plain(column ?? '')} (${NULL_WORD} is NULL, bytes as 0x00ff): `);
  return text === null ? 'quit' : { value: text === NULL_WORD ? null : text };
}

/** A value for each column that would change; an empty answer takes the suggested one. */
async function ownValues({ restoration }: LostQuestion, { hear }: Dialog): Promise<Answer> {
  const values: Record<string, string | null> = {};
  for (const [column, suggested] of Object.entries(restoration?.values ?? {})) {
    const text = await hear(`${plain(column)} (empty: ${plain(suggested ?? 'NULL')}): `);
    if (text === null) return 'quit';
    values[column] = text === '' ? suggested : text === NULL_WORD ? null : text;
  }
  return { as: values };
}
