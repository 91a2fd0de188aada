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
