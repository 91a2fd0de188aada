import { Lexer } from 'yaml';

const MAX_DEPTH = 100;
const MAX_INDENT = 400;

/**
 * Whether YAML is nested beyond anything a person writes. yaml 2.9.1 composes recursively: half a megabyte of `[` has
 * ended the whole process in V8 (`RegExpCompiler Allocation failed`), which no `catch` can see. The lexer is flat.
 */
export function isTooDeep(text: string): boolean {
  let flow = 0;
  let compact = 0;
  let lineStart = true;
  for (const lexeme of new Lexer().lex(text)) {
    if (lexeme === '\n' || lexeme === '\r\n') compact = 0;
    else if (lexeme === '-' || lexeme === '?') compact += 1;
    else if (lexeme === '[' || lexeme === '{') flow += 1;
    else if (lexeme === ']' || lexeme === '}') flow -= 1;
    else if (lineStart && /^ +$/.test(lexeme) && lexeme.length > MAX_INDENT) return true;
    if (flow > MAX_DEPTH || compact > MAX_DEPTH) return true;
    lineStart = lexeme.endsWith('\n');
  }
  return false;
}
