import type { Endpoint } from './configuration.ts';
import { checkHost } from './endpoint-authority.ts';
import { invalidEndpoint } from './endpoint-failure.ts';
import { decodePath } from './endpoint-text.ts';

/**
 * `aws://[table:bucket]/path`: blobs in S3, the manifest in DynamoDB (Dolt 2.3.0, dbfactory/aws.go).
 * @throws Failure `invalid-endpoint`.
 */
export function parseAwsEndpoint(written: string, rest: string): Endpoint {
  const match = /^\[([^\][:]*):([^\][:]*)\]\/(.*)$/s.exec(rest);
  if (match === null) throw invalidEndpoint(written, 'aws endpoints have the form aws://[table:bucket]/path');
  const [, table = '', bucket = '', path = ''] = match;
  const place = `[${checkHost(written, table)}:${checkHost(written, bucket)}]`;
  const address = `aws://${place}/${decodePath(written, path).join('/')}`;
  return { written, canonical: address, dolt: address, kind: 'aws', folder: null };
}
