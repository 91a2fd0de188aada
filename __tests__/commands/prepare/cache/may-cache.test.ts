import { expect, test } from '@jest/globals';
import { cacheRefusal } from '../../../../src/commands/prepare/cache/may-cache.ts';

const PEERS = [{ name: 'origin', tier: 'T1' }] as const;
const FINE = { visibility: 'private', untrusted: false, peers: PEERS, hasCache: true } as const;

test('a private repository may cache its database if all peers have the tier T1', () => {
  expect(cacheRefusal(FINE)).toBeNull();
});

test.each([
  ['warning', { ...FINE, visibility: 'public' }, 'the repository is public'],
  ['warning', { ...FINE, visibility: 'unknown' }, 'does not say that the repository is private'],
  ['notice', { ...FINE, untrusted: true }, 'the event may not write'],
  ['warning', { ...FINE, peers: [...PEERS, { name: 'strict', tier: 'T2' }] }, 'strict has the tier T2'],
  ['notice', { ...FINE, hasCache: false }, 'the step has no cache'],
  ['warning', { ...FINE, visibility: 'public', untrusted: true, hasCache: false }, 'the repository is public'],
] as const)('the refusal to cache is a %s: %j', (severity, circumstances, why) => {
  expect(cacheRefusal(circumstances)).toMatchObject({
    severity,
    code: 'database-not-cached',
    message: expect.stringContaining(why),
  });
});
