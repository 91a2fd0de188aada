import type { Endpoint } from '../configuration.ts';
import { isLoopback, parseAuthority } from './authority.ts';
import { ENDPOINT_KINDS } from './kinds.ts';
import { invalidEndpoint, refuseUnsafeText, secretInEndpoint } from './text.ts';

/** Regions and profiles become values of variables and parts of a URL; only characters that neither misreads. */
export const PLAIN_WORD = /^[A-Za-z0-9_][A-Za-z0-9._-]*$/;

/** Words in the name of a query parameter that indicate a credential, in any spelling with or without separators. */
const SECRET_NAME =
  /secret|passw|pwd|token|credential|signature|access.?key|api.?key|auth|jwk|^(key|sig|sv|se)$|^x-amz-/i;

/**
 * Refuses a query with a credential for any scheme, before other checks, so that the message names it.
 * @throws Failure `secret-in-config`.
 */
export function refuseSecretQuery(written: string, query: string): void {
  for (const [name] of new URLSearchParams(query)) {
    if (SECRET_NAME.test(name)) throw secretInEndpoint(written, 'a key or another secret in its query');
  }
}

/**
 * Checks the query of an endpoint, which describes an S3-compatible service.
 * @param names the allowed parameters, each at most once
 * @throws Failure `invalid-endpoint`, or `secret-in-config` if the service endpoint contains a password.
 */
export function checkServiceQuery(
  written: string,
  query: string,
  { names, allowInsecure }: { readonly names: readonly string[]; readonly allowInsecure: boolean },
): void {
  const seen = new Set<string>();
  for (const [name, value] of new URLSearchParams(query)) {
    if (!/^[a-z][a-z0-9-]*$/.test(name)) throw invalidEndpoint(written, 'its query has a malformed name');
    if (!names.includes(name)) throw invalidEndpoint(written, `its query may only contain ${names.join(', ')}`);
    if (seen.has(name)) throw invalidEndpoint(written, 'its query contains a name twice');
    seen.add(name);
    refuseUnsafeText(written, value);
    if (value.includes('%')) throw invalidEndpoint(written, 'it contains a "%" that is encoded twice');
    if (name === 'path-style' && !/^(true|false)$/.test(value)) {
      throw invalidEndpoint(written, 'the path-style in its query must be true or false');
    }
    if (name === 'region' && !PLAIN_WORD.test(value))
      throw invalidEndpoint(written, 'the region in its query is malformed');
    const why = name === 'endpoint' ? refusedService(value, allowInsecure) : null;
    if (why !== null) throw invalidEndpoint(written, `the endpoint in its query ${why}`);
  }
}

/**
 * Why the address of an S3-compatible service is refused, as the end of a sentence; null if it is accepted.
 * @throws Failure `secret-in-config` if it contains a password, `invalid-endpoint` if its host is malformed
 */
export function refusedService(written: string, allowInsecure: boolean): string | null {
  const [, scheme, authority] = /^(https?):\/\/([^/?#]+)\/?$/i.exec(written) ?? [];
  if (scheme === undefined || authority === undefined) return 'must be https://host or http://host';
  const { host } = parseAuthority(written, authority);
  if (scheme.toLowerCase() === 'http' && !allowInsecure && !isLoopback(host)) return 'uses http to another machine';
  return null;
}

/** The service in the query of an endpoint; null if there is none. */
export function serviceInQuery({ dolt, kind }: Pick<Endpoint, 'dolt' | 'kind'>): string | null {
  if (ENDPOINT_KINDS[kind].query.length === 0 || !dolt.includes('?')) return null;
  return new URLSearchParams(dolt.slice(dolt.indexOf('?'))).get('endpoint');
}

/** A service address in the form for `allowed-remote-patterns`: lower case, without a default port. */
export function canonicalService(written: string): string {
  return URL.canParse(written) ? new URL(written).origin : written;
}
