import { execa } from 'execa';

interface TerminalOptions {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly columns: number;
  /** Texts to type one by one, each when the program waits at a prompt; a function runs instead of a text. */
  readonly answers: readonly (string | ((terminal: TerminalProcess) => unknown))[];
  /** Replaces what differs between runs, before lines are broken. */
  readonly normalize: (text: string) => string;
}

/** The process that provides the terminal; the terminal is gone when it ends. */
interface TerminalProcess {
  /** Types characters, without the end of a line. */
  type(characters: string): void;
  kill(signal: NodeJS.Signals): void;
}

/** A prompt that waits: a question mark or a colon, a blank, and the cursor behind it. */
const PROMPT = /[?:] $/;
const ESCAPE = '\u001b[';

/**
 * Runs a line of shell on a pseudo-terminal (`script` of util-linux), and types the answers.
 * @returns what the terminal shows in the end, without colors
 */
export async function onTerminal(line: string, options: TerminalOptions) {
  const { cwd, env, columns, answers, normalize } = options;
  const shell = `stty cols ${columns} rows 50; ${line}`;
  const child = execa('/usr/bin/script', ['-qefc', shell, '/dev/null'], {
    cwd,
    env: { TERM: 'xterm', ...env },
    extendEnv: false,
    reject: false,
    stripFinalNewline: false,
    timeout: 120_000,
  });
  let seen = '';
  let next = 0;
  child.stdout.setEncoding('utf8');
  child.stdout.on('data', (text: string) => {
    seen += text;
    const answer = answers[next];
    if (answer === undefined || !PROMPT.test(screen(seen, 1_000))) return;
    next += 1;
    seen = '';
    if (typeof answer === 'string') child.stdin.write(`${answer}\r`);
    else answer({ type: (characters) => child.stdin.write(characters), kill: (signal) => child.kill(signal) });
  });
  const { stdout, exitCode } = await child;
  const shown = screen(normalize(stdout), columns);
  return { exitCode, shown: shown.replaceAll(/ +$/gm, '') };
}

/** The screen after a text with the sequences of readline, which only move within one line. */
export function screen(text: string, columns: number): string {
  const lines: string[] = [];
  let line: string[] = [];
  let column = 0;
  const newLine = (): void => {
    lines.push(line.join(''));
    line = [];
  };
  const put = (piece: string): void => {
    if (column === columns) {
      newLine();
      column = 0;
    }
    while (line.length < column) line.push(' ');
    line[column] = piece;
    column += 1;
  };
  const [first = '', ...parts] = text.split(ESCAPE);
  for (const [index, part] of [first, ...parts].entries()) {
    const [sequence = '', count = '', command = ''] = index === 0 ? [] : (/^([0-9;?]*)([A-Za-z])/.exec(part) ?? []);
    if (command === 'G') column = Number(count === '' ? 1 : count) - 1;
    if (command === 'J' || command === 'K') line.length = Math.min(line.length, column);
    for (const piece of part.slice(sequence.length)) {
      if (piece === '\r') column = 0;
      else if (piece === '\n') newLine();
      else put(piece);
    }
  }
  newLine();
  return lines.join('\n');
}
