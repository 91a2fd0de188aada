import { expect, test } from '@jest/globals';
import { NotReached } from '../../src/egress/dial.ts';
import { reachability } from '../../src/install/http.ts';

const coded = (code: string) => Object.assign(new Error('x'), { code });

test.each([
  ['refused', coded('ECONNREFUSED'), 'permanent'],
  ['an unknown host', coded('ENOTFOUND'), 'permanent'],
  ['no route', coded('ENETUNREACH'), 'permanent'],
  ['an unreachable DNS server', coded('EAI_AGAIN'), 'passing'],
  ['a reset', coded('ECONNRESET'), 'passing'],
  ['a silent host, or a proxy that opens no tunnel', new NotReached('silent'), 'passing'],
  [
    'a refusal at each of several addresses',
    new AggregateError([coded('ECONNREFUSED'), coded('ENETUNREACH')]),
    'permanent',
  ],
  ['an invalid certificate', coded('SELF_SIGNED_CERT_IN_CHAIN'), 'other'],
  ['an expired certificate', coded('CERT_HAS_EXPIRED'), 'other'],
  ['an error outside of the network', new Error('x'), 'other'],
  ['no cause', undefined, 'other'],
])('%s is classified', (_, thrown, expected) => {
  expect(reachability(thrown)).toBe(expected);
});
