import { SCHEMES } from './kinds.ts';
import { parsePathPattern } from './path-pattern.ts';

/** The schemes of canonical endpoints, and those of services, hosts and the server, which are compared as well. */
const CANONICAL_SCHEMES: readonly string[] = [...SCHEMES.keys(), 'aws', 'mysql'];

const LOCAL: readonly string[] = ['file:', 'git+file:'];

const HAS_USER = 'contains a user, which endpoints are compared without';
const UPPER_CASE_HOST = 'has a host that is not in lower case';

/** A text without classes and escapes: every character except `*` and `?` matches only itself. */
const LITERAL = /^[^[\]\\]*$/;

/**
 * Why a pattern cannot match any endpoint, as the end of a sentence; null if it may. Canonical endpoints have a
 * lower-case scheme and host, no default port, no user, no query and no empty part.
 */
export function whyNeverMatches(pattern: string): string | null {
  // A class may match a slash, and an escape any character: such patterns are rare, and are not judged.
  if (!LITERAL.test(pattern.replace(/^aws:.*$/s, ''))) return null;
  const [scheme = '', empty, host = '', ...path] = pattern.split('/');
  const schemes = parsePathPattern(scheme);
  if (!CANONICAL_SCHEMES.some((one) => schemes.test(`${one}:`))) return refusedScheme(scheme);
  if (empty === undefined || !parsePathPattern(empty).test('')) return 'has no "//" after the scheme';
  if (scheme === 'aws:') return null;
  if (scheme === 'mysql:') return refusedServer(host);
  const isLocal = LOCAL.includes(scheme);
  if (isLocal && host !== '' && host !== '*') return 'names a host, and file endpoints have none';
  if (host === '' && !LOCAL.some((one) => schemes.test(one))) return 'names no host';
  if (path.slice(0, -1).includes('') || (path.length > 0 && path.at(-1) === '')) return 'has an empty part';
  return (
    refusedHost(scheme, host) ??
    (/[#%]/.test(pattern) ? 'contains "%" or "#", which endpoints are compared without' : null)
  );
}

function refusedScheme(scheme: string): string {
  const lower = scheme.toLowerCase();
  if (scheme !== lower && whyNeverMatches(`${lower}//*/*`) === null) return 'has a scheme that is not in lower case';
  return 'does not start with a scheme of endpoints, such as https://';
}

/** A server without the name of a database has an empty part, and names may contain any character. */
function refusedServer(host: string): string | null {
  if (host === '') return 'names no host';
  if (host.includes('@')) return HAS_USER;
  return host === host.toLowerCase() ? null : UPPER_CASE_HOST;
}

function refusedHost(scheme: string, host: string): string | null {
  if (host.includes('@')) return HAS_USER;
  const form = SCHEMES.get(scheme.slice(0, -1));
  if (form === undefined || form.authority !== 'host') return null;
  if (host !== host.toLowerCase()) return UPPER_CASE_HOST;
  if (form.defaultPort !== null && host.endsWith(`:${form.defaultPort}`))
    return `names the default port ${form.defaultPort}, which endpoints are compared without`;
  return null;
}
