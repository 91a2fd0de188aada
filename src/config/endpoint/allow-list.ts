import { Failure } from '../../core/failure.ts';
import type { Endpoint } from '../configuration.ts';
import { type EndpointOptions, parseEndpoint } from './parse.ts';

/**
 * Requires that patterns allow an endpoint, both as written and as Dolt receives it; the two differ for `dolthub://`,
 * which becomes an https address. Without patterns, everything is allowed.
 * @throws Failure `endpoint-not-allowed`
 */
export function requireAllowed(endpoint: Endpoint, patterns: readonly string[], options: EndpointOptions): void {
  if (patterns.length === 0) return;
  for (const form of new Set([endpoint.canonical, receivedForm(endpoint, options)])) requireMatch(form, patterns);
}

/**
 * Requires that a pattern allows one canonical form. Without patterns, everything is allowed.
 * @throws Failure `endpoint-not-allowed`
 */
export function requireMatch(form: string, patterns: readonly string[]): void {
  if (patterns.length === 0 || patterns.some((pattern) => parsePathPattern(pattern).test(form))) return;
  throw new Failure(
    'endpoint-not-allowed',
    `the endpoint "${form}" does not match any allowed pattern of ${patterns.map((one) => `"${one}"`).join(', ')}`,
  );
}

function receivedForm(endpoint: Endpoint, options: EndpointOptions): string {
  return endpoint.kind === 'dolthub' ? parseEndpoint(endpoint.dolt, options).canonical : endpoint.canonical;
}

/** Longer than any endpoint. V8 refuses regular expressions of megabytes only when they are used. */
const MAX_PATTERN = 2000;

const MEMBER = String.raw`(?:\\.|[^\\\]-])`;
const TOKEN = new RegExp(
  String.raw`(?<star>\*+)|(?<any>\?)|\[(?<not>\^|(?!\^))(?<ranges>(?:${MEMBER}(?:-${MEMBER})?)+)\]|(?<literal>\\.|[^\\[])`,
  'suy',
);

/**
 * Converts a pattern of Go's `path.Match` (https://pkg.go.dev/path#Match) to a regular expression: `*` and `?` stop at
 * `/`, a class may match it. What follows a `*` takes the first match, without backtracking (Go 1.26, path/match.go):
 * hence the lookahead with a back reference, which also bounds the time.
 * @throws Failure `config-invalid` for a malformed pattern, which would silently match nothing
 */
export function parsePathPattern(source: string): RegExp {
  const chunks = [''];
  for (let index = 0; index < source.length; index = TOKEN.lastIndex) {
    TOKEN.lastIndex = index;
    const token = source.length > MAX_PATTERN ? undefined : TOKEN.exec(source)?.groups;
    if (token === undefined) {
      throw new Failure('config-invalid', `the pattern ${JSON.stringify(source)} is malformed`, {
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
