import stringWidth from 'string-width';
import { COMMAND_NAMES } from '../../contract/commands.ts';

/** A command to copy: a line break in it would be copied too, and the terminal wraps it without one. */
const COMMAND = new RegExp(`(?:^|[\\s\`])dolt(?:-federation (?:${COMMAND_NAMES.join('|')}|help)\\b| [a-z])`);

/**
 * A line as lines that fit a terminal, broken between words. Commands and indented text, such as YAML, stay whole.
 * @param indent before each line but the first
 * @param columns null: a pipe, where lines are not wrapped
 */
export function wrap(line: string, indent: string, columns: number | null): string[] {
  if (columns === null || stringWidth(line) <= columns || COMMAND.test(line) || line.startsWith(`${indent}  `)) {
    return [line];
  }
  const lines: string[] = [];
  const start = /^ */.exec(line)?.[0] ?? '';
  let current = start;
  for (const word of line.slice(start.length).split(' ')) {
    const isEmpty = current.trim() === '';
    if (!isEmpty && stringWidth(current) + 1 + stringWidth(word) > columns) {
      lines.push(current);
      current = indent + word;
    } else current += isEmpty ? word : ` ${word}`;
  }
  return [...lines, current];
}
