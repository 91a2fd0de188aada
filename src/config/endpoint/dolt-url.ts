import { Failure } from '../../core/failure.ts';
import type { AwsSettings, Peer } from '../configuration.ts';
import { refuseUnmatched } from './allow-list.ts';
import { parseAwsEndpoint } from './parse.ts';

/** What a Dolt can or cannot, as far as URLs depend on it. */
interface Capabilities {
  /** Whether it knows `s3://`. */
  readonly s3: boolean;
}

/**
 * The URL that Dolt gets for a peer. An `s3://` endpoint stays one where this Dolt knows the scheme, its settings in the
 * query, which is where Dolt looks for them; else it becomes `aws://[table:bucket]/path`, with the manifest in a
 * DynamoDB table. The two keep their data in different places.
 * @param patterns `federation.allowed-remote-patterns`: what Dolt receives must match, too
 * @throws Failure `unsupported-endpoint` where this Dolt has no way to the peer, `endpoint-not-allowed`
 */
export function doltUrl(
  peer: Pick<Peer, 'name' | 'endpoint' | 'aws'>,
  capabilities: Capabilities,
  patterns: readonly string[],
): string {
  const { name, endpoint, aws } = peer;
  if (endpoint.kind !== 's3') return endpoint.dolt;
  const address = endpoint.dolt.replace(/\?.*$/s, '');
  if (capabilities.s3) return `${address}${query(aws)}`;
  const table = aws?.dynamodbTable ?? null;
  if (table === null) {
    throw new Failure('unsupported-endpoint', `peer ${name}: this Dolt does not know s3:// (2.3.0 does not)`, {
      hint: 'Use a Dolt that does (`dolt-version`, `dolt-path`), or name a DynamoDB table for the manifest with `aws: {dynamodb-table: …}`.',
    });
  }
  const received = parseAwsEndpoint(endpoint.written, address.replace(/^s3:\/\/([^/]+)/, `[${table}:$1]`));
  refuseUnmatched(received.canonical, patterns);
  return received.dolt;
}

function query(aws: AwsSettings | null): string {
  const { endpoint, region, pathStyle } = aws ?? { endpoint: null, region: null, pathStyle: null };
  const said = Object.entries({ endpoint, region, 'path-style': pathStyle }).flatMap(([key, value]) =>
    value === null ? [] : [`${key}=${encodeURIComponent(String(value))}`],
  );
  return said.length === 0 ? '' : `?${said.join('&')}`;
}
