/** What one character of a text is compared with. */
export type PatternToken =
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
export function readToken(characters: readonly string[], index: number): Read<PatternToken> | null {
  const character = characters[index];
  if (character === '[') return readClass(characters, index + 1);
  if (character === '?') return { token: { kind: 'any' }, next: index + 1 };
  const literal = character === '\\' ? characters[index + 1] : character;
  if (literal === undefined) return null;
  return { token: { kind: 'literal', character: literal }, next: index + (character === '\\' ? 2 : 1) };
}

/** Whether a token stands for this character. A class may stand for `/`, as in Go; `?` may not. */
export function tokenMatches(token: PatternToken, character: string | undefined): boolean {
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
