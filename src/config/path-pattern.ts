import { Failure } from '../core/failure.ts';
import { type PatternToken, readToken, tokenMatches } from './path-pattern-token.ts';

/** A run of tokens that each stand for one character, and whether a `*` comes before it. */
interface Chunk {
  readonly star: boolean;
  readonly tokens: readonly PatternToken[];
}

/** A pattern that is ready to be matched; `source` is how it was written. */
export interface PathPattern {
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
