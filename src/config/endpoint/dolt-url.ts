import { Failure } from '../../core/failure.ts';
import type { AwsSettings, Peer } from '../configuration.ts';
import { requireMatch } from './allow-list.ts';
import { ENDPOINT_KINDS } from './kinds.ts';
import { parseAwsEndpoint } from './parse.ts';

/** The Dolt capabilities that affect URLs. */
interface Capabilities {
  /** Whether it supports `s3://`. */
  readonly s3: boolean;
}

/**
 * The URL that Dolt gets for a peer. If this Dolt supports `s3://`, the endpoint stays, with its settings in the query,
 * where Dolt reads them. Otherwise it becomes `aws://[table:bucket]/path`, with the manifest in a DynamoDB table. The
 * two store their data in different places.
 * @param patterns `federation.allowed-remote-patterns`; the URL for Dolt must match, too
 * @throws Failure `unsupported-endpoint` if this Dolt cannot reach the peer, `endpoint-not-allowed`
 */
export function doltUrl(
  peer: Pick<Peer, 'endpoint' | 'aws'>,
  capabilities: Capabilities,
  patterns: readonly string[],
): string {
  const { endpoint, aws } = peer;
  if (!ENDPOINT_KINDS[endpoint.kind].dependsOnDolt) return endpoint.dolt;
  const address = endpoint.dolt.replace(/\?.*$/s, '');
  if (capabilities.s3) return `${address}${query(aws)}`;
  const table = aws?.dynamodbTable ?? null;
  if (table === null) {
    throw new Failure('unsupported-endpoint', 'this Dolt does not support s3:// (2.3.0 does not)', {
      hint: 'Use a Dolt that does (`--dolt-version`, `--dolt-path`), or configure a DynamoDB table for the manifest with `aws: {dynamodb-table: …}`.',
    });
  }
  const received = parseAwsEndpoint(endpoint.written, address.replace(/^s3:\/\/([^/]+)/, `[${table}:$1]`));
  requireMatch(received.canonical, patterns);
  return received.dolt;
}

/** The URLs that some Dolt gets for a peer: more than one only if what Dolt supports decides. */
export function possibleUrls(peer: Pick<Peer, 'endpoint' | 'aws'>): readonly string[] {
  if (!ENDPOINT_KINDS[peer.endpoint.kind].dependsOnDolt) return [peer.endpoint.dolt];
  const withTable = peer.aws?.dynamodbTable == null ? [] : [doltUrl(peer, { s3: false }, [])];
  return [doltUrl(peer, { s3: true }, []), ...withTable];
}

function query(aws: AwsSettings | null): string {
  const { endpoint, region, pathStyle } = aws ?? { endpoint: null, region: null, pathStyle: null };
  const parameters = Object.entries({ endpoint, region, 'path-style': pathStyle }).flatMap(([key, value]) =>
    value === null ? [] : [`${key}=${encodeURIComponent(String(value))}`],
  );
  return parameters.length === 0 ? '' : `?${parameters.join('&')}`;
}
