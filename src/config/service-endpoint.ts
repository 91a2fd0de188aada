import type { Endpoint } from './configuration.ts';
import { parseAuthority } from './endpoint-authority.ts';
import { isLoopback } from './loopback.ts';

/**
 * Why the address of an S3-compatible service may not be used, as the end of a sentence; null where it may.
 * @throws Failure `secret-in-config` where it holds a password, `invalid-endpoint` where its host is malformed
 */
export function refusedService(written: string, allowInsecure: boolean): string | null {
  const [, scheme, authority] = /^(https?):\/\/([^/?#]+)\/?$/i.exec(written) ?? [];
  if (scheme === undefined || authority === undefined) return 'must be https://host or http://host';
  const { host } = parseAuthority(written, authority);
  if (scheme.toLowerCase() === 'http' && !allowInsecure && !isLoopback(host)) return 'uses http beyond this machine';
  return null;
}

/** The service that the query of an `s3://` endpoint names; null where it names none. */
export function serviceInQuery({ dolt, kind }: Pick<Endpoint, 'dolt' | 'kind'>): string | null {
  if (kind !== 's3' || !dolt.includes('?')) return null;
  return new URLSearchParams(dolt.slice(dolt.indexOf('?'))).get('endpoint');
}

/** A service address as `allowed-remote-patterns` are compared with it: lower case, without a default port. */
export function canonicalService(written: string): string {
  return URL.canParse(written) ? new URL(written).origin : written;
}
