import { plain } from '../core/text.ts';

/** The lines of a text, each of them plain. */
export function plainLines(text: string): string[] {
  return text.split(/\r\n|\r|\n/).map(plain);
}

/**
 * The lines of one message, those after the first indented: a name with a line break in it cannot look like a message of
 * its own.
 */
export function messageLines(text: string): string[] {
  return plainLines(text).map((line, index) => (index === 0 ? line : `  ${line}`));
}
