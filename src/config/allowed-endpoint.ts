import { Failure } from '../core/failure.ts';
import type { Endpoint } from './configuration.ts';
import { type EndpointOptions, parseEndpoint } from './endpoint.ts';
import { matchesPath, parsePathPattern } from './path-pattern.ts';

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
