import { Failure } from '../core/failure.ts';
import { quoteEndpoint } from './endpoint-quote.ts';

/** Every form an endpoint may have, as messages and documentation list them. */
export const ENDPOINT_FORMS = [
  'dolthub://org/repo',
  'gs://bucket/path',
  's3://bucket/path',
  'file:///absolute/path',
  'https://host/path',
  'ssh://host/path',
  'git@host:path',
  'az://account/container/path',
  'oci://bucket/path',
  'aws://[table:bucket]/path',
  'git+https://host/path',
  'git+ssh://host/path',
  'git+file:///absolute/path',
] as const;

/** The refusal of an endpoint: `why` completes the sentence after a colon. The endpoint is shown without secrets. */
export function invalidEndpoint(written: string, why: string): Failure {
  return new Failure(
    'invalid-endpoint',
    `invalid endpoint format ${quoteEndpoint(written)}: ${why}. Accepted forms: ${ENDPOINT_FORMS.join(', ')}`,
  );
}

/** The refusal of an endpoint that holds `what`, a secret; the secret is not shown. */
export function secretInEndpoint(written: string, what: string): Failure {
  return new Failure('secret-in-config', `the endpoint ${quoteEndpoint(written)} holds ${what}`);
}
