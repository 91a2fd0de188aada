import { Lexer, type YAMLParseError } from 'yaml';

/** An error of the syntax where a person made it; its message repeats nothing of the text, which may hold secrets. */
export interface SyntaxSlip {
  readonly offset: number;
  readonly message: string;
  /** null: the one of the code. */
  readonly hint: string | null;
}

/** Messages of yaml 2.9.1 by the error's code, or by a word of the error's message where a code has several. */
const SLIPS: readonly (readonly [of: RegExp, message: string, hint: string])[] = [
  [/^TAB_AS_INDENT/, 'a tab indents this line', 'Indent with spaces.'],
  [
    /^MULTILINE_IMPLICIT_KEY|followed by map values/,
    'this line is not of the form `key: value`',
    'Write a colon and a space after the key.',
  ],
  [
    /must start at the same column|without - indicator/,
    'this line is not indented like the lines above it',
    'Start the keys of one mapping, and the dashes of one list, in the same column.',
  ],
  [/^BAD_SCALAR_START/, 'a value must not start with this character', 'Put the value in quotes.'],
  [/^BAD_ALIAS/, 'a value must not start with `*` or `&`', 'Put the value in quotes.'],
  [
    /^BAD_DQ_ESCAPE/,
    'a backslash in double quotes starts an unknown escape',
    'Use single quotes, or write two backslashes.',
  ],
  [
    /^KEY_OVER_1024_CHARS/,
    'a key has more than 1024 characters',
    'Shorten it, or put the quotes or brackets around the value only.',
  ],
  [/^MULTIPLE_DOCS/, 'it contains more than one YAML document', 'Remove the line `---` and what follows it.'],
  [
    /Unexpected flow-(?:map|seq)-end/,
    'this bracket closes nothing',
    'Remove it, or add the bracket that opens before it.',
  ],
  [/at node end/, 'there is text after the end of the value', 'Remove it, or put the whole value in quotes.'],
  [
    /^BLOCK_IN_FLOW|Unexpected scalar token/,
    'a comma or a bracket is missing here',
    'Separate the entries in brackets by commas, and close each bracket.',
  ],
  [/Missing space after :|Missing , or : /, 'a space is missing after the colon', 'Write `key: value`.'],
  [/Missing , /, 'a comma is missing before this entry', 'Separate the entries in brackets by commas.'],
  [/Unexpected , |Unexpected empty item/, 'there is no entry before this comma', 'Remove the comma.'],
  [/Comments must be separated/, 'a space is missing before `#`', 'Put a space before the comment.'],
];

/** The first error of a text: where it was made rather than where the parser noticed it, in words of ours. */
export function syntaxSlip(text: string, error: YAMLParseError): SyntaxSlip {
  const noticed = error.pos[0];
  return mergeMark(text) ?? unclosed(text, noticed) ?? foreignLine(text, noticed) ?? slipOf(text, error);
}

function slipOf(text: string, { code, message, pos: [noticed] }: YAMLParseError): SyntaxSlip {
  // After a top level that is indented, the parser takes the next line for another value.
  const startsLine = /(?:^|\n)[ \t]*$/.test(text.slice(Math.max(0, noticed - 100), noticed));
  const described = startsLine ? message.replace('at node end', 'must start at the same column') : message;
  if (code === 'BLOCK_AS_IMPLICIT_KEY') return twoValues(text, noticed);
  const [, words, hint] = SLIPS.find(([of]) => of.test(`${code} ${described}`)) ?? [];
  const indent = /^ */.exec(text.slice(noticed))?.[0].length ?? 0;
  if (words !== undefined && hint !== undefined) return { offset: noticed + indent, message: words, hint };
  return { offset: noticed, message: 'the text is malformed here', hint: null };
}

/** A key with a value that goes on as a mapping. */
function twoValues(text: string, offset: number): SyntaxSlip {
  if (/^[^\r\n]*:(?:\s|$)/.test(lineFrom(text, offset)))
    return {
      offset,
      message: 'the value contains a colon with a space after it',
      hint: 'Put the value in quotes, or write the second key on a line of its own.',
    };
  return {
    offset,
    message: 'the next line is indented below this key, which already has a value',
    hint: 'Indent both lines equally, or move the value to a key of its own.',
  };
}

function lineFrom(text: string, offset: number): string {
  return /^[^\r\n]*/.exec(text.slice(offset))?.[0] ?? '';
}

/** The first line of a merge conflict; the parser may notice another error long before or after it. */
function mergeMark(text: string): SyntaxSlip | null {
  const mark = /^<{7}(?: |\r?$)/m.exec(text);
  return mark === null ? null : markAt(mark.index);
}

function markAt(offset: number): SyntaxSlip {
  return {
    offset,
    message: 'this line is a mark of a merge conflict in git',
    hint: 'Keep one of the two versions, and remove the lines that start with <<<<<<<, ======= and >>>>>>>.',
  };
}

/** Characters that look like a space or a colon and are neither. */
const LOOKALIKE = /[\u00a0\u2000-\u200b\u202f\u205f\u3000\ufeff\uff1a]/;

/** A line that no person wrote so on purpose: a mark of git, or a lookalike of a space. */
function foreignLine(text: string, noticed: number): SyntaxSlip | null {
  const start = text.lastIndexOf('\n', noticed - 1) + 1;
  const line = lineFrom(text, start);
  if (/^(?:<{7}|\|{7}|={7}|>{7})(?: |$)/.test(line)) return markAt(start);
  const found = LOOKALIKE.exec(start === 0 ? line.slice(1) : line);
  if (found === null) return null;
  const code = found[0].charCodeAt(0).toString(16).toUpperCase().padStart(4, '0');
  const wanted = found[0] === '\uff1a' ? 'a colon' : 'a space';
  return {
    offset: start + found.index + (start === 0 ? 1 : 0),
    message: `the character U+${code} is not ${wanted}`,
    hint: `Replace it with ${wanted}, or remove it.`,
  };
}

/** The tokens of the lexer without a character of the text: a document, the end of unclosed brackets, a scalar. */
const MARKS = { document: '\u0002', flowEnd: '\u0018', scalar: '\u001f' } as const;

/**
 * The quote or bracket that is open where an error was noticed; the parser names the place where it gave up instead.
 */
function unclosed(text: string, noticed: number): SyntaxSlip | null {
  const open: SyntaxSlip[] = [];
  const endOfLine = noticed + lineFrom(text, noticed).length;
  let offset = 0;
  let isPlain = false;
  for (const lexeme of new Lexer().lex(text)) {
    if (offset > endOfLine) break;
    if (lexeme === MARKS.flowEnd) return open.at(-1) ?? null;
    const isMark = lexeme === MARKS.document || lexeme === MARKS.scalar;
    if (!isPlain && /^["']/.test(lexeme)) {
      const end = offset + lexeme.length;
      const message = 'the quote that opens here is not closed';
      if (!isClosed(lexeme)) return { offset, message, hint: 'Close it on the same line.' };
      // A quote that the next value closes by its own opening one.
      if (lexeme.includes('\n') && end <= noticed && !text.slice(end, noticed).includes('\n'))
        return { offset, message: `${message} on its line`, hint: 'Close it on the same line.' };
    }
    if (lexeme === '[' || lexeme === '{')
      open.push({
        offset,
        message: `the \`${lexeme}\` that opens here is not closed`,
        hint: `Close it with \`${lexeme === '[' ? ']' : '}'}\`.`,
      });
    if (lexeme === ']' || lexeme === '}') open.pop();
    isPlain = lexeme === MARKS.scalar;
    if (!isMark) offset += lexeme.length;
  }
  return offset >= text.length ? (open.at(-1) ?? null) : null;
}

function isClosed(quoted: string): boolean {
  return /^(?:"[^"\\]*(?:\\[\s\S][^"\\]*)*"|'[^']*(?:''[^']*)*')$/.test(quoted);
}
