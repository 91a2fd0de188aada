import { Failure } from '../../core/failure.ts';
import { quotePattern } from './text.ts';

/** Longer than any endpoint. V8 refuses regular expressions of megabytes only when they are used. */
const MAX_PATTERN = 2000;

const MEMBER = String.raw`(?:\\.|[^\\\]-])`;
const TOKEN = new RegExp(
  String.raw`(?<star>\*+)|(?<any>\?)|\[(?<not>\^|(?!\^))(?<ranges>(?:${MEMBER}(?:-${MEMBER})?)+)\]|(?<literal>\\.|[^\\[])`,
  'suy',
);

/**
 * Converts a pattern of Go's `path.Match` (https://pkg.go.dev/path#Match) to a regular expression: `*` and `?` stop at
 * `/`, a class may match it. The text after a `*` takes the first match, without backtracking (Go 1.26, path/match.go):
 * hence the lookahead with a back reference, which also bounds the time.
 * @throws Failure `config-invalid` for a malformed pattern, which would silently match nothing
 */
export function parsePathPattern(source: string): RegExp {
  const chunks = [''];
  for (let index = 0; index < source.length; index = TOKEN.lastIndex) {
    TOKEN.lastIndex = index;
    const token = source.length > MAX_PATTERN ? undefined : TOKEN.exec(source)?.groups;
    if (token === undefined) {
      throw new Failure('config-invalid', `the pattern ${quotePattern(source)} is malformed`, {
        hint: 'Close every "[", do not leave a class empty, escape "-" and "]" in a class, and do not end with a single backslash.',
      });
    }
    if (token['star'] !== undefined) chunks.push('');
    else chunks.push(`${chunks.pop()}${tokenExpression(token)}`);
  }
  const [first, ...starred] = chunks;
  const last = starred.pop();
  const inner = starred.map((chunk, index) => `(?=([^/]*?${chunk}))\\${index + 1}`);
  return new RegExp(`^${first}${inner.join('')}${last === undefined ? '' : `[^/]*?${last}`}$`, 'su');
}

function tokenExpression({ any, not, ranges, literal }: Partial<Record<string, string>>): string {
  if (any !== undefined) return '[^/]';
  if (ranges === undefined) return codePoint(literal ?? '');
  const pairs = [...ranges.matchAll(new RegExp(`(${MEMBER})(?:-(${MEMBER}))?`, 'gsu'))].map(
    ([, low = '', high = low]) => [codePoint(low), codePoint(high)] as const,
  );
  // Go treats a descending range as empty; here it would be an error.
  const rising = pairs.filter(([low, high]) => low <= high).map(([low, high]) => `${low}-${high}`);
  return `[${not}${rising.join('')}]`;
}

/** A character of a pattern, escaped or not, as a literal that sorts by code point. */
function codePoint(written: string): string {
  const code = (written.length > 1 && written.startsWith('\\') ? written.slice(1) : written).codePointAt(0) ?? 0;
  return `\\u{${code.toString(16).padStart(6, '0')}}`;
}

/**
 * The work of one index, in characters of patterns times characters of texts: about four seconds for the slowest
 * patterns, and 1,000 peers with 1,000 patterns that all begin with a `*`. Nothing interrupts a comparison, so that a
 * signal would have no effect meanwhile.
 */
const MAX_WORK = 2_000_000_000;

/** The characters that end the literal part of a pattern. */
const SPECIAL = /[*?[\\]/;

/**
 * Patterns by the text before their first special character. Thousands of peers are compared with thousands of
 * patterns, but each only with those that begin as it does.
 */
export class PatternIndex {
  readonly #byPrefix = new Map<string, { readonly pattern: string; readonly expression: RegExp }[]>();
  /** The lengths of all prefixes. */
  readonly #lengths: readonly number[];
  #left = MAX_WORK;

  /** @throws Failure `config-invalid` for a malformed pattern */
  constructor(patterns: readonly string[]) {
    for (const pattern of new Set(patterns)) {
      const end = pattern.search(SPECIAL);
      const prefix = end === -1 ? pattern : pattern.slice(0, end);
      const entry = { pattern, expression: parsePathPattern(pattern) };
      const others = this.#byPrefix.get(prefix);
      if (others === undefined) this.#byPrefix.set(prefix, [entry]);
      else others.push(entry);
    }
    this.#lengths = [...new Set([...this.#byPrefix.keys()].map(({ length }) => length))];
  }

  /**
   * Whether a pattern matches the whole text.
   * @throws Failure as `matching`
   */
  matches(text: string): boolean {
    return !this.matching(text).next().done;
  }

  /**
   * Every pattern that matches the whole text.
   * @throws Failure `config-invalid` if all comparisons together take too long
   */
  *matching(text: string): Generator<string, undefined> {
    for (const length of this.#lengths) {
      if (length > text.length) continue;
      this.#spend(length);
      for (const { pattern, expression } of this.#byPrefix.get(text.slice(0, length)) ?? []) {
        this.#spend(pattern.length * text.length);
        if (expression.test(text)) yield pattern;
      }
    }
  }

  #spend(work: number): void {
    this.#left -= work;
    if (this.#left >= 0) return;
    throw new Failure('config-invalid', 'the comparison with the allowed patterns takes too long', {
      hint: 'Use fewer patterns, or patterns with a longer text before the first `*`, `?` or `[`.',
    });
  }
}
