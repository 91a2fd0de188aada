import type { Configuration, Peer } from '../../config/configuration.ts';
import { doltUrl } from '../../config/endpoint/dolt-url.ts';
import { PatternIndex } from '../../config/endpoint/path-pattern.ts';
import { whyNeverMatches } from '../../config/endpoint/pattern-reach.ts';
import { canonicalService, serviceInQuery } from '../../config/endpoint/query.ts';
import { quotePattern } from '../../config/endpoint/text.ts';
import { serverForms } from '../../config/server.ts';
import { type ConfigMapping, field, locate } from '../../config/yaml/tree.ts';
import type { Diagnostic } from '../../core/diagnostic.ts';
import { Failure } from '../../core/failure.ts';

const KEY = ['federation', 'allowed-remote-patterns'] as const;

/**
 * Patterns that cannot match any endpoint (warnings), and those that match neither a peer nor the server (notices).
 * @param tree the file
 * @param isComplete whether all peers could be read; if not, no pattern is said to match none
 */
export function checkPatterns(
  { allowedRemotePatterns, peers, server }: Configuration,
  tree: ConfigMapping,
  isComplete: boolean,
): readonly Diagnostic[] {
  const { value: patterns, origin } = allowedRemotePatterns;
  const forms = [...peers.flatMap(formsOf), ...(server.value === null ? [] : serverForms(server.value))];
  const used = isComplete && peers.length > 0 ? matchingOf(patterns, forms) : null;
  const isList = field(field(tree, KEY[0])?.value, KEY[1])?.value.kind === 'list';
  return patterns.flatMap((pattern, index): Diagnostic | readonly [] => {
    const place = origin.layer === 'file' ? { location: locate(tree, isList ? [...KEY, index] : KEY) } : {};
    const shown = `the pattern ${quotePattern(pattern)}`;
    const why = whyNeverMatches(pattern);
    if (why !== null) {
      return { severity: 'warning', code: 'unused-pattern', message: `${shown} can never match: it ${why}`, ...place };
    }
    if (used === null || used.has(pattern)) return [];
    return {
      severity: 'notice',
      code: 'unused-pattern',
      message: `${shown} matches no configured peer or server`,
      ...place,
    };
  });
}

/** The patterns that match some form; null if so many comparisons take too long. */
function matchingOf(patterns: readonly string[], forms: readonly string[]): ReadonlySet<string> | null {
  const index = new PatternIndex(patterns);
  try {
    return new Set(forms.flatMap((form) => [...index.matching(form)]));
  } catch (thrown) {
    if (thrown instanceof Failure) return null;
    throw thrown;
  }
}

/** Everything about a peer that a run compares with the patterns. */
function formsOf(peer: Peer): readonly string[] {
  const { endpoint, aws, allowedHosts } = peer;
  const services = [aws?.endpoint ?? null, serviceInQuery(endpoint)].filter((service) => service !== null);
  return [
    endpoint.canonical,
    ...(endpoint.kind === 'dolthub' ? [endpoint.dolt] : []),
    ...(endpoint.kind === 's3' && aws?.dynamodbTable != null ? [doltUrl(peer, { s3: false }, [])] : []),
    ...[...services, ...allowedHosts.map((host) => `https://${host}`)].map(canonicalService),
  ];
}
