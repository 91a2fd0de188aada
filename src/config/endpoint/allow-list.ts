import { Failure } from '../../core/failure.ts';
import type { Endpoint } from '../configuration.ts';
import { type EndpointOptions, parseEndpoint } from './parse.ts';

/**
 * Requires that patterns allow an endpoint, both as it is written and as Dolt receives it: the two differ where
 * `dolthub://` stands for an https address. No pattern at all allows everything.
 * @throws Failure `endpoint-not-allowed`
 */
export function requireAllowed(endpoint: Endpoint, patterns: readonly string[], options: EndpointOptions): void {
  if (patterns.length === 0) return;
  for (const form of new Set([endpoint.canonical, receivedForm(endpoint, options)])) refuseUnmatched(form, patterns);
}

/**
 * Requires that a pattern allows one canonical form. No pattern at all allows everything.
 * @throws Failure `endpoint-not-allowed`
 */
export function refuseUnmatched(form: string, patterns: readonly string[]): void {
  if (patterns.length === 0 || patterns.some((pattern) => matchesPath(parsePathPattern(pattern), form))) return;
  throw new Failure(
    'endpoint-not-allowed',
    `the endpoint "${form}" matches none of the allowed patterns ${patterns.map((one) => `"${one}"`).join(', ')}`,
  );
}

function receivedForm(endpoint: Endpoint, options: EndpointOptions): string {
  return endpoint.kind === 'dolthub' ? parseEndpoint(endpoint.dolt, options).canonical : endpoint.canonical;
}

/** A run of tokens that each stand for one character, and whether a `*` comes before it. */
interface Chunk {
  readonly star: boolean;
  readonly tokens: readonly PatternToken[];
}

/** A pattern that is ready to be matched; `source` is how it was written. */
interface PathPattern {
  readonly source: string;
  readonly chunks: readonly Chunk[];
}

/**
 * Reads a pattern of Go's `path.Match` (https://pkg.go.dev/path#Match).
 * @throws Failure `config-invalid` for a malformed pattern: one that would match nothing for a reason nobody sees.
 */
export function parsePathPattern(source: string): PathPattern {
  const characters = [...source];
  const chunks: { star: boolean; tokens: PatternToken[] }[] = [];
  let index = 0;
  while (index < characters.length) {
    if (characters[index] === '*') {
      if (chunks.at(-1)?.tokens.length !== 0 || chunks.at(-1)?.star !== true) chunks.push({ star: true, tokens: [] });
      index += 1;
      continue;
    }
    const read = readToken(characters, index);
    if (read === null) {
      throw new Failure('config-invalid', `the pattern ${JSON.stringify(source)} is malformed`, {
        hint: 'Close every "[", leave no class empty, escape "-" and "]" in a class, and end with no single backslash.',
      });
    }
    if (chunks.length === 0) chunks.push({ star: false, tokens: [] });
    chunks.at(-1)?.tokens.push(read.token);
    index = read.next;
  }
  return { source, chunks };
}

/**
 * Whether the pattern matches the whole text, as Go's `path.Match` decides: `*` and `?` stop at `/`, and each chunk
 * takes the first place where it fits, with no second try (Go 1.26, path/match.go).
 */
export function matchesPath(pattern: PathPattern, text: string): boolean {
  const characters = [...text];
  let from = 0;
  for (const [index, chunk] of pattern.chunks.entries()) {
    const isLast = index === pattern.chunks.length - 1;
    if (chunk.star && chunk.tokens.length === 0) return !characters.slice(from).includes('/');
    const end = findChunk(chunk, { characters, from, isLast });
    if (end === null) return false;
    from = end;
  }
  return from === characters.length;
}

interface Search {
  readonly characters: readonly string[];
  readonly from: number;
  readonly isLast: boolean;
}

/** Where the chunk ends at the first place that fits; the last chunk must end the text. */
function findChunk(chunk: Chunk, { characters, from, isLast }: Search): number | null {
  for (let start = from; start <= characters.length; start += 1) {
    const end = start + chunk.tokens.length;
    const fits = chunk.tokens.every((token, offset) => tokenMatches(token, characters[start + offset]));
    if (fits && (!isLast || end === characters.length)) return end;
    if (!chunk.star || characters[start] === '/') return null;
  }
  return null;
}

/** What one character of a text is compared with. */
type PatternToken =
  | { readonly kind: 'literal'; readonly character: string }
  | { readonly kind: 'any' }
  | { readonly kind: 'class'; readonly negated: boolean; readonly ranges: readonly Range[] };

interface Range {
  readonly low: number;
  readonly high: number;
}

interface Read<T> {
  readonly token: T;
  /** Index of the first character after the token. */
  readonly next: number;
}

/** The token that starts at `index` (never a `*`), or null where the pattern is malformed. */
function readToken(characters: readonly string[], index: number): Read<PatternToken> | null {
  const character = characters[index];
  if (character === '[') return readClass(characters, index + 1);
  if (character === '?') return { token: { kind: 'any' }, next: index + 1 };
  const literal = character === '\\' ? characters[index + 1] : character;
  if (literal === undefined) return null;
  return { token: { kind: 'literal', character: literal }, next: index + (character === '\\' ? 2 : 1) };
}

/** Whether a token stands for this character. A class may stand for `/`, as in Go; `?` may not. */
function tokenMatches(token: PatternToken, character: string | undefined): boolean {
  if (character === undefined) return false;
  switch (token.kind) {
    case 'literal':
      return token.character === character;
    case 'any':
      return character !== '/';
    case 'class': {
      const code = codePoint(character);
      return token.ranges.some(({ low, high }) => low <= code && code <= high) !== token.negated;
    }
  }
}

/** Reads a class from behind its `[`. */
function readClass(characters: readonly string[], start: number): Read<PatternToken> | null {
  const negated = characters[start] === '^';
  const ranges: Range[] = [];
  let index = negated ? start + 1 : start;
  while (characters[index] !== ']' || ranges.length === 0) {
    const low = readClassCharacter(characters, index);
    if (low === null) return null;
    const isRange = characters[low.next] === '-';
    const high = isRange ? readClassCharacter(characters, low.next + 1) : low;
    if (high === null) return null;
    ranges.push({ low: low.token, high: high.token });
    index = high.next;
  }
  return { token: { kind: 'class', negated, ranges }, next: index + 1 };
}

/** One character of a class, escaped or not; `-` and `]` must be escaped. */
function readClassCharacter(characters: readonly string[], index: number): Read<number> | null {
  const character = characters[index];
  if (character === undefined || character === '-' || character === ']') return null;
  const taken = character === '\\' ? characters[index + 1] : character;
  const next = index + (character === '\\' ? 2 : 1);
  return taken === undefined || next >= characters.length ? null : { token: codePoint(taken), next };
}

function codePoint(character: string): number {
  return character.codePointAt(0) ?? 0;
}
