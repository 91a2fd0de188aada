import { expect, test } from '@jest/globals';
import { reachability } from '../../src/install/http.ts';

const coded = (code: string) => Object.assign(new Error('x'), { code });

test.each([
  ['refused', coded('ECONNREFUSED'), 'permanent'],
  ['unknown host', coded('ENOTFOUND'), 'permanent'],
  ['no route', coded('ENETUNREACH'), 'permanent'],
  ['DNS server away', coded('EAI_AGAIN'), 'passing'],
  ['reset, also by a proxy that refuses the tunnel', coded('ECONNRESET'), 'passing'],
  ['timeout of the client library', new Error('Request timeout: /a'), 'passing'],
  [
    'refused at each of several addresses',
    new AggregateError([coded('ECONNREFUSED'), coded('ENETUNREACH')]),
    'permanent',
  ],
  ['bad certificate', coded('SELF_SIGNED_CERT_IN_CHAIN'), 'other'],
  ['expired certificate', coded('CERT_HAS_EXPIRED'), 'other'],
  ['no error of the network', new Error('x'), 'other'],
  ['nothing at all', undefined, 'other'],
])('%s', (_, thrown, expected) => {
  expect(reachability(thrown)).toBe(expected);
});
