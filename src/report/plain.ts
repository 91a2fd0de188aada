import { plain } from '../core/text.ts';

/** The lines of a text, each of them plain, and none a command for a runner. */
export function plainLines(text: string): string[] {
  return text.split(/\r\n|\r|\n/).map((line) => notCommand(plain(line)));
}

/** A text of plain lines, none of which is a command for a runner. */
export function withoutCommands(text: string): string {
  return text.split('\n').map(notCommand).join('\n');
}

/** A runner parses a line as a command if it starts with `::`, even after blanks (actions/runner, ActionCommand.cs: TryParseV2). */
function notCommand(line: string): string {
  return line.replace(/^(\s*):(?=:)/, '$1: ');
}

/** The lines of one message, indented after the first, so that a line break in a name cannot fake another message. */
export function messageLines(text: string): string[] {
  return plainLines(text).map((line, index) => (index === 0 ? line : `  ${line}`));
}
