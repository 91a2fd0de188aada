import { plain } from '../core/text.ts';

/** The lines of a text, each of them plain. */
export function plainLines(text: string): string[] {
  return text.split(/\r\n|\r|\n/).map(plain);
}

/** The lines of one message, indented after the first, so that a line break in a name cannot fake another message. */
export function messageLines(text: string): string[] {
  return plainLines(text).map((line, index) => (index === 0 ? line : `  ${line}`));
}
