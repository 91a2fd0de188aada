import { Failure } from '../../core/failure.ts';
import type { Endpoint } from '../configuration.ts';
import { type EndpointOptions, parseEndpoint } from './parse.ts';
import { PatternIndex } from './path-pattern.ts';
import { quotePattern } from './text.ts';

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
  if (patterns.length === 0 || indexOf(patterns).matches(form)) return;
  const more = patterns.length - MAX_SHOWN;
  const shown = patterns.slice(0, MAX_SHOWN).map(quotePattern);
  const list = more > 0 ? [...shown, `and ${more} more`] : shown;
  const message = `the endpoint "${form}" does not match any allowed pattern of ${list.join(', ')}`;
  throw new Failure('endpoint-not-allowed', message);
}

/** How many patterns a message shows. */
const MAX_SHOWN = 10;

/** The index of a list, so that a thousand peers do not compile each pattern a thousand times. */
const INDEXES = new WeakMap<readonly string[], PatternIndex>();

/** The index of a list of patterns, which is made once. */
export function indexOf(patterns: readonly string[]): PatternIndex {
  const index = INDEXES.get(patterns) ?? new PatternIndex(patterns);
  INDEXES.set(patterns, index);
  return index;
}

function receivedForm(endpoint: Endpoint, options: EndpointOptions): string {
  return endpoint.kind === 'dolthub' ? parseEndpoint(endpoint.dolt, options).canonical : endpoint.canonical;
}
