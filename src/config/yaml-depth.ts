import { Lexer } from 'yaml';

const MAX_DEPTH = 100;
const MAX_INDENT = 400;

/** More than a conflicts file of 64 MiB has; each takes the parser some 160 bytes. */
const MAX_LEXEMES = 10_000_000;

/** Why YAML is not read, and the line at which it is too much. */
export interface BeyondLimits {
  readonly message: string;
  readonly line: number;
}

/**
 * Whether YAML is nested or long beyond anything a person writes. yaml 2.9.1 composes recursively: half a megabyte of `[`
 * has ended the whole process in V8 (`RegExpCompiler Allocation failed`), which no `catch` can see; and 64 MiB of short
 * values do not fit into its memory. The lexer is flat.
 */
export function beyondLimits(text: string): BeyondLimits | null {
  let flow = 0;
  let compact = 0;
  let lineStart = true;
  let line = 1;
  let count = 0;
  for (const lexeme of new Lexer().lex(text)) {
    count += 1;
    if (lexeme === '\n' || lexeme === '\r\n') compact = 0;
    else if (lexeme === '-' || lexeme === '?') compact += 1;
    else if (lexeme === '[' || lexeme === '{') flow += 1;
    else if (lexeme === ']' || lexeme === '}') flow -= 1;
    const isIndented = lineStart && lexeme.length > MAX_INDENT && /^ +$/.test(lexeme);
    if (isIndented || flow > MAX_DEPTH || compact > MAX_DEPTH)
      return { message: 'the YAML is nested too deeply', line };
    if (count > MAX_LEXEMES) return { message: 'the YAML holds too many values', line };
    lineStart = lexeme.endsWith('\n');
    if (lineStart) line += lexeme.split('\n').length - 1;
  }
  return null;
}
