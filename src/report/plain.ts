import { plain } from '../core/text.ts';

/**
 * The lines of a text, each of them plain. None starts with `::`, which a runner parses as a command also after blanks
 * (actions/runner, ActionCommand.cs: TryParseV2).
 */
export function plainLines(text: string): string[] {
  return text.split(/\r\n|\r|\n/).map((line) => plain(line).replace(/^(\s*):(?=:)/, '$1: '));
}

/** The lines of one message, indented after the first, so that a line break in a name cannot fake another message. */
export function messageLines(text: string): string[] {
  return plainLines(text).map((line, index) => (index === 0 ? line : `  ${line}`));
}
