import { parseAuthority } from './endpoint-authority.ts';
import { invalidEndpoint, secretInEndpoint } from './endpoint-failure.ts';
import { refuseUnsafeText } from './endpoint-text.ts';
import { isLoopback } from './loopback.ts';

/** Words in the name of a query parameter that give away a credential, in any spelling with or without separators. */
const SECRET_NAME =
  /secret|passw|pwd|token|credential|signature|access.?key|api.?key|auth|jwk|^(key|sig|sv|se)$|^x-amz-/i;

/**
 * Refuses a query that holds a credential, whatever the scheme, so that the message says so first.
 * @throws Failure `secret-in-config`.
 */
export function refuseSecretQuery(written: string, query: string): void {
  for (const [name] of new URLSearchParams(query)) {
    if (SECRET_NAME.test(name)) throw secretInEndpoint(written, 'a key or another secret in its query');
  }
}

/**
 * Checks the query of an `s3://` endpoint (`endpoint`, `region`, `path-style`, …).
 * @throws Failure `invalid-endpoint`, or `secret-in-config` where the service endpoint holds a password.
 */
export function checkS3Query(written: string, query: string, allowInsecure: boolean): void {
  for (const [name, value] of new URLSearchParams(query)) {
    if (!/^[a-z][a-z0-9-]*$/.test(name)) throw invalidEndpoint(written, 'its query has a malformed name');
    refuseUnsafeText(written, value);
    if (value.includes('%')) throw invalidEndpoint(written, 'it holds a "%" that is encoded twice');
    if (name === 'endpoint') checkServiceEndpoint(written, value, allowInsecure);
  }
}

function checkServiceEndpoint(written: string, value: string, allowInsecure: boolean): void {
  const match = /^(https?):\/\/([^/?#]+)\/?$/i.exec(value);
  if (match === null) throw invalidEndpoint(written, 'the endpoint in its query must be https://host or http://host');
  const { host } = parseAuthority(written, match[2] ?? '');
  if (match[1]?.toLowerCase() === 'http' && !allowInsecure && !isLoopback(host)) {
    throw invalidEndpoint(written, 'the endpoint in its query uses http beyond this machine');
  }
}
