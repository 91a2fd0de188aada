import { Failure } from '../../core/failure.ts';
import { shownValue } from '../../core/text.ts';
import type { AwsSettings, Endpoint } from '../configuration.ts';
import { ENDPOINT_KINDS } from './kinds.ts';
import type { EndpointOptions } from './parse.ts';
import { PLAIN_WORD, refusedService } from './query.ts';

/** DynamoDB's rule for table names. */
const TABLE = /^[A-Za-z0-9_][A-Za-z0-9._-]{2,254}$/;

const NOTHING: AwsSettings = { region: null, profile: null, endpoint: null, pathStyle: null, dynamodbTable: null };

type WrittenKey = 'region' | 'profile' | 'endpoint' | 'dynamodb-table';

interface Checking {
  readonly endpoint: Endpoint;
  readonly options: EndpointOptions;
  /** Runs a check and records its failure with the position of the key. */
  readonly at: (key: WrittenKey, check: () => void) => void;
}

/** Validates a peer's `aws`, value by value. */
export function checkAws(aws: AwsSettings, { endpoint, options, at }: Checking): void {
  const { region, profile, dynamodbTable } = aws;
  if (region !== null) at('region', () => requireWord('region', region, PLAIN_WORD));
  if (profile !== null) at('profile', () => requireWord('profile', profile, PLAIN_WORD));
  if (dynamodbTable !== null) {
    at('dynamodb-table', () => requireWord('dynamodb-table', dynamodbTable, TABLE));
    if (endpoint.kind === 'aws') at('dynamodb-table', refuseSecondTable);
  }
  const service = aws.endpoint;
  if (service === null) return;
  at('endpoint', () => {
    const why = refusedService(service, options.allowInsecure);
    if (why !== null) throw new Failure('config-invalid', `aws.endpoint ${why}`);
  });
}

/**
 * Combines a peer's `aws` with the query of its `s3://` endpoint.
 * @returns null if neither sets anything
 * @throws Failure `config-ambiguous` if they contradict each other
 */
export function mergeAws(aws: AwsSettings | null, endpoint: Endpoint): AwsSettings | null {
  const query = new URLSearchParams(
    ENDPOINT_KINDS[endpoint.kind].query.length > 0 ? /\?.*$/s.exec(endpoint.dolt)?.[0] : '',
  );
  if (query.size === 0) return aws;
  const { region, endpoint: service, pathStyle, ...others } = aws ?? NOTHING;
  const style = query.get('path-style');
  return {
    ...others,
    region: one('region', region, query.get('region')),
    endpoint: one('endpoint', service, query.get('endpoint')),
    pathStyle: one('path-style', pathStyle, style === null ? null : style === 'true'),
  };
}

function one<T>(name: string, written: T | null, queried: T | null): T | null {
  if (written === null || queried === null || written === queried) return written ?? queried;
  throw new Failure('config-ambiguous', `aws.${name} differs from the query of the endpoint`, {
    hint: 'Keep one of them.',
  });
}

function requireWord(name: string, written: string, form: RegExp): void {
  if (form.test(written)) return;
  throw new Failure('config-invalid', `aws.${name} ${shownValue(written)} is malformed`, {
    hint: 'Use letters, digits, ".", "_" and "-". Do not start with "." or "-". The name of a table has at least 3 characters.',
  });
}

function refuseSecondTable(): void {
  throw new Failure('config-invalid', 'the endpoint aws://[table:bucket]/path already names a table', {
    hint: 'Remove `dynamodb-table`, or write the endpoint as s3://bucket/path.',
  });
}
